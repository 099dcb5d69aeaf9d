"""A session on the server, with the face of a connection to SQLite: it takes the store's SQL."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader, Transformer

from assay.core.store_place import StoreAddress
from assay.store.postgres.dialect import (
    Columns,
    bound,
    conflicting,
    is_counted,
    on_conflict,
    pieces,
    translated,
)

_MANY = 200
"""So many statements go to the server at once."""

_COLUMNS = """
    select attname, attnum = any (coalesce(indkey::int2[], '{}'))
    from pg_attribute left join pg_index on indrelid = attrelid and indisprimary
    where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
"""
_KEEPALIVE = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "connect_timeout": 15,
}
"""A host that is gone is noticed within a minute, in seconds, by either side."""

_SET_UP = (
    "set client_min_messages = warning; set synchronous_commit = on; set timezone = 'UTC'; "
    "set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; "
    "set tcp_keepalives_count = 3; set client_connection_check_interval = '10s'; "
    "set standard_conforming_strings = on"
)

Error = psycopg.Error
"""What the driver raises."""


class _Flag(Dumper):  # type: ignore[misc]
    """Truth as SQLite has it: 1 and 0."""

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"

    def quote(self, obj: bool) -> bytes:
        return self.dump(obj)


class _Number(Loader):  # type: ignore[misc]
    """Sums as SQLite has them: whole numbers stay whole."""

    def load(self, data: Buffer) -> float:
        said = bytes(data).decode()
        return int(said) if said.lstrip("-").isdigit() else float(said)


class ServerSession:
    """One connection to the server; statements outside `begin` and `commit` stand alone."""

    def __init__(self, address: StoreAddress) -> None:
        self._connection = psycopg.connect(
            address.url, autocommit=True, cursor_factory=psycopg.ClientCursor, **_KEEPALIVE
        )
        self._connection.adapters.register_dumper(bool, _Flag)
        self._connection.adapters.register_loader("numeric", _Number)
        self._values = Transformer(self._connection)
        self._columns: dict[str, Columns] = {}
        self.statements = 0
        if hasattr(os, "register_at_fork"):  # or a child would keep its parent alive
            os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(self)))
        self._connection.execute(_SET_UP)

    @property
    def as_rows(self) -> sqlite3.Connection:
        """This session, for the functions that read and write rows.

        They want `execute` and `executemany` of a connection and no more; what comes back has the
        face of a cursor.
        """
        return cast("sqlite3.Connection", self)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE)

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way can read along."""
        return bool(self._connection.pgconn.ssl_in_use)

    def execute(self, sql: str, given: Any = ()) -> Any:
        """Run a statement of the store and return its cursor."""
        self.statements += 1
        said = self._put(sql)
        if given and is_counted(sql, given):
            return self._connection.execute(self._filled(said, given))
        return self._connection.execute(translated(said), bound(said, given) if given else ())

    def executemany(self, sql: str, rows: Iterable[Any]) -> None:
        """Run a statement for each of `rows`, many at once."""
        said = self._put(sql)
        filled = [self._filled(said, row) for row in rows]
        for start in range(0, len(filled), _MANY):
            self.statements += 1
            self._connection.execute(b";".join(filled[start : start + _MANY]))

    def _filled(self, sql: str, given: Iterable[Any]) -> bytes:
        """Return a statement with the values in their places, as the driver spells them."""
        first, *rest = pieces(sql)
        said, known = [first], dict[str, bytes]()  # the same words stand in many rows
        for value, piece in zip(given, rest, strict=True):
            said += (self._spelled(value, known), piece)
        return b"".join(said)

    def _spelled(self, value: Any, known: dict[str, bytes]) -> bytes:
        """Return a value as a literal; that of a text is looked up in what is `known`."""
        if value is None:
            return b"NULL"
        if not isinstance(value, str):
            return bytes(self._values.as_literal(value))
        if value not in known:
            known[value] = bytes(self._values.as_literal(value.replace("\0", "\ufffd")))
        return known[value]

    def native(self, sql: str, given: Any = None) -> Any:
        """Run SQL of Postgres as it is and return its cursor."""
        self.statements += 1
        return self._connection.execute(sql, given)

    def copy_in(self, table: str, names: Iterable[str], rows: Iterable[Iterable[Any]]) -> int:
        """Append rows to a table, and return how many."""
        count = 0
        into = f"copy {table} ({', '.join(names)}) from stdin"
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(list(row))
                count += 1
        return count

    @contextmanager
    def streamed(self, sql: str) -> Iterator[Any]:
        """Yield a cursor whose rows come as they are fetched; within a transaction."""
        with self._connection.cursor(name="streamed") as cursor:
            yield cursor.execute(sql)

    def columns(self, table: str) -> Columns:
        """Return the columns of a table and its key, as they were when they were asked first."""
        if table not in self._columns:
            found = self._connection.execute(_COLUMNS, [table]).fetchall()
            names = [name for name, _ in found]
            self._columns[table] = Columns(names, [name for name, is_key in found if is_key])
        return self._columns[table]

    def forget_columns(self) -> None:
        """The schema has changed."""
        self._columns.clear()

    def rollback(self) -> None:
        """Take back what is open; a session that is gone has taken it back."""
        if not self._connection.closed:
            self._connection.rollback()

    def let_go(self) -> None:
        """Leave the session to the process that opened it; not a word is said to the server."""
        if not self._connection.closed:
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, self._connection.fileno())
            os.close(nothing)

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _put(self, sql: str) -> str:
        table = conflicting(sql)
        return on_conflict(sql, self.columns(table) if table else None)


def _let_go(session: weakref.ref[ServerSession]) -> None:
    """Put nothing in the place of a session's socket in a child, as long as that is not ours."""
    if (found := session()) is not None:
        found.let_go()
