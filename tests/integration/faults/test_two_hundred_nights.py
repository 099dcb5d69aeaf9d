"""Two hundred nights of one register, on which nothing changes but the time, and an outage."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from assay.core.values import Outcome

from .nights import Nights

OWN, LISTED, UNCLEAR = 425, 96, 136
"""Rows by kind of evidence, as a real register had them: 657."""

INTERVALS = {"own": (180,), "listed": (30,), "unclear": (7, 14, 28, 56, 56)}
"""Days until the next check, one after the other; the last but of `unclear` for ever."""

LAST = 199
OUTAGE = range(180, 190)
"""The nights on which the search server is down: sites of their own fall due on the first."""


@dataclass(frozen=True)
class Register:
    """So many rows of each kind, all new on the first night."""

    own: int
    listed: int
    unclear: int

    def names(self) -> list[str]:
        """A name for each, which says its kind."""
        many = {"own": self.own, "listed": self.listed, "unclear": self.unclear}
        return [f"{kind} {number:03}" for kind, count in many.items() for number in range(count)]

    def due(self, last: int) -> Counter[int]:
        """How many rows fall due on each night after the first, by the intervals."""
        found: Counter[int] = Counter()
        for kind, count in (("own", self.own), ("listed", self.listed), ("unclear", self.unclear)):
            for night in _nights(kind, last):
                found[night] += count
        return found


def _nights(kind: str, last: int) -> list[int]:
    days = INTERVALS[kind]
    if kind != "unclear":
        return [*range(days[0], last + 1, days[0])]
    sums = [sum(days[:number]) for number in range(1, len(days) + 1)]
    return [night for night in sums if night <= last]


def played(nights: Nights, register: Register, many: Sequence[int]) -> Counter[int]:
    """How many searches each of these nights made; each is a run of its own."""
    searches: Counter[int] = Counter()
    for night in many:
        before = nights.searches()
        served = nights.night(night, register.names())
        assert len(served) == len(register.names())
        if made := nights.searches() - before:
            searches[night] = made
    return searches


def values(served: Sequence[Outcome]) -> list[tuple[str, object]]:
    """The status of each row, and what it says."""
    said = [json.loads(one.value)["fields"] if one.value else None for one in served]
    return [(one.status, value) for one, value in zip(served, said, strict=True)]


def test_a_tenth_of_the_rows_is_looked_at_on_its_nights_and_on_no_other(nights: Nights) -> None:
    """For two months: after 7, 21 and 49 days without evidence, after 30 and 60 a listing."""
    register = Register(OWN // 10, LISTED // 10, UNCLEAR // 10)
    first = played(nights, register, [0])
    assert first == {0: len(register.names())}
    around = sorted({night + by for night in register.due(60) for by in (-1, 0, 1)})
    assert played(nights, register, around) == register.due(60)


@pytest.mark.whole
def test_two_hundred_nights_cost_what_the_intervals_say(nights: Nights) -> None:
    """657 rows, night for night: fewer than 25 a day, as rows without evidence are let be."""
    register = Register(OWN, LISTED, UNCLEAR)
    played(nights, register, [0])
    found = played(nights, register, range(1, LAST + 1))
    due = register.due(LAST)

    assert found == due
    a_day = sum(found.values()) / LAST
    assert a_day == pytest.approx(sum(due.values()) / LAST, rel=0.1)
    assert a_day < 25


@pytest.mark.whole
def test_ten_nights_without_a_search_server_lose_and_change_nothing(nights: Nights) -> None:
    """Among 200: each row is served as it was, the run says what is down; then all are done."""
    register = Register(OWN, LISTED, UNCLEAR)
    names = register.names()
    played(nights, register, [0])
    played(nights, register, range(1, OUTAGE[0]))
    before = nights.night(OUTAGE[0] - 1, names)
    for night in OUTAGE:
        served = nights.night(night, names, "s503")
        assert values(served) == values(before)
        assert [one.answered_at for one in served] == [one.answered_at for one in before]
    stops = {row["invocation_id"]: row["stopped_by"] for row in nights.rows("runs")}
    assert [stops[f"night-{night}"] for night in OUTAGE] == ["search"] * len(OUTAGE)

    nights.server.service.searches.switch("good")
    after = played(nights, register, range(OUTAGE[-1] + 1, LAST + 1))
    assert after == {OUTAGE[-1] + 1: OWN + LISTED}
    served = nights.night(LAST, names)
    assert values(served) == values(before)
    assert not any(one.stale for one in served)
