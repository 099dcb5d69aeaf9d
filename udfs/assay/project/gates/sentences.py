"""Expectations as sentences: what a suite says of a table, as people would. Pure.

Sets and patterns are the suite's own, written by people; no value of the data is in a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assay.core.plural import counted
from assay.project.gates.records import BROKEN, PROMISE, Expectation, Result
from assay.project.gates.suites import NOT_NULL, ROW_COUNT

MOST_MEMBERS = 24
"""How many members of a set are named; the others are counted."""

_MOST_CHARACTERS = 200

_IN_SET = "expect_column_values_to_be_in_set"

_FIXED = {
    "expect_column_to_exist": "{column} is there",
    "expect_column_values_to_be_null": "{column} is NULL",
    NOT_NULL[0]: "{column} is never NULL",
    "expect_column_values_to_be_unique": "{column} is unique",
    "expect_column_values_to_be_increasing": "{column} never falls from row to row",
    "expect_column_values_to_be_decreasing": "{column} never rises from row to row",
    "expect_column_values_to_be_of_type": "{column} is of the type {type_}",
    "expect_column_values_to_be_in_type_list": "{column} is of one of the types {type_list}",
    "expect_column_values_to_be_json_parseable": "{column} is JSON",
    "expect_column_values_to_be_dateutil_parseable": "{column} reads as a time",
    "expect_column_values_to_match_strftime_format": "{column} is a time as {strftime_format}",
    "expect_column_values_to_match_regex": "{column} matches {regex}",
    "expect_column_values_to_not_match_regex": "{column} does not match {regex}",
    "expect_column_values_to_match_regex_list": "{column} matches {match_on} of {regex_list}",
    "expect_column_values_to_not_match_regex_list": "{column} matches none of {regex_list}",
    _IN_SET: "{column} is one of {value_set}",
    "expect_column_values_to_not_be_in_set": "{column} is none of {value_set}",
    "expect_column_distinct_values_to_be_in_set": "{column} has no value but {value_set}",
    "expect_column_distinct_values_to_contain_set": "{column} has each of {value_set}",
    "expect_column_distinct_values_to_equal_set": "{column} has each of {value_set}, and no other",
    "expect_column_most_common_value_to_be_in_set": "the commonest {column} is one of {value_set}",
    "expect_column_value_lengths_to_equal": "{column} has {value} characters",
    "expect_column_pair_values_to_be_equal": "{column_A} equals {column_B}",
    "expect_column_pair_values_to_be_in_set": "({column_A}, {column_B}) is one of "
    "{value_pairs_set}",
    "expect_compound_columns_to_be_unique": "{column_list} are unique together",
    "expect_select_column_values_to_be_unique_within_record": "{column_list} differ in each row",
    "expect_multicolumn_sum_to_equal": "{column_list} add up to {sum_total}",
    ROW_COUNT[1]: "the table has {value} rows",
}
"""By type, a sentence with the names of arguments."""

_BOUNDED = {
    ROW_COUNT[0]: ("the table has", "rows"),
    NOT_NULL[1]: ("the share of {column} that is not NULL is", ""),
    "expect_column_values_to_be_between": ("{column} is", ""),
    "expect_column_value_lengths_to_be_between": ("{column} has", "characters"),
    "expect_column_unique_value_count_to_be_between": ("{column} has", "different values"),
    "expect_column_proportion_of_unique_values_to_be_between": (
        "the share of different values of {column} is",
        "",
    ),
} | {
    f"expect_column_{name}_to_be_between": (f"the {word} of {{column}} is", "")
    for name, word in {
        **{name: name for name in ("mean", "median", "sum")},
        "stdev": "standard deviation",
        "min": "least",
        "max": "greatest",
    }.items()
}
"""By type, what stands before bounds and what behind them."""

_PAIR = "expect_column_pair_values_a_to_be_greater_than_b"


def sentence(item: Expectation) -> str:
    """Return what an expectation says, with names of columns and texts between backticks."""
    given = {name: _shown(name, value) for name, value in item.kwargs.items()}
    words = _words(item, given)
    mostly = item.kwargs.get("mostly", 1)
    return words if mostly == 1 else f"{words}, in {100 * mostly:.4g} % at least"


def sentence_of(result: Result) -> str:
    """Return what the store knows of an expectation, where its suite is not to be had."""
    if result.expectation == BROKEN:
        return "the suite can be run"
    if result.expectation == PROMISE:
        return "what is promised is checked"
    column = f" of `{result.column_name}`" if result.column_name else ""
    allowed = f" ({result.threshold})" if result.threshold else ""
    return f"{_plain(result.expectation)}{column}{allowed}"


def held(result: Result) -> str:
    """Return how many values are as expected: `650 of 650`; rows where those are counted."""
    if result.expectation in ROW_COUNT:
        return counted(result.row_count or 0, "row")
    if result.evaluated is None:
        return "not counted"
    if result.unexpected is None:
        return counted(result.evaluated, "value")
    return f"{result.evaluated - result.unexpected:,} of {result.evaluated:,}"


def _words(item: Expectation, given: Mapping[str, str]) -> str:
    if item.type == _IN_SET and len(item.kwargs.get("value_set") or ()) == 1:
        return f"{given.get('column')} is {given['value_set']}"
    if item.type in _FIXED:
        try:
            return _FIXED[item.type].format_map({"match_on": "any", **given})
        except KeyError:
            return _unknown(item, given)
    if item.type in _BOUNDED:
        before, behind = _BOUNDED[item.type]
        bounds = _between(item.kwargs)
        things = behind.removesuffix("s") if bounds.split()[-1] == "1" else behind
        said = " ".join(filter(None, [before, bounds, things]))
        return said.format_map({"column": given.get("column", "")})
    if item.type == _PAIR:
        verb = "is at least" if item.kwargs.get("or_equal") else "is more than"
        return f"{given.get('column_A')} {verb} {given.get('column_B')}"
    return _unknown(item, given)


def _unknown(item: Expectation, given: Mapping[str, str]) -> str:
    """Return the type in words, and its arguments."""
    shown = ", ".join(f"{name} {value}" for name, value in given.items() if name != "mostly")
    return f"{_plain(item.type)}: {shown}"


def _plain(kind: str) -> str:
    return kind.removeprefix("expect_").replace("_", " ")


def _between(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    least = "more than" if kwargs.get("strict_min") else "at least"
    most = "less than" if kwargs.get("strict_max") else "at most"
    if low is not None and high is not None and (least, most) == ("at least", "at most"):
        return _value(low) if low == high else f"{_value(low)} to {_value(high)}"
    sides = [f"{least} {_value(low)}"] * (low is not None)
    sides += [f"{most} {_value(high)}"] * (high is not None)
    return " and ".join(sides) or "anything"


def _shown(name: str, value: Any) -> str:
    """Return an argument as a sentence has it: columns and patterns quoted, sets listed."""
    if isinstance(value, Mapping):
        return f"`{_clipped(json.dumps(value, ensure_ascii=False))}`"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed([f"`{one}`" if name == "column_list" else _member(one) for one in value])
    quoted = isinstance(value, str) and name not in ("value", "sum_total")
    return f"`{_clipped(value)}`" if quoted else _value(value)


def _member(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_member, value))})"
    return _value(value) or "(blank)"


def _listed(members: Sequence[str]) -> str:
    more = len(members) - MOST_MEMBERS
    rest = [f"and {more:,} more"] if more > 0 else []
    return ", ".join([*members[:MOST_MEMBERS], *rest])


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int | float) else _clipped(str(value))


def _clipped(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
