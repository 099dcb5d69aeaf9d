"""A folder of LanceDB: a table changes in one commit, and every version before it can be restored.

Only rows that differ are written, so that an index stays good for the others.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay.core.errors import PublishError
from assay.core.extras import extra
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.publishing.destinations.contract import (
    Replacement,
    Shipment,
    differing,
    not_alike,
    not_ours,
)

_MARK = b"assay"
_MOST_NAMED = 5_000
"""How many rows that are gone are named; with more of them all others are written anew."""

_KEEP_NULL = "null"
"""What LanceDB is to do about a row without a vector, which it calls a bad one."""

_HELD = "assay_held"
"""What a table holds there, for DuckDB."""


class LanceFolder:
    """A `Destination`: the tables of LanceDB in a folder of this machine."""

    errors: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before: dict[str, int | None] = {}

    def __enter__(self) -> Self:
        os.environ.setdefault("LANCEDB_LOG", "error")  # it would warn of each table that is made
        with extra("lancedb", "Publishing to LanceDB"):
            import lancedb
        self._database = lancedb.connect(self._folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, version in self._before.items():
            if version is None:
                self._database.drop_table(name)
            elif self._table(name).version != version:
                self._table(name).restore(version)

    def replace(self, shipment: Shipment) -> Replacement:
        """Write what is new or differs and delete what is gone, in one commit."""
        if not self._has(shipment.name):
            return self._create(shipment)
        table = self._table(shipment.name)
        if _MARK not in (table.schema.metadata or {}):
            raise PublishError(not_ours(shipment.name))
        table.optimize()  # versions that are older than seven days go, indices are extended
        shipment.connection.register(_HELD, table.to_arrow())
        try:
            return self._change(table, shipment)
        finally:
            shipment.connection.unregister(_HELD)

    def _change(self, table: Any, shipment: Shipment) -> Replacement:
        """Commit what makes a difference between the table and gold, if anything does."""
        _check(shipment)
        changed, gone = _changed(shipment), _gone(shipment)
        if changed.num_rows or gone:
            self._before[shipment.name] = table.version
            _merge(table, shipment, changed, gone)
        return Replacement(changed.num_rows, len(gone))

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        return int(self._table(name).count_rows())

    def keep(self) -> None:
        """Let it stay."""
        self._before.clear()

    def _create(self, shipment: Shipment) -> Replacement:
        marked = _all(shipment).replace_schema_metadata({_MARK: b"gold"})
        self._database.create_table(shipment.name, marked, on_bad_vectors=_KEEP_NULL)
        self._before[shipment.name] = None
        return Replacement(shipment.rows, 0)

    def _has(self, name: str) -> bool:
        page = self._database.list_tables()
        while name not in page.tables and page.page_token:
            page = self._database.list_tables(page_token=page.page_token)
        return name in page.tables

    def _table(self, name: str) -> Any:
        return self._database.open_table(name)


def _merge(table: Any, shipment: Shipment, changed: Any, gone: list[str]) -> None:
    merge = table.merge_insert(list(shipment.key))
    merge = merge.when_matched_update_all().when_not_matched_insert_all()
    if len(gone) > _MOST_NAMED:
        merge, changed = merge.when_not_matched_by_source_delete(), _all(shipment)
    elif gone:
        merge = merge.when_not_matched_by_source_delete(" or ".join(gone))
    merge.execute(changed, on_bad_vectors=_KEEP_NULL)


def _check(shipment: Shipment) -> None:
    """Raise `PublishError` for a table with other columns than gold."""
    described = shipment.connection.execute(f"describe {_HELD}").fetchall()
    held = [(name, kind) for name, kind, *_ in described]
    wanted = [(column.name, column.kind) for column in shipment.columns]
    if difference := differing(held, wanted):
        raise PublishError(not_alike(shipment.name, difference))


def _all(shipment: Shipment) -> Any:
    return _arrow(shipment, f"from {shipment.relation}")


def _changed(shipment: Shipment) -> Any:
    """Return the rows of gold that the table does not hold as they are."""
    columns = ", ".join(quoted(column.name) for column in shipment.columns)
    return _arrow(
        shipment,
        f"select {columns} from {shipment.relation} except select {columns} from {_HELD}",  # noqa: S608
    )


def _gone(shipment: Shipment) -> list[str]:
    """Return a condition for each row that the table holds and gold does not."""
    key = ", ".join(map(quoted, shipment.key))
    rows = shipment.connection.execute(
        f"select {key} from {_HELD} anti join {shipment.relation} using ({key})"  # noqa: S608
    ).fetchall()
    return [
        " and ".join(
            f"`{name}` = {_spelled(value)}" for name, value in zip(shipment.key, row, strict=True)
        )
        for row in rows
    ]


def _spelled(value: object) -> str:
    return str(value) if isinstance(value, int) else literal(value)


def _arrow(shipment: Shipment, query: str) -> Any:
    return shipment.connection.execute(query).to_arrow_table()
