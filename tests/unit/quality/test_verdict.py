"""What is red and why, from counts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.project.gates.records import Expectation, Result
from assay.project.gates.verdict import reasons, red_lines

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
            "3 of 90 values unexpected (3.333 %), at most 10 % allowed. ",
        ),
        (
            replace(GREEN, success=False, threshold="min_value=1, max_value=5, mostly=1"),
            "3 of 90 values unexpected (3.333 %), 1 to 5 expected, none allowed. ",
        ),
        (
            replace(AGGREGATE, success=False, threshold="max_value=0.5"),
            "not as expected in 90 values, at most 0.5 expected. ",
        ),
        (
            replace(AGGREGATE, success=False, threshold="min_value=1, strict_min=True"),
            "not as expected in 90 values, more than 1 expected. ",
        ),
        (
            replace(
                AGGREGATE,
                success=False,
                evaluated=1,
                minimum_evaluated=1,
                threshold="min_value=1, max_value=5, strict_max=True",
            ),
            "not as expected in 1 value, at least 1 and less than 5 expected. ",
        ),
        (
            replace(AGGREGATE, success=False, evaluated=0, threshold="max_value=1"),
            "every value is NULL in 100 rows, so nothing was checked. Find out why ",
        ),
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
        (
            "expect_column_mean_to_be_between",
            {"min_value": 0, "max_value": None, "strict_min": True, "strict_max": False},
            "min_value=0, strict_min=True",
        ),
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


@pytest.mark.parametrize(
    ("kind", "threshold", "expected"),
    [
        ("to_be_between", "min_value=1000", "650 rows, at least 1,000 expected. "),
        ("to_be_between", "min_value=1, max_value=600", "650 rows, 1 to 600 expected. "),
        ("to_equal", "value=651", "650 rows, 651 expected. "),
    ],
)
def test_a_row_count_is_told_in_rows(kind: str, threshold: str, expected: str) -> None:
    """How many there are, and how many there should be."""
    red = replace(
        AGGREGATE,
        success=False,
        row_count=650,
        expectation=f"expect_table_row_count_{kind}",
        threshold=threshold,
    )
    (line,) = red_lines("gate_bronze", [red], "s")
    assert expected in line
