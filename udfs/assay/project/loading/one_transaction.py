"""One transaction for all that dlt does to the warehouse: whole, or as if it had not begun.

dlt commits after each table and keeps its cursor in a folder beside. A load that ends between two
of these commits has rows twice, or none for ever. So it is handed a connection whose commits wait:
rows, schema, cursor and our own line are in the warehouse at once.
"""

from __future__ import annotations

import re
from typing import Any, Self

import duckdb

_LOOK = re.compile(r"""\s*SELECT\s[^;]*?\sFROM\s+"([^"]+)"\."([^"]+)\"""", re.IGNORECASE)
_IS_THERE = "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?"


class OneTransaction:
    """A connection of DuckDB as dlt sees it: what it begins, commits, copies and closes is ours.

    It stands for the connection that it was made of, which begins and commits the whole.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection, self._depth = connection, 0
        self.is_broken = False
        """Whether a part was taken back, so that the whole must not be kept."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: str, *arguments: Any) -> Any:
        """Run a statement; one that looks into a table which is not there is not even tried.

        dlt takes that error for "nothing yet", and DuckDB 2.0 ends a transaction by it.
        """
        if (looked := _LOOK.match(query)) is not None:
            schema, table = looked.groups()
            (found,) = self._connection.execute(_IS_THERE, [schema, table]).fetchall()
            if not found[0]:
                message = f"Table with name {table} does not exist!"
                raise duckdb.CatalogException(message)
        return self._connection.execute(query, *arguments)

    def begin(self) -> Self:
        """Begin a part."""
        self._depth += 1
        return self

    def commit(self) -> Self:
        """End a part; it is kept with the whole."""
        self._depth = max(self._depth - 1, 0)
        return self

    def rollback(self) -> Self:
        """Take a part back, which is to say all; a look that failed outside of one is no part."""
        self.is_broken = self.is_broken or self._depth > 0
        self._depth = max(self._depth - 1, 0)
        return self

    def cursor(self) -> Self:
        """Return the same connection: another one would not see what is not yet committed."""
        return self

    duplicate = cursor

    def close(self) -> None:
        """Do nothing: whoever opened the connection closes it."""
