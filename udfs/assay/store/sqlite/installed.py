"""What `doctor` asks of SQLite and of a file, without opening a store: versions, WAL, schema."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from assay.store.sqlite.migrations import missing_steps, unknown_steps
from assay.store.sqlite.store import connect

_FIXED = (3, 51, 3)
"""The first SQLite without the WAL-reset bug: https://sqlite.org/wal.html#walresetbug"""

_HEAD_BYTES = 20
_WAL_VERSION = 2


class Library(NamedTuple):
    """The SQLite that this process has: its version, and whether it resets a WAL as it should."""

    version: str
    is_fixed: bool


class SchemaGap(NamedTuple):
    """Steps of the schema that a store has not seen, and those it has seen that we do not know."""

    missing: int
    newer: frozenset[str]


def library() -> Library:
    """Return the SQLite that this process has."""
    return Library(sqlite3.sqlite_version, sqlite3.sqlite_version_info >= _FIXED)


def uses_wal(path: Path) -> bool:
    """Whether the header of the file says WAL; a file that is not there does not."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return False
    return len(head) == _HEAD_BYTES and _WAL_VERSION in head[18:20]


def schema_gap(path: Path) -> SchemaGap:
    """Return how far the schema of the store at `path` is from ours; nothing is changed."""
    with contextlib.closing(connect(path)) as connection:
        newer, missing = unknown_steps(connection), missing_steps(connection)
    return SchemaGap(len(missing), frozenset(newer))
