"""Names and values as SQL text: the only place in Python where either becomes SQL.

A parameter of a query does the same, but DuckDB imports pandas for the first of a process, which
takes 0.3 s; what `assay build` does after dbt has none.
"""

from __future__ import annotations


def literal(value: object) -> str:
    """Return `value` as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
