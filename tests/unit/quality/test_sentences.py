"""Expectations as sentences: sets and patterns shown, counts beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assay.project.gates.records import BROKEN, Expectation, Result
from assay.project.gates.sentences import MOST_MEMBERS, held, sentence, sentence_of

RESULT = Result("orders", 0, "expect_column_values_to_be_in_set", "state", "mostly=1", 1)


@pytest.mark.parametrize(
    ("kind", "kwargs", "said"),
    [
        (
            "table_row_count_to_be_between",
            {"min_value": 1000},
            "the table has at least 1,000 rows",
        ),
        ("table_row_count_to_equal", {"value": 12}, "the table has 12 rows"),
        ("column_values_to_not_be_null", {"mostly": 0.95}, "`c` is never NULL, in 95 % at least"),
        (
            "column_values_to_be_in_set",
            {"value_set": ["a", "b", ""]},
            "`c` is one of a, b, (blank)",
        ),
        ("column_values_to_be_in_set", {"value_set": [True]}, "`c` is true"),
        ("column_values_to_not_be_in_set", {"value_set": [1, True]}, "`c` is none of 1, true"),
        ("column_values_to_match_regex", {"regex": "^A[0-9]+$"}, "`c` matches `^A[0-9]+$`"),
        ("column_values_to_be_between", {"min_value": 0, "max_value": 1}, "`c` is 0 to 1"),
        (
            "column_values_to_be_between",
            {"min_value": 0, "strict_min": True, "max_value": 9},
            "`c` is more than 0 and at most 9",
        ),
        ("column_value_lengths_to_be_between", {"max_value": 9}, "`c` has at most 9 characters"),
        ("column_max_to_be_between", {"min_value": 2, "max_value": 2}, "the greatest of `c` is 2"),
        (
            "column_kl_divergence_to_be_less_than",
            {"threshold": 0.1},
            "column kl divergence to be less than: column `c`, threshold 0.1",
        ),
    ],
)
def test_an_expectation_as_a_sentence(kind: str, kwargs: dict[str, Any], said: str) -> None:
    """One that has no sentence is told by its type and arguments."""
    on = {} if kind.startswith("table") else {"column": "c"}
    assert sentence(Expectation(f"expect_{kind}", {**on, **kwargs}, 1)) == said


def test_what_is_about_several_columns() -> None:
    """Pairs by name, lists in their order."""
    pair = {"column_A": "due", "column_B": "made", "or_equal": True}
    greater = Expectation("expect_column_pair_values_a_to_be_greater_than_b", pair, 1)
    assert sentence(greater) == "`due` is at least `made`"
    both = Expectation("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, 1)
    assert sentence(both) == "`a`, `b` are unique together"


def test_a_long_set_is_counted() -> None:
    """The first members, and how many more there are."""
    many = {"column": "c", "value_set": [f"m{at}" for at in range(MOST_MEMBERS + 3)]}
    said = sentence(Expectation("expect_column_values_to_be_in_set", many, 1))
    assert said.endswith(", and 3 more")


def test_an_argument_that_is_missing_is_no_fault() -> None:
    """The type and what there is: the gate says what is wrong with it."""
    bare = Expectation("expect_column_values_to_match_regex", {"column": "c"}, 1)
    assert sentence(bare) == "column values to match regex: column `c`"


def test_counts_beside_a_sentence() -> None:
    """Values that hold of those looked at; rows of a table; nothing where nothing was counted."""
    assert held(replace(RESULT, evaluated=1900, unexpected=19)) == "1,881 of 1,900"
    assert held(replace(RESULT, evaluated=5)) == "5 values"
    assert held(RESULT) == "not counted"
    table = replace(RESULT, expectation="expect_table_row_count_to_be_between", row_count=1)
    assert held(table) == "1 row"


def test_without_its_suite_an_expectation_is_told_as_the_store_has_it() -> None:
    """Its type in words, the column, what numbers say; of a broken suite, that it is one."""
    assert sentence_of(RESULT) == "column values to be in set of `state` (mostly=1)"
    assert sentence_of(replace(RESULT, expectation=BROKEN)) == "the suite can be run"
