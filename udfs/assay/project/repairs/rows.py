"""The rows to mend: their table, the key that tells them apart, where findings are gathered."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from assay.core.errors import ConfigError
from assay.project.suggestions import sql
from assay.project.suggestions.relations import Relation

FOUND = "assay_repairs_found"
"""A temporary table of findings: row_key, column_name, before, after, reason, rule, confidence,
and the columns whose values say so, `voters`; NULL where none does."""


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """A table whose rows `key` tells apart; `columns` are names to types."""

    connection: duckdb.DuckDBPyConnection
    table: Relation
    key: str
    columns: dict[str, str]

    @property
    def name(self) -> str:
        """The table as repairs name it."""
        return f"{self.table.schema}.{self.table.name}"

    @property
    def row_key(self) -> str:
        """The SQL of the key as text."""
        return f"{sql.name(self.key)}::varchar"

    def has(self, column: str, of: str) -> str:
        """Return a column as the table spells it; `ConfigError`, which says `of` what, without."""
        for name in self.columns:
            if name.lower() == column.lower():
                return name
        message = f"{of}: {self.name} has no column {column!r}{_nearest(column, self.columns)}."
        raise ConfigError(message)


def keyed(connection: duckdb.DuckDBPyConnection, table: Relation, key: str) -> KeyedRows:
    """Return the rows of a table by a key; raises `ConfigError` where it tells no rows apart."""
    described = connection.execute(f"describe select * from {table.sql}").fetchall()
    rows = KeyedRows(connection, table, key, {name: str(kind) for name, kind, *_ in described})
    rows = KeyedRows(connection, table, rows.has(key, "--key"), rows.columns)
    _check_unique(rows)
    connection.execute(
        f"create or replace temp table {FOUND} (row_key varchar, column_name varchar, "
        "before varchar, after varchar, reason varchar, rule varchar, confidence double, "
        "voters varchar[])"
    )
    return rows


def _check_unique(rows: KeyedRows) -> None:
    many, different, filled = sql.one(
        rows.connection,
        f"select count(*), count(distinct {rows.row_key}), count({rows.row_key}) "
        f"from {rows.table.sql}",
    )
    if many == different:
        return
    wrong = f"{many - filled:,} rows without" if filled < many else f"{different:,} values"
    message = (
        f"{rows.key!r} does not tell the rows of {rows.name} apart: {many:,} rows, {wrong}; "
        "name a column with --key that is unique and never NULL."
    )
    raise ConfigError(message)


def _nearest(column: str, known: Sequence[str] | dict[str, str]) -> str:
    near = difflib.get_close_matches(column, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
