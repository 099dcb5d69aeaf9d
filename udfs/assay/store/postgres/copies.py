"""A whole store to and from a server: every table, row by row, checked on arrival."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.errors import StoreError
from assay.core.program import program
from assay.core.store_place import StoreAddress, StorePlace
from assay.store.postgres.leases import living, space_of
from assay.store.postgres.schema import TABLES, in_order, missing_here
from assay.store.postgres.server import StoreServer, opening
from assay.store.postgres.session import ServerSession
from assay.store.sqlite import batches
from assay.store.sqlite.salvage import Checkup, check
from assay.store.sqlite.store import StoreFile, connect
from assay.store.sqlite.upkeep import Restored

_AT_ONCE = 2_000
_COMPARED = (("answers", "key"), ("calls", "attempt_id"))


def to_file(address: StoreAddress, target: Path) -> None:
    """Write a store on a server to a file, as of one moment; it may be in use meanwhile.

    Raises `StoreError` where `target` exists, or where it cannot be done.
    """
    if target.exists():
        message = f"{target} exists already; name a file that does not."
        raise StoreError(message)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unborn = target.with_name(target.name + ".new")
    unborn.unlink(missing_ok=True)
    try:
        StoreFile(unborn).close()
        with _reading(address) as session, contextlib.closing(connect(unborn)) as file:
            file.execute("begin immediate")
            for table in TABLES:
                _fill(file, table, session)
            file.execute("commit")
        unborn.rename(target)
    except (OSError, sqlite3.Error) as error:
        message = f"The store {address} cannot be copied to {target}: {error}. Name another file."
        raise StoreError(message) from error
    finally:
        _remove_beside(unborn)


def from_file(
    found: Checkup, backup: Path, address: StoreAddress, *, force: bool = False
) -> Restored:
    """Put a sound file in the place of a store on a server; what was there is kept as a schema.

    Raises `StoreError` while the store is in use, and, without `force`, where it holds what the
    file has not.
    """
    refuse_while_shared(address)
    if not force:
        _refuse_a_loss(backup, address)
    moment = f"{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M%S}"
    unborn = replace(address, schema=f"{address.schema[:40]}_new_{moment}")
    kept = f"{address.schema[:40]}_replaced_{moment}"
    _load(backup, unborn)
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        there = _is_there(session, address.schema)
        renaming = f"alter schema {address.schema} rename to {kept}; " if there else ""
        session.native(f"begin; {renaming}alter schema {unborn.schema} rename to {address.schema}")
        session.native("commit")
    return Restored(found.answers, f"schema {kept}" if there else None)


def move(source: StorePlace, target: StorePlace) -> int:
    """Copy a store from a file to a server, or back; return how many answers it holds.

    Raises `StoreError` where there is a store at `target` already.
    """
    if isinstance(source, StoreAddress):
        file = Path(str(target))
        to_file(source, file)
        return check(file).answers
    if not source.exists():
        message = f"There is no store at {source}; check `ASSAY_STORE`."
        raise StoreError(message)
    address = target
    if isinstance(address, Path):
        raise TypeError(address)
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        if _is_there(session, address.schema) and _holds(session, address.schema):
            message = (
                f"There is a store at {address} already, with rows in it; name another `schema` "
                f"there, or use `{program('restore FILE')}`."
            )
            raise StoreError(message)
    StoreFile(source).close()  # brings its schema up to date, and buries the dead
    _load(source, address)
    return check(source).answers


def refuse_while_shared(address: StoreAddress) -> None:
    """Raise when a living process has the store open, on whatever machine."""
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        if count := len(living(session, space_of(address.schema))):
            message = (
                f"The store {address} is in use by {count} running process(es), here or on other "
                "machines; wait until they have ended, or end them."
            )
            raise StoreError(message)


def _load(file: Path, address: StoreAddress) -> None:
    """Fill the tables of a store, which are empty, with those of a file; all of it or nothing."""
    server = StoreServer(address)
    try:
        with server.transaction(), contextlib.closing(connect(file)) as source:
            for table in TABLES:
                names = _names(source, table)
                if names:
                    rows = source.execute(f"select {', '.join(names)} from {table}")  # noqa: S608
                    server.session.copy_in(table, names, _clean(rows))
            in_order(server.session)
            batches.lease_again(server.session.as_rows)
    finally:
        server.close()


def _fill(file: sqlite3.Connection, table: str, session: ServerSession) -> None:
    names = _names(file, table)
    marks = ",".join("?" * len(names))
    insert = f"insert into {table} ({', '.join(names)}) values ({marks})"  # noqa: S608
    order = "order by rowid" if table == "batch_packs" else ""
    with session.streamed(f"select {', '.join(names)} from {table} {order}") as rows:  # noqa: S608
        while part := rows.fetchmany(_AT_ONCE):
            file.executemany(insert, part)
    if table == "batch_packs":
        batches.lease_again(file)


def _names(file: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of a table of a file; none where it is of before that table."""
    return [name for (name,) in file.execute("select name from pragma_table_info(?)", [table])]


def _clean(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows without the one character that no text of Postgres can hold."""
    for row in rows:
        yield tuple(
            value.replace("\0", "�") if isinstance(value, str) and "\0" in value else value
            for value in row
        )


def _refuse_a_loss(backup: Path, address: StoreAddress) -> None:
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        if not _is_there(session, address.schema):
            return
        session.native(f"set search_path to {address.schema}, pg_temp")
        missing = {table: _lost(session, backup, table, key) for table, key in _COMPARED}
    if any(missing.values()):
        message = (
            f"The store {address} is newer than {backup}: {missing['answers']:,} of its answers "
            f"and {missing['calls']:,} of its attempts are not in the backup and would be lost. "
            "Nothing was changed; if that is what you want, add --force."
        )
        raise StoreError(message)


def _lost(session: ServerSession, backup: Path, table: str, key: str) -> int:
    """Count the rows of a table on the server that a file has not."""
    with contextlib.closing(connect(backup)) as file:
        known = {value for (value,) in file.execute(f"select {key} from {table}")}  # noqa: S608
    there = session.native(f"select {key} from {table}")  # noqa: S608
    return sum(value not in known for (value,) in there)


def _is_there(session: ServerSession, schema: str) -> bool:
    found = session.native("select to_regclass(%s) is not null", [f"{schema}.migrations"])
    return bool(found.fetchone()[0])


def _holds(session: ServerSession, schema: str) -> bool:
    """Whether a store has a row in any table but those of its own upkeep."""
    tables = [
        table
        for table in TABLES
        if session.native("select to_regclass(%s) is not null", [f"{schema}.{table}"]).fetchone()[
            0
        ]
    ]
    return any(
        session.native(f"select exists (select from {schema}.{table})").fetchone()[0]  # noqa: S608
        for table in tables
    )


@contextlib.contextmanager
def _reading(address: StoreAddress) -> Iterator[ServerSession]:
    """Yield a session that sees the store as of one moment."""
    with opening(address), contextlib.closing(ServerSession(address)) as session:
        if missing := missing_here(session, address.schema):
            message = (
                f"The store {address} is not there, or lacks {len(missing)} steps of its schema; "
                f"run `{program('build')}` first, or check `ASSAY_STORE`."
            )
            raise StoreError(message)
        session.native(f"set search_path to {address.schema}, pg_temp")
        session.native("begin isolation level repeatable read read only")
        yield session


def _remove_beside(unborn: Path) -> None:
    """Remove what was in the making, and what the making left beside it."""
    for path in unborn.parent.glob(f"{unborn.name}*"):
        if path.is_dir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        else:
            path.unlink()
