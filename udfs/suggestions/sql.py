"""Names and values as DuckDB's SQL spells them: data, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable


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
