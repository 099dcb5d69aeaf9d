"""Names and values as DuckDB's SQL spells them: data, whatever they hold; one row of counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb


def name(identifier: str) -> str:
    """Return an identifier in quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """Return a string literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Return a list of string literals in parentheses, for `in`."""
    return "(" + ", ".join(map(text, values)) + ")"


def names(identifiers: Iterable[str]) -> str:
    """Return identifiers in quotes, with commas."""
    return ", ".join(map(name, identifiers))


def one(connection: duckdb.DuckDBPyConnection, query: str, given: Any = None) -> tuple[Any, ...]:
    """Return the one row of a query; read to its end, as DuckDB waits for that."""
    (row,) = connection.execute(query, given).fetchall()
    return tuple(row)
