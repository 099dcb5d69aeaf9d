"""The benchmark judges by its bounds and says so in one row for each case."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.cases import paced
from benchmark.finding import NONE, Bound, CaseFigures, at_least, at_most, below
from benchmark.server import Exchange
from benchmark.table import table

RESULT: dict[str, Any] = {
    "case": "rate-limit",
    "about": "A server with a limit.",
    "load_average": {"before": (0.25, 0.0, 0.0)},
    "reached": False,
    "measured": {"span_seconds": 79.572, "lost": 1, "requests": 4000},
    "required": {"span_seconds": ">= 60", "lost": "= 0"},
    "met": {"span_seconds": True, "lost": False},
}


@pytest.mark.parametrize(
    ("bound", "inside", "outside"),
    [(at_most(380), 380, 381), (at_least(360), 360, 359), (below(0.05), 0.04, 0.05), (NONE, 0, 1)],
)
def test_a_bound_holds_on_its_side_only(bound: Bound, inside: float, outside: float) -> None:
    """A limit that is met exactly is met, but for `below`."""
    assert (bound.holds(inside), bound.holds(outside)) == (True, False)


def test_a_finding_is_judged_by_what_is_required_of_it() -> None:
    """Other figures are only shown."""
    finding = CaseFigures({"requests": 375, "span": 4.4}, {"requests": at_most(374)})

    assert finding.met() == {"requests": False}


def test_a_row_shows_required_figures_and_marks_those_that_are_missed() -> None:
    """What a reader looks for first is what was not reached."""
    row = table([RESULT]).splitlines()[-1]

    figures = "span seconds 79.572 (≥ 60); **lost 1** (= 0)"
    assert row == f"| `rate-limit`: A server with a limit. | {figures} | 0.2 | **no** |"


def test_a_case_that_broke_is_a_row_too() -> None:
    """With the first line of its error instead of figures."""
    broken = {**RESULT, "error": "RuntimeError: dbt failed\nmore"} | {"required": {}}

    assert "| RuntimeError: dbt failed |" in table([broken])


def test_the_pace_counts_what_was_answered_and_what_was_refused_later() -> None:
    """Refusals of the first half minute are how a client finds the pace."""
    exchanges = [Exchange(0.0, 1.0, 429), Exchange(10.0, 11.0, 200), Exchange(39.0, 40.0, 200)]
    assert paced(exchanges) == {
        "answered_per_second": 0.05,
        "answered_later_per_second": 0.1,
        "refused_share": 0.3333,
        "refused_later_share": 0.0,
    }
