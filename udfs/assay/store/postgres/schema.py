"""The schema of a store on a server: the steps of the store's own, and what deletion leaves."""

from __future__ import annotations

import sqlite3

from assay.store.postgres.session import ServerSession
from assay.store.sqlite.migrations import MIGRATIONS

TABLES = (
    *("answers", "superseded", "vectors", "failures", "discards", "tasks", "calls", "runs"),
    *("looks", "served", "fates", "statements", "rungs", "gate_results", "evaluations"),
    *("golden_answers", "cascades", "batches", "batch_packs", "repairs", "repair_decisions"),
)
"""All that a store holds but leases, which follow from batches and from who lives."""

WITH_TEXTS = ("answers", "superseded", "vectors", "failures", "batch_packs", "repairs")
"""The tables in which something of a text may be."""
_TYPES = {"bytea": "BLOB", "bigint": "INTEGER", "double precision": "REAL", "text": "TEXT"}


_OWN = {
    "walls_of_many": (
        'create table spend (run text collate "C", owner text collate "C", '
        "requests bigint not null, reserved_usd double precision not null, "
        "spent_usd double precision not null, primary key (run, owner)); "
        'create table starts (host text collate "C", second bigint, requests bigint not null, '
        "tokens bigint not null, primary key (host, second))"
    ),
}
"""Steps that a file does not take: what one process needs to know of others while it sends."""

_STEPS = [*(step.__name__ for step in MIGRATIONS), *_OWN]


def unknown_here(session: ServerSession, schema: str) -> set[str]:
    """Return the names of steps that a schema has seen and we do not know: it is newer."""
    return _applied(session, schema) - {*_STEPS}


def missing_here(session: ServerSession, schema: str) -> list[str]:
    """Return the names of the steps that a schema has not seen."""
    known = _applied(session, schema)
    return [name for name in _STEPS if name not in known]


def migrate(session: ServerSession, schema: str) -> None:
    """Take the steps that are missing; call inside a transaction, so that it is all or none."""
    applied = _applied(session, schema)
    if not applied:
        session.native(f"create schema if not exists {schema}")
    session.native(f"set search_path to {schema}, pg_temp")
    session.native('create table if not exists migrations (name text collate "C" primary key)')
    for step in MIGRATIONS:
        if step.__name__ not in applied:
            step(session.as_rows)
            session.execute("insert into migrations values (?)", [step.__name__])
    for name, sql in _OWN.items():
        if name not in applied:
            session.native(sql)
            session.execute("insert into migrations values (?)", [name])
    session.forget_columns()


def types_of(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return the columns of a table with the types that SQLite has for them."""
    found = connection.execute(
        "select attname, format_type(atttypid, null) from pg_attribute where attrelid = "
        "to_regclass(?) and attnum > 0 and not attisdropped and attname <> 'rowid' "
        "order by attnum",
        [table],
    )
    return {name: _TYPES[kind] for name, kind in found}


def in_order(session: ServerSession) -> None:
    """Let what is counted go on after what has been copied."""
    session.native(
        "select setval(pg_get_serial_sequence('repair_decisions', 'place'), "
        "coalesce(max(place), 0) + 1, false) from repair_decisions"
    )


def erased(session: ServerSession) -> None:
    """Write the tables that texts are in anew, without what was deleted from them."""
    for table in WITH_TEXTS:
        session.native(f"vacuum (full) {table}")


def _applied(session: ServerSession, schema: str) -> set[str]:
    known = session.native("select to_regclass(%s) is not null", [f"{schema}.migrations"])
    if not known.fetchone()[0]:
        return set()
    return {name for (name,) in session.native(f"select name from {schema}.migrations")}  # noqa: S608
