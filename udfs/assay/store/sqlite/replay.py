"""What a journal says, put into the store: by whoever closes it, or finds its owner dead."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from assay.core.values import Attempt
from assay.store.journal import NOT_UNDERSTOOD, entries
from assay.store.records import Landing
from assay.store.sqlite.rows import put_interrupted, put_landings

_REFUSED = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""What SQLite says to values of a shape that we do not know."""


def replay(connection: sqlite3.Connection, lines: Iterable[bytes]) -> None:
    """Put into the store what `lines` of a journal say; what it has already stays as it is."""
    for entry in entries(lines):
        _replay_whole(connection, entry)


def _replay_whole(connection: sqlite3.Connection, entry: Attempt | Landing) -> None:
    """Put an entry into the store, or nothing of it where a part is not understood."""
    connection.execute("savepoint entry")
    try:
        if isinstance(entry, Landing):
            put_landings(connection, [entry])
        else:
            put_interrupted(connection, entry)
    except (*NOT_UNDERSTOOD, *_REFUSED):
        connection.execute("rollback to entry")
    connection.execute("release entry")
