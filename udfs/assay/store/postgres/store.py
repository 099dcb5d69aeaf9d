"""The store over Postgres: the verbs of the contract on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from assay.store.postgres.schema import types_of
from assay.store.postgres.server import StoreServer
from assay.store.queries import Query
from assay.store.sqlite.queries import READERS
from assay.store.sqlite.rows import printable_rows
from assay.store.sqlite.verbs import Verbs

T = TypeVar("T")


class PostgresStore(StoreServer, Verbs):
    """A schema that several machines share."""

    def read(self, query: Query[T]) -> T:
        """Return what a named query finds."""
        reader: Callable[[sqlite3.Connection, Query[T]], T] = READERS[type(query)]
        return self._read(lambda connection: reader(connection, query))

    def _table(
        self, connection: sqlite3.Connection, table: str
    ) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        types = types_of(connection, table)
        return types, printable_rows(connection, table, list(types))
