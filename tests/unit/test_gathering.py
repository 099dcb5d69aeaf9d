"""Gathering: what is there is counted once, before it is sent."""

from __future__ import annotations

from assay.engine.state import Gathering


def counted(gathering: Gathering, *, somebody_waits: bool = False) -> list[bool]:
    """Whether it is to be counted, asked twice."""
    return [gathering.is_to_be_counted(somebody_waits=somebody_waits) for _ in range(2)]


def test_without_a_statement_that_gathers_nothing_is_counted() -> None:
    """Who only asks goes as far as the budget reaches."""
    gathering = Gathering()
    assert gathering.is_over
    assert counted(gathering, somebody_waits=True) == [False, False]


def test_it_is_counted_once_all_of_it_is_taken_on() -> None:
    """Not at the end of the statement, when the last of it is still on its way."""
    gathering = Gathering()
    assert not gathering.changes(1)
    assert gathering.changes(-1)
    assert counted(gathering) == [False, False]
    gathering.taken_on()
    assert (gathering.is_over, counted(gathering)) == (True, [True, False])


def test_of_two_statements_the_later_end_counts() -> None:
    """What the first one gathered is taken on while the second one gathers."""
    gathering = Gathering()
    assert [gathering.changes(by) for by in (1, 1, -1)] == [False, False, False]
    gathering.taken_on()
    assert not gathering.is_over
    assert gathering.changes(-1)
    gathering.taken_on()
    assert gathering.is_over


def test_b09_what_somebody_waits_for_is_counted_though_another_never_ends() -> None:
    """The statement of the other one has failed; each new one is counted anew."""
    gathering = Gathering()
    gathering.changes(1)
    assert counted(gathering, somebody_waits=True) == [True, False]
    gathering.changes(1)
    gathering.changes(-1)
    gathering.taken_on()
    assert not gathering.is_over
    assert counted(gathering, somebody_waits=True) == [True, False]
