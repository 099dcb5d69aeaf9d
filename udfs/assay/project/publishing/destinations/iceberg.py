"""Tables of Iceberg in a folder, with their catalog in `FOLDER/catalog.db`, a file of SQLite.

A table changes in one transaction of its metadata: rows that differ or are gone are deleted by
their key, new and changed ones appended. Every snapshot before can be read.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay.core.errors import PublishError
from assay.core.extras import extra
from assay.project.publishing.destinations.contract import Replacement, Shipment, not_ours
from assay.project.publishing.destinations.held import adapted, changed, everything, gone, held
from assay.project.publishing.gold import GOLD

CATALOG = "catalog.db"
_MARK = {"assay": "gold"}
_KINDS = {"TINYINT": "INTEGER", "SMALLINT": "INTEGER"}
_MOST_NAMED = 1_000
"""How many rows are deleted by their key; with more of them all are written anew."""


class IcebergFolder:
    """A `Destination`: the namespace `gold` of a catalog of Iceberg in a folder."""

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._before: dict[str, int | None] = {}

    def __enter__(self) -> Self:
        with extra("iceberg", "Publishing to Iceberg"):
            from pyiceberg.catalog.sql import SqlCatalog
            from sqlalchemy.exc import SQLAlchemyError
        self.errors = (OSError, ValueError, RuntimeError, SQLAlchemyError)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._catalog = SqlCatalog(
            "assay",
            uri=f"sqlite:///{self._folder / CATALOG}",
            warehouse=self._folder.as_uri(),
        )
        self._catalog.create_namespace_if_not_exists(GOLD)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.closing(self._catalog):
            for name, snapshot in self._before.items():
                if snapshot is None:
                    self._catalog.drop_table((GOLD, name))
                else:
                    self._table(name).manage_snapshots().rollback_to_snapshot(snapshot).commit()

    def replace(self, shipment: Shipment) -> Replacement:
        """Delete and append in one transaction; nothing is written where nothing differs."""
        shipment = adapted(shipment, _KINDS)
        if not self._catalog.table_exists((GOLD, shipment.name)):
            return self._create(shipment)
        table = self._table(shipment.name)
        if not _MARK.items() <= table.properties.items():
            raise PublishError(not_ours(shipment.name))
        with held(shipment, _read(table)):
            new, old = changed(shipment), gone(shipment)
        if new.num_rows or old.num_rows:
            self._before[shipment.name] = table.current_snapshot().snapshot_id
            _change(table, shipment, new, old)
        return Replacement(new.num_rows, old.num_rows)

    def count(self, name: str) -> int:
        """Return how many rows a table has, by its files."""
        return int(self._table(name).scan().count())

    def keep(self) -> None:
        """Let it stay."""
        self._before.clear()

    def _create(self, shipment: Shipment) -> Replacement:
        """Make the table with its rows, both at once."""
        rows = everything(shipment)
        name = (GOLD, shipment.name)
        with self._catalog.create_table_transaction(
            name, schema=rows.schema, properties=_MARK
        ) as change:
            change.append(rows)
        self._before[shipment.name] = None
        return Replacement(shipment.rows, 0)

    def _table(self, name: str) -> Any:
        return self._catalog.load_table((GOLD, name))


def _read(table: Any) -> Any:
    return table.scan().to_arrow()


def _change(table: Any, shipment: Shipment, new: Any, old: Any) -> None:
    with warnings.catch_warnings(), table.transaction() as change:
        warnings.filterwarnings("ignore", "Delete operation did not match")  # rows that are new
        if new.num_rows + old.num_rows > _MOST_NAMED:
            change.overwrite(everything(shipment))
            return
        keys = [row for rows in (new, old) for row in rows.select(list(shipment.key)).to_pylist()]
        change.delete(_one_of(shipment.key, keys))
        if new.num_rows:
            change.append(new)


def _one_of(key: Sequence[str], rows: Sequence[dict[str, Any]]) -> Any:
    """Return the condition that a row has one of these keys."""
    from pyiceberg.expressions import And, EqualTo, In, Or

    if len(key) == 1:
        return In(key[0], {row[key[0]] for row in rows})
    each = [And(*(EqualTo(name, row[name]) for name in key)) for row in rows]
    return Or(*each) if len(each) > 1 else each[0]
