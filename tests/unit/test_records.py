"""Records: what is derived from the values that travel between stages."""

from __future__ import annotations

import dataclasses

import pytest

from assay.core import values
from assay.core.values import SKIPPED, Failure, Outcome, Pack
from assay.engine import retry

from .builders import NOW, ask, pack, yes_or_no

HOT = yes_or_no("Is it hot?")
NEW = yes_or_no("Is it new?")


VALUES = [
    value
    for module in (values, retry)
    for value in vars(module).values()
    if isinstance(value, type) and dataclasses.is_dataclass(value)
    if value.__module__ == module.__name__
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_what_travels_between_stages_is_frozen(value: type) -> None:
    """Stages return new values and change none."""
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_a_failure_is_an_outcome_without_a_value() -> None:
    """Status, reason, model and time are kept; a NULL never stands for a failure."""
    failure = Failure(b"k", "filter", "m", "h", "p", "refused", "why", 1, NOW, None, "row text")
    assert failure.outcome == Outcome("refused", None, "why", None, "m", NOW)


def test_a_pack_lists_its_asks_record_by_record() -> None:
    """Every record carries the questions of the pack."""
    packed = pack("a", "b", tasks=[HOT, NEW])
    assert packed.asks == [ask("a", HOT), ask("a", NEW), ask("b", HOT), ask("b", NEW)]
    assert [one.task for one in packed.questions] == [HOT, NEW]


def test_a_pack_starts_with_its_first_attempt() -> None:
    """Attempts count sendings of these records as one pack."""
    assert Pack(pack("a").records).attempt == 1


def test_a_skipped_row_has_a_status_and_nothing_else() -> None:
    """Blank input costs nothing and is no failure."""
    assert Outcome("skipped") == SKIPPED
