"""The tally: how many rows each table of the warehouse held when the last run ended."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from assay.core.plural import counted
from assay.hosts.duckdb.quoting import quoted

_COPIES = "ops."
"""Tables that show the store: they shrink when a dead letter is answered."""


def checkpoint(database: Path, invocation_id: str) -> None:
    """End a run: everything is moved from the WAL into the file, and the rows are noted beside it.

    A WAL that is lost or cut off later takes nothing with it, and what a file lost is noticed. A
    warehouse that another process has open is left to that one.
    """
    if not database.exists():
        return
    with contextlib.suppress(duckdb.Error):
        with duckdb.connect(str(database)) as connection:
            connection.execute("checkpoint")
            counts = row_counts(connection)
        _note(database, {"invocation_id": invocation_id, "rows": counts})


def note_loaded(database: Path, schema: str) -> None:
    """Note the tables of `schema` anew: whoever loads them may leave fewer rows than there were.

    The others stay as they were noted; nothing happens before the first run, or where the file
    cannot be opened.
    """
    if not (noted := _noted(database)):
        return
    with contextlib.suppress(duckdb.Error):
        with duckdb.connect(str(database), read_only=True) as connection:
            present = row_counts(connection)
        inside = f"{schema}."
        others = {name: rows for name, rows in noted.items() if not name.startswith(inside)}
        loaded = {name: rows for name, rows in present.items() if name.startswith(inside)}
        _note(database, {"rows": others | loaded})


def losses(database: Path) -> list[str]:
    """Return a line for each table that holds fewer rows than when the last run ended."""
    noted = _noted(database)
    if not noted or not database.exists():
        return []
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            present = row_counts(connection)
    except duckdb.Error:  # dbt says what is wrong with it
        return []
    return shrunk(noted, present)


def shrunk(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Return a line for each table that has fewer rows `now` than `before`, or is gone."""
    lines = []
    for name, rows in sorted(before.items()):
        if name.startswith(_COPIES):
            continue
        if name not in now:
            lines.append(f"{name} is gone; it held {counted(rows, 'row')}")
        elif now[name] < rows:
            lines.append(f"{name} holds {counted(now[name], 'row')}; it held {rows:,}")
    return lines


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many rows each table of the file holds, by schema and name; no views."""
    names = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and not internal and not temporary"
    ).fetchall()
    return {
        f"{schema}.{table}": _count(connection, f"{quoted(schema)}.{quoted(table)}")
        for schema, table in sorted(names)
    }


def notes_path(database: Path) -> Path:
    """Return the file in which the rows of a warehouse are noted."""
    return database.with_name(database.name + ".rows.json")


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _note(database: Path, note: Mapping[str, Any]) -> None:
    path = notes_path(database)
    unborn = path.with_name(path.name + ".new")
    with contextlib.suppress(OSError):
        unborn.write_text(json.dumps(note), encoding="utf-8")
        unborn.replace(path)


def _noted(database: Path) -> dict[str, int]:
    try:
        rows: dict[str, int] = json.loads(notes_path(database).read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return rows
