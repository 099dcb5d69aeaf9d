"""The warehouse as a file, and the room on the disks that a build writes to."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.doctor.finding import Finding
from assay.project.publishing.row_counts import losses, notes_path, row_counts

LITTLE_BYTES = 1_000_000_000
"""Below this a build may run out of room; a warning."""

NO_BYTES = 100_000_000
"""Below this it will."""


def warehouse_findings(database: Path) -> Iterator[Finding]:
    """Yield whether the warehouse opens, how large it is, and whether it lost rows."""
    if not database.exists():
        text = f"{database} is not there yet; the first build makes it."
        yield Finding("warehouse", text)
        return
    size = f"{database}, {database.stat().st_size:,} bytes"
    try:
        with open_warehouse(database) as connection:
            counts = row_counts(connection)
    except ConfigError as error:
        yield Finding("warehouse", f"{size}.", str(error), may_stay=True)
        return
    except duckdb.Error as error:
        run = f"run {program('build')}: answers come from the store."
        remedy = f"Restore a copy, or move it away and {run}"
        reason = str(error).splitlines()[0].rstrip(".")
        yield Finding("warehouse", f"{size}, cannot be opened: {reason}.", remedy)
        return
    text = f"{size}, {counted(len(counts), 'table')}, {counted(sum(counts.values()), 'row')}."
    yield Finding("warehouse", text)
    yield _wal(database)
    yield from _tally(database)


def disk_findings(folders: Mapping[str, Path]) -> Iterator[Finding]:
    """Yield how much room is left where each of `folders`, by what lies there, is or will be.

    A folder that may not be written to is wrong however much room it has.
    """
    for name, folder in folders.items():
        there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            remedy = "A build writes there: see to its rights, or name another folder."
            yield Finding("room", f"{there} cannot be written to, for the {name}.", remedy)
            continue
        free = shutil.disk_usage(there).free
        text = f"{free:,} bytes free for the {name} ({there})."
        make_room = None if free >= LITTLE_BYTES else "Make room: a build writes there."
        yield Finding("room", text, make_room, may_stay=free >= NO_BYTES)


def _wal(database: Path) -> Finding:
    wal = database.with_name(database.name + ".wal")
    if wal.exists() and (size := wal.stat().st_size):
        run = f"run {program('build')}, which moves it in."
        remedy = f"A run did not end, or another program wrote; {run}"
        text = f"{wal} holds {size:,} bytes that are not in the file yet."
        return Finding("wal", text, remedy, may_stay=True)
    return Finding("wal", "Everything is in the file; there is no WAL.")


def _tally(database: Path) -> Iterator[Finding]:
    notes = notes_path(database)
    if not notes.exists():
        yield Finding("tally", "Its rows were not counted yet; `assay build` does at its end.")
        return
    counted = datetime.datetime.fromtimestamp(notes.stat().st_mtime, datetime.UTC)
    when = f"counted at {counted:%Y-%m-%d %H:%M} UTC"
    lost = losses(database)
    for loss in lost:
        remedy = "See `The warehouse file` in docs/operations.md."
        yield Finding("tally", f"{loss} when {when}.", remedy, may_stay=True)
    if not lost:
        yield Finding("tally", f"No table has lost rows since they were {when}.")
