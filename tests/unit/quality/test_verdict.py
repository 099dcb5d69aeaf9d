"""What is red and why, from counts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quality.records import Expectation, Result
from quality.verdict import reasons, red_lines

GREEN = Result(
    suite="orders",
    place=1,
    expectation="expect_column_values_to_be_in_set",
    column_name="state",
    threshold="mostly=0.9",
    minimum_evaluated=10,
    row_count=100,
    evaluated=90,
    unexpected=3,
    unexpected_share=3 / 90,
    success=True,
)
AGGREGATE = replace(GREEN, threshold="", unexpected=None, unexpected_share=None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"evaluated": 10}, ()),
        ({"evaluated": 9}, ("too_few",)),
        ({"evaluated": 9, "success": False}, ("too_few", "failed")),
        ({"evaluated": 0}, ("all_null",)),
        ({"evaluated": None}, ("all_null",)),
        ({"success": False}, ("failed",)),
        ({"error": "KeyError"}, ("errored",)),
        ({"error": "KeyError", "success": True, "evaluated": 0}, ("errored",)),
        ({"row_count": 0}, ("empty_table",)),
        ({"row_count": 0, "error": "KeyError"}, ("empty_table",)),
        ({"row_count": None, "error": "KeyError"}, ("errored",)),
    ],
)
def test_reasons(changes: dict[str, object], expected: tuple[str, ...]) -> None:
    """Each way of not having checked is red, whatever Great Expectations says."""
    assert reasons(replace(GREEN, **changes)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (
            replace(GREEN, success=False),
            "failed: 3 of 90 unexpected, 3.333 % (allowed: mostly=0.9)",
        ),
        (replace(AGGREGATE, success=False), "failed: evaluated 90 values. "),
        (replace(GREEN, error="no such column"), "errored: no such column"),
        (replace(GREEN, row_count=0), "orders is empty, so nothing was checked"),
        (replace(GREEN, evaluated=0), "every value is NULL in 100 rows, so nothing was checked"),
        (replace(GREEN, evaluated=9), "evaluated 9, which is below the minimum of 10"),
    ],
)
def test_a_line_names_everything(result: Result, expected: str) -> None:
    """Gate, suite, expectation, column, counts; and the suite to look at."""
    (line,) = red_lines("gate_silver", [GREEN, result], "quality/suites/silver")
    assert line.startswith(
        "gate_silver: suite orders, expect_column_values_to_be_in_set on state: "
    )
    assert expected in line
    assert "orders" in line.rpartition(". ")[2]


def test_a_line_about_the_table_names_no_column() -> None:
    """There is none."""
    (line,) = red_lines("gate_gold", [replace(GREEN, column_name="", row_count=0)], "s")
    assert ", expect_column_values_to_be_in_set: orders is empty" in line


def test_no_result_at_all_is_red() -> None:
    """A gate that ran nothing has let nothing through."""
    assert red_lines("gate_gold", [], "quality/suites/gold") == [
        "gate_gold: no expectation was run; write suites in quality/suites/gold."
    ]


def test_green_has_no_line() -> None:
    """Nothing to do."""
    assert red_lines("gate_gold", [GREEN], "s") == []


@pytest.mark.parametrize(
    ("kind", "kwargs", "expected"),
    [
        ("expect_column_values_to_be_in_set", {"value_set": ["a"]}, "mostly=1"),
        (
            "expect_column_values_to_be_between",
            {"min_value": 1, "mostly": 0.9},
            "min_value=1, mostly=0.9",
        ),
        ("expect_column_mean_to_be_between", {"max_value": 3}, "max_value=3"),
        ("expect_column_to_exist", {}, ""),
    ],
)
def test_thresholds(kind: str, kwargs: dict[str, object], expected: str) -> None:
    """What judges value by value lets none through unless it says so."""
    assert Expectation(kind, kwargs, 1).threshold == expected


def test_columns_of_an_expectation() -> None:
    """One, a pair, or a list."""
    assert Expectation("x", {"column": "a"}, 1).columns == ("a",)
    assert Expectation("x", {"column_A": "a", "column_B": "b"}, 1).columns == ("a", "b")
    assert Expectation("x", {"column_list": ["b", "a"]}, 1).columns == ("b", "a")
