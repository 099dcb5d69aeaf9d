"""A folder of Parquet: `FOLDER/TABLE/*.parquet`, or `FOLDER/TABLE/column=value/*.parquet`.

`TABLE` is a link to a folder that nobody writes to any more. A publication writes a folder beside
it, reads it again and lets the link lead there, by one rename. What was there before stays until
the next publication, for those who are reading it.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from assay.core.disk import put_on_disk
from assay.core.errors import PublishError
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.publishing.destinations.contract import Replacement, Shipment, not_ours
from assay.project.publishing.stamp import stamp_of

STAMP = "_assay.json"
"""Beside the files of a table: when it was published, and the hash that gold has. Readers of
Parquet leave names alone that begin with `_`."""

_UNBORN = ".new"


class ParquetFolder:
    """A `Destination`: a folder of this machine, with a folder of Parquet for each table.

    `by` are the columns by whose values a table is parted.
    """

    errors: tuple[type[Exception], ...] = (OSError, duckdb.Error)

    def __init__(self, folder: Path, by: Sequence[str] = ()) -> None:
        self._folder, self._by = folder, by
        self._unborn: dict[str, tuple[Path, Shipment]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for path, _ in self._unborn.values():
            shutil.rmtree(path, ignore_errors=True)

    def replace(self, shipment: Shipment) -> Replacement:
        """Write the table beside the one that is there, sorted by the key.

        Raises `PublishError` for a folder that Assay did not make of this table, and for columns
        by which the table cannot be parted.
        """
        held = self._held(shipment.name)
        self._check_parts(shipment)
        self._sweep(shipment.name, held)
        unborn = self._folder / f".{shipment.name}.{uuid.uuid4().hex}{_UNBORN}"
        self._unborn[shipment.name] = unborn, shipment
        self._write(unborn, shipment)
        _stamp(unborn, shipment)
        for path in [*unborn.rglob("*"), unborn]:
            put_on_disk(path)
        return self._difference(shipment, held)

    def count(self, name: str) -> int:
        """Return how many rows the table has, read again from the disk."""
        path, shipment = self._unborn[name]
        rows = shipment.connection.execute(
            f"select count(*) from {self._read(path, shipment)}"  # noqa: S608
        ).fetchall()
        return int(rows[0][0])

    def keep(self) -> None:
        """Let each table be what was written, one after the other, each at once."""
        for name, (unborn, _) in list(self._unborn.items()):
            born = unborn.with_suffix("")
            unborn.rename(born)
            link = self._folder / f".{name}.link{_UNBORN}"
            link.unlink(missing_ok=True)
            link.symlink_to(born.name)
            link.replace(self._folder / name)
            put_on_disk(self._folder)
            del self._unborn[name]

    def _held(self, name: str) -> Path | None:
        """Return the folder that a table is in now; None where there is none yet."""
        link = self._folder / name
        if not link.exists():
            return None
        try:
            stamp = stamp_of(json.loads((link / STAMP).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            stamp = None
        if stamp is None or stamp.table != name or not link.is_symlink():
            raise PublishError(not_ours(name))
        return link.resolve()

    def _check_parts(self, shipment: Shipment) -> None:
        columns = [column.name for column in shipment.columns]
        if unknown := [name for name in self._by if name not in columns]:
            message = (
                f"{shipment.name} has no column {unknown[0]} to part it by; it has "
                f"{', '.join(columns)}"
            )
            raise PublishError(message)
        if not set(columns) - set(self._by):
            message = f"{shipment.name} has no column beside those that it is parted by"
            raise PublishError(message)

    def _sweep(self, name: str, held: Path | None) -> None:
        """Remove what a killed publication left, and what was there before the last one."""
        ours = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{32}}({re.escape(_UNBORN)})?")
        for path in self._folder.iterdir():
            if ours.fullmatch(path.name) and path.resolve() != held:
                shutil.rmtree(path)

    def _write(self, unborn: Path, shipment: Shipment) -> None:
        unborn.mkdir()
        table, key = quoted(shipment.name), ", ".join(map(quoted, shipment.key))
        parts = ", ".join(map(quoted, self._by))
        target = unborn if parts and shipment.rows else unborn / "rows.parquet"
        parted = f", partition_by ({parts}), overwrite_or_ignore" if target == unborn else ""
        shipment.connection.execute(
            f"copy (select * from {table} order by {key}) to {literal(target)} "  # noqa: S608
            f"(format parquet{parted})"
        )

    def _read(self, path: Path, shipment: Shipment) -> str:
        """Return what reads the Parquet of a table, with the columns of gold in their order."""
        kinds = dict(_described(shipment.connection, quoted(shipment.name)))
        files = literal(path / "/".join(["*=*"] * len(self._by) + ["*.parquet"]))
        if not self._by or not any(path.glob("*=*")):
            return f"read_parquet({literal(path / 'rows.parquet')})"
        types = ", ".join(f"{quoted(one)}: varchar" for one in self._by)
        chosen = ", ".join(
            f"{quoted(name)}::{kind} as {quoted(name)}" if name in self._by else quoted(name)
            for name, kind in kinds.items()
        )
        return (
            f"(select {chosen} from "  # noqa: S608
            f"read_parquet({files}, hive_partitioning = true, hive_types = {{{types}}}))"
        )

    def _difference(self, shipment: Shipment, held: Path | None) -> Replacement:
        """Return how many rows differ from those that are there; all, where columns do."""
        if held is None:
            return Replacement(shipment.rows, 0)
        connection, table = shipment.connection, quoted(shipment.name)
        before = connection.execute(f"select count(*) from {_files(held)}").fetchall()[0][0]  # noqa: S608
        try:
            old = self._read(held, shipment)
            alike = _described(connection, old) == _described(connection, table)
        except duckdb.Error:  # it was parted by others, or has other columns
            alike = False
        if not alike:
            return Replacement(shipment.rows, int(before))
        key = ", ".join(map(quoted, shipment.key))
        written, gone = connection.execute(
            f"select (select count(*) from (from {table} except from {old})), "  # noqa: S608
            f"(select count(*) from {old} anti join {table} using ({key}))"
        ).fetchall()[0]
        return Replacement(int(written), int(gone))


def _files(path: Path) -> str:
    return f"read_parquet({literal(path / '**/*.parquet')}, hive_partitioning = false)"


def _described(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    described = connection.execute(f"describe (from {relation})").fetchall()
    return [(name, kind) for name, kind, *_ in described]


def _stamp(folder: Path, shipment: Shipment) -> None:
    said = {
        "published_at": shipment.published_at,
        "table": shipment.name,
        "content_hash": shipment.content_hash,
        "row_count": shipment.rows,
    }
    (folder / STAMP).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
