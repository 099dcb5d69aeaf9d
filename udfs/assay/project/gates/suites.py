"""Suite files: loads them, and refuses those that would check nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from assay.project.gates.records import Expectation, Suite

ROW_COUNT = ("expect_table_row_count_to_be_between", "expect_table_row_count_to_equal")
NOT_NULL = (
    "expect_column_values_to_not_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
)
SETS = {
    "expect_column_values_to_be_in_set": "value_set",
    "expect_column_values_to_not_be_in_set": "value_set",
    "expect_column_distinct_values_to_be_in_set": "value_set",
    "expect_column_distinct_values_to_contain_set": "value_set",
    "expect_column_distinct_values_to_equal_set": "value_set",
    "expect_column_most_common_value_to_be_in_set": "value_set",
}
"""Expectations that an all-NULL column meets, and the argument that holds their set."""

WHOLE_TABLE = (
    "expect_table_columns_to_match_set",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_column_count_to_equal",
    "expect_table_column_count_to_be_between",
    "expect_table_row_count_to_equal_other_table",
    "unexpected_rows_expectation",
)
"""Expectations about more than the columns that are read; contracts and dbt tests say them."""


class SuiteError(ValueError):
    """A file is no suite that can be relied on; the message says which, why, and what to do."""


def load_suite(path: Path, known: Collection[str]) -> Suite:
    """Return the suite in the file at `path`; `known` are the types of expectations there are.

    Raises `SuiteError` for a file that is no suite, and for a suite that could pass unchecked.
    """
    try:
        return _suite(_document(path), path.stem, known)
    except SuiteError as error:
        message = f"{path.name}: {error}"
        raise SuiteError(message) from None


def _document(path: Path) -> dict[str, Any]:
    if not path.exists():
        message = "there is no such file; write the suite of this model."
        raise SuiteError(message)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        message = f"it is not JSON ({error}); correct it."
        raise SuiteError(message) from None
    if not isinstance(document, dict) or not isinstance(document.get("expectations"), list):
        message = "it is no suite; a suite is an object with `name`, `meta` and `expectations`."
        raise SuiteError(message)
    return document


def _suite(document: Mapping[str, Any], stem: str, known: Collection[str]) -> Suite:
    meta = _mapping(document.get("meta"), "meta")
    if meta.get("suggested"):
        message = "it is only suggested; review it, then take `suggested` out of its `meta`."
        raise SuiteError(message)
    for key, name in (("name", document.get("name")), ("meta.relation", meta.get("relation"))):
        if name != stem:
            message = f"its `{key}` is {name!r}; call it {stem!r}, as the file and the model."
            raise SuiteError(message)
    minimum = _minimum(meta)
    expectations = tuple(_expectation(item, minimum, known) for item in document["expectations"])
    _refuse_vacuous(expectations)
    columns = {
        name: str(sql) for name, sql in _mapping(meta.get("columns", {}), "columns").items()
    }
    return Suite(stem, expectations, columns)


def _expectation(item: Any, minimum: int, known: Collection[str]) -> Expectation:
    config = _mapping(item, "expectations")
    kind, kwargs = str(config.get("type")), _mapping(config.get("kwargs"), "kwargs")
    if kind not in known:
        message = f"{kind!r} is no expectation of Great Expectations; correct its `type`."
        raise SuiteError(message)
    if kind in WHOLE_TABLE:
        message = f"{kind} is about more than the columns read; use a contract or a dbt test."
        raise SuiteError(message)
    if "row_condition" in kwargs:
        message = f"{kind} has a `row_condition`; write it as SQL under `meta.columns`."
        raise SuiteError(message)
    _refuse_nothing_expected(kind, kwargs)
    own = _mapping(config.get("meta") or {}, "meta")
    return Expectation(kind, kwargs, _minimum(own) if "minimum_evaluated" in own else minimum)


def _refuse_nothing_expected(kind: str, kwargs: Mapping[str, Any]) -> None:
    """Raise for arguments with which everything is as expected."""
    if kwargs.get("mostly", 1) in (0, None):
        message = f"{kind} has `mostly` {kwargs['mostly']!r}, which nothing fails; raise it."
        raise SuiteError(message)
    if kind in SETS and not kwargs.get(SETS[kind]):
        message = f"{kind} on {kwargs.get('column')!r} has no `value_set`; give one."
        raise SuiteError(message)


def _refuse_vacuous(expectations: tuple[Expectation, ...]) -> None:
    """Raise unless the row count comes first and a not-null stands beside every set."""
    if not expectations:
        message = "it expects nothing; add expectations, the row count first."
        raise SuiteError(message)
    first = expectations[0]
    least = first.kwargs.get("value", first.kwargs.get("min_value"))
    if first.type not in ROW_COUNT or not isinstance(least, int) or least < 1:
        message = f"it begins with {first.type}; begin with {ROW_COUNT[0]}, `min_value` from 1."
        raise SuiteError(message)
    guarded = {item.columns for item in expectations if item.type in NOT_NULL}
    for item in expectations:
        if item.type in SETS and item.columns not in guarded:
            message = (
                f"{item.type} on {item.kwargs.get('column')!r} passes where all is NULL; put "
                f"{NOT_NULL[0]} with `mostly` beside it."
            )
            raise SuiteError(message)


def _minimum(meta: Mapping[str, Any]) -> int:
    minimum = meta.get("minimum_evaluated")
    if not isinstance(minimum, int) or isinstance(minimum, bool) or minimum < 1:
        message = f"`minimum_evaluated` in `meta` is {minimum!r}; say a whole number from 1."
        raise SuiteError(message)
    return minimum


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        message = f"`{name}` holds {type(value).__name__} where an object belongs; correct it."
        raise SuiteError(message)
    return value
