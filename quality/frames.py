"""From a relation to the pandas frame that a suite needs: only its columns, only plain types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from quality.records import Suite

_AS_DOUBLE = re.compile(r"^(DECIMAL|HUGEINT|UHUGEINT|BIGNUM)")
_AS_TEXT = re.compile(r"^(UUID|ENUM)")
_ONE = "__assay_one_row"
"""A column that is always there, so that a frame without others still has its rows."""

_TOLD = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors about names and syntax; the message of any other may quote a value."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A pandas frame and, for each column that could not be made, why."""

    data: Any
    errors: Mapping[str, str] = field(default_factory=dict)


def frame_of(relation: duckdb.DuckDBPyRelation, suite: Suite) -> Frame:
    """Return the columns of `relation` that `suite` reads, computed by DuckDB.

    Decimals become doubles and dates timestamps, which Great Expectations can compare. A column
    that cannot be made is left out and told of; rows are never dropped.
    """
    errors: dict[str, str] = {}
    selected = [f"1 as {_ONE}"]
    for name in dict.fromkeys(name for item in suite.expectations for name in item.columns):
        try:
            selected.append(_selected(relation, name, suite.columns.get(name)))
        except duckdb.Error as error:
            errors[name] = explained(error)
    table = relation.project(", ".join(selected)).to_arrow_table()
    return Frame(table.to_pandas(), errors)


def explained(error: Exception) -> str:
    """Return what can be said of `error` without quoting a value of the data."""
    said = f": {str(error).splitlines()[0]}" if isinstance(error, _TOLD) else ""
    return type(error).__name__ + said


def _selected(relation: duckdb.DuckDBPyRelation, name: str, sql: str | None) -> str:
    """Return one entry of a select list, tried out for its type."""
    quoted = '"' + name.replace('"', '""') + '"'
    value = f"({sql})" if sql else quoted
    (kind,) = relation.project(f"{value} as {_ONE}").types
    return f"{_cast(value, str(kind))} as {quoted}"


def _cast(value: str, kind: str) -> str:
    if _AS_DOUBLE.match(kind):
        return f"{value}::double"
    if _AS_TEXT.match(kind):
        return f"{value}::varchar"
    return f"{value}::timestamp" if kind == "DATE" else value
