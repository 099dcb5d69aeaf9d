"""Reading the store: rows of a query by the names of its columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from assay.store.sqlite.store import Store

Row = dict[str, Any]


def select(store: Store, query: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Return the rows of a query on the store, each by the names of its columns."""

    def read(connection: sqlite3.Connection) -> list[Row]:
        found = connection.execute(query, parameters or {})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    (rows,) = store.transact([read])
    return rows
