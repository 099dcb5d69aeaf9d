"""What `doctor` asks of a store on a server: is it there, encrypted on the way, of our schema?"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from assay.core.store_place import StoreAddress
from assay.store.postgres.leases import living, space_of
from assay.store.postgres.schema import missing_here, unknown_here
from assay.store.postgres.server import opening
from assay.store.postgres.session import ServerSession
from assay.store.sqlite.rows import count_held
from assay.store.sqlite.salvage import Checkup, is_answer
from assay.store.sqlite.vectors import is_sound

_COUNTS = """
    select
        (select count(*) from failures),
        (select count(*) from failures
            where next_try_at is null and status not in ('unsupported', 'unclear')),
        (select count(*) from calls where maybe_paid = 1),
        (select count(*) from batches where place in ('written', 'sent'))
"""
_AT_ONCE = 5_000


class ServerCheckup(NamedTuple):
    """A server and the store on it; nothing of it is `found` before a first run has made it."""

    version: str
    is_encrypted: bool
    is_durable: bool
    missing: int
    newer: frozenset[str]
    owners: int
    found: Checkup | None


def check_server(address: StoreAddress) -> ServerCheckup:
    """Return the state of a store on a server; nothing is changed.

    Raises `StoreError` where the server cannot be reached.
    """
    schema = address.schema
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        missing, newer = missing_here(session, schema), unknown_here(session, schema)
        (version,) = session.native("show server_version").fetchone()
        (durable,) = session.native(
            "select current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on'"
        ).fetchone()
        owners = len(living(session, space_of(schema)))
        found = _checked(session, schema) if not missing else None
        return ServerCheckup(
            str(version).split(" ")[0],
            session.is_encrypted,
            bool(durable),
            len(missing),
            frozenset(newer),
            owners,
            found,
        )


def _checked(session: ServerSession, schema: str) -> Checkup:
    session.native(f"set search_path to {schema}, pg_temp")
    session.native("begin isolation level repeatable read read only")
    unsound = _unsound(session, "answers") + _unsound(session, "vectors")
    answers, paid = count_held(session.as_rows)
    failures, dead, maybe_paid, waiting = session.native(_COUNTS).fetchone()
    session.rollback()
    return Checkup(answers, paid, unsound, failures, dead, maybe_paid, waiting)


def _unsound(session: ServerSession, table: str) -> int:
    """Count the rows of a table whose checksum does not fit."""
    fits = is_answer if table == "answers" else is_sound
    count = 0
    with session.streamed(f"select * from {table}") as rows:  # noqa: S608
        while part := rows.fetchmany(_AT_ONCE):
            count += sum(not fits(row) for row in part)
    return count
