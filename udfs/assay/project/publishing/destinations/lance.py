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
from assay.hosts.duckdb.quoting import literal
from assay.project.publishing.destinations.contract import Replacement, Shipment, not_ours
from assay.project.publishing.destinations.held import changed, everything, gone_keys, held

_MARK = b"assay"
_MOST_NAMED = 5_000
"""How many rows that are gone are named; with more of them all others are written anew."""

_KEEP_NULL = "null"
"""What LanceDB is to do about a row without a vector, which it calls a bad one."""


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
        with held(shipment, table.to_arrow()):
            return self._change(table, shipment)

    def _change(self, table: Any, shipment: Shipment) -> Replacement:
        """Commit what makes a difference between the table and gold, if anything does."""
        new, gone = changed(shipment), _gone(shipment)
        if new.num_rows or gone:
            self._before[shipment.name] = table.version
            _merge(table, shipment, new, gone)
        return Replacement(new.num_rows, len(gone))

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        return int(self._table(name).count_rows())

    def keep(self) -> None:
        """Let it stay."""
        self._before.clear()

    def _create(self, shipment: Shipment) -> Replacement:
        marked = everything(shipment).replace_schema_metadata({_MARK: b"gold"})
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


def _merge(table: Any, shipment: Shipment, new: Any, gone: list[str]) -> None:
    merge = table.merge_insert(list(shipment.key))
    merge = merge.when_matched_update_all().when_not_matched_insert_all()
    if len(gone) > _MOST_NAMED:
        merge, new = merge.when_not_matched_by_source_delete(), everything(shipment)
    elif gone:
        merge = merge.when_not_matched_by_source_delete(" or ".join(gone))
    merge.execute(new, on_bad_vectors=_KEEP_NULL)


def _gone(shipment: Shipment) -> list[str]:
    """Return a condition for each row that the table holds and gold does not."""
    rows = gone_keys(shipment)
    return [
        " and ".join(
            f"`{name}` = {_spelled(value)}" for name, value in zip(shipment.key, row, strict=True)
        )
        for row in rows
    ]


def _spelled(value: object) -> str:
    return str(value) if isinstance(value, int) else literal(value)
