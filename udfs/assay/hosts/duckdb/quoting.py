"""Names and values as SQL text: the only place in Python where either becomes SQL."""

from __future__ import annotations


def literal(value: object) -> str:
    """Return `value` as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
