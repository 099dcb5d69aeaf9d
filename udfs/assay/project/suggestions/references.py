"""Which column refers to a key of another table: by name, and because most values are there."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from assay.project.suggestions import rules, sql
from assay.project.suggestions.profiles import SAMPLE, ColumnProfile, Profile, family_of
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.rules import SuggestionRule

LEAST_SHARE = 0.9
LEAST_VALUES = 3
MOST_KEYS = 200
"""Of a warehouse with more columns of a fitting name, so many are looked at."""


def references(
    connection: duckdb.DuckDBPyConnection, profile: Profile
) -> Iterator[SuggestionRule]:
    """Yield a rule for each column that refers to another table; the smallest one that fits."""
    keys = _keys(connection, profile.table)[:MOST_KEYS]
    for column in profile.columns:
        if column.unique or column.distinct < LEAST_VALUES:
            continue
        fitting = [
            (rows, table, key)
            for table, key, kind in keys
            if _is_named_after(column.name, table.name, key)
            and family_of(kind) == column.family
            and (rows := _rows_where_key(connection, table, key))
            and _is_within(connection, column, table, key)
        ]
        if fitting:
            _, table, key = min(fitting)
            yield rules.refers(column.name, table, key)


def _keys(
    connection: duckdb.DuckDBPyConnection, own: Relation
) -> Sequence[tuple[Relation, str, str]]:
    """Return the columns of all other tables: table, column, type."""
    found = connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = current_database() order by all"
    ).fetchall()
    return [
        (table, column, kind)
        for schema, name, column, kind in found
        if (table := Relation(schema, name)) != own
    ]


def _is_named_after(column: str, table: str, key: str) -> bool:
    """Whether a column is called as the key, or as the table and the key `id`."""
    name, one = column.lower(), table.lower().rpartition("__")[2]
    singular = one.removesuffix("s")
    named = key.lower() == "id" and name in (f"{one}_id", f"{singular}_id")
    return named or (name == key.lower() and name != "id")


def _rows_where_key(connection: duckdb.DuckDBPyConnection, table: Relation, key: str) -> int:
    """Return how many rows the table has if the column is its key, else 0."""
    quoted = sql.name(key)
    rows, filled, distinct = sql.one(
        connection,
        f"select count(*), count({quoted}), count(distinct {quoted}) from {table.sql}",
    )
    return int(rows) if rows == filled == distinct else 0


def _is_within(
    connection: duckdb.DuckDBPyConnection, column: ColumnProfile, table: Relation, key: str
) -> bool:
    """Whether most of the column's values are in the key."""
    quoted = sql.name(column.name)
    (there,) = sql.one(
        connection,
        f"select count(*) from {SAMPLE} "
        f"where {quoted} in (select {sql.name(key)} from {table.sql})",
    )
    return bool(there >= LEAST_SHARE * column.filled)
