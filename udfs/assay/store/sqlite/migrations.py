"""Bringing a store to the present schema: which steps it has seen, and those that are missing."""

from __future__ import annotations

import sqlite3

from assay.store.sqlite import first_steps, later_steps
from assay.store.sqlite.steps import MIGRATIONS, Migration, migration

__all__ = [
    "MIGRATIONS",
    "first_steps",
    "later_steps",
    "migrate",
    "migration",
    "missing_steps",
    "unknown_steps",
]


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that are missing; call inside a transaction, so that it is all or none."""
    connection.execute("create table if not exists migrations (name text primary key)")
    for step in missing_steps(connection):
        step(connection)
        connection.execute("insert into migrations values (?)", [step.__name__])


def missing_steps(connection: sqlite3.Connection) -> list[Migration]:
    """Return the steps that this store has not seen, in their order."""
    applied = _applied(connection)
    return [step for step in MIGRATIONS if step.__name__ not in applied]


def unknown_steps(connection: sqlite3.Connection) -> set[str]:
    """Return the names of steps that this store has seen and we do not know: it is newer."""
    return _applied(connection) - {step.__name__ for step in MIGRATIONS}


def _applied(connection: sqlite3.Connection) -> set[str]:
    query = "select count(*) from sqlite_master where type = 'table' and name = 'migrations'"
    (known,) = connection.execute(query).fetchone()
    rows = connection.execute("select name from migrations") if known else ()
    return {name for (name,) in rows}
