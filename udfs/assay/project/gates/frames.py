"""From a relation to the frame that a suite needs: only its columns, only plain types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb

from assay.hosts.duckdb.quoting import quoted
from assay.project.gates.forms import FormError, asked, column_of, form_of, sql_of
from assay.project.gates.records import Expectation, Suite

if TYPE_CHECKING:
    import pyarrow as pa

_ONE = "__assay_one_row"
"""A column that is always there, so that a frame without others still has its rows."""

_TOLD = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors about names and syntax; the message of any other may quote a value."""


@dataclass(frozen=True)
class Frame:
    """The columns that a suite reads and, for each that could not be made, why.

    `asked` has the expectations of the suite, by their places, in the words of the frame where
    they are others; `refused` why one cannot be asked of its columns.
    """

    table: pa.Table
    errors: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[int, Expectation] = field(default_factory=dict)
    refused: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def data(self) -> Any:
        """The pandas frame, made when somebody asks for it."""
        return self.table.to_pandas()


def frame_of(relation: duckdb.DuckDBPyRelation, suite: Suite) -> Frame:
    """Return the columns of `relation` that `suite` reads, computed by DuckDB in plain types.

    A column that cannot be made is left out and told of; rows are never dropped.
    """
    errors: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for name in dict.fromkeys(name for item in suite.expectations for name in item.columns):
        try:
            kinds[name] = _kind(relation, _value(suite, name))
        except duckdb.Error as error:
            errors[name] = explained(error)
    selected, asked_of, refused = {_ONE: f"1 as {_ONE}"}, {}, {}
    for place, item in enumerate(suite.expectations):
        if set(item.columns) <= set(kinds):
            try:
                asked_of[place] = asked(item, kinds)
            except FormError as error:
                refused[place] = str(error)
            else:
                selected |= _selected(suite, item, kinds)
    table = relation.project(", ".join(selected.values())).to_arrow_table()
    return Frame(table, errors, asked_of, refused)


def explained(error: Exception) -> str:
    """Return what can be said of `error` without quoting a value of the data."""
    said = f": {str(error).splitlines()[0]}" if isinstance(error, _TOLD) else ""
    return type(error).__name__ + said


def _value(suite: Suite, name: str) -> str:
    """Return the SQL of a column of a suite."""
    sql = suite.columns.get(name)
    return f"({sql})" if sql else quoted(name)


def _kind(relation: duckdb.DuckDBPyRelation, value: str) -> str:
    """Return the SQL type of an expression, which is tried out for it."""
    (kind,) = relation.project(f"{value} as {_ONE}").types
    return str(kind)


def _selected(suite: Suite, item: Expectation, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of a select list that `item` reads, by their names."""
    entries = {}
    for name in item.columns:
        form = form_of(item, name, kinds)
        made, shown = sql_of(_value(suite, name), kinds[name], form), column_of(name, form)
        entries[shown] = f"{made} as {quoted(shown)}"
    return entries
