"""Leases on the server: a process is alive as long as its session holds an advisory lock."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from assay.core.values import Attempt
from assay.store.journal import NOT_UNDERSTOOD, entries
from assay.store.postgres.session import Error, ServerSession
from assay.store.records import Granted, Landing
from assay.store.sqlite import batches
from assay.store.sqlite.leases import Owner
from assay.store.sqlite.rows import put_interrupted, put_landings, settled_rows

_DIGITS = 7
"""So many hex digits of a name are the number of its lock, which has room for 31 bits."""

_LIVING = (
    "select objid::bigint from pg_locks where locktype = 'advisory' and granted "
    "and classid = %s::bigint::oid and objsubid = 2 "
    "and database = (select oid from pg_database where datname = current_database())"
)
_CLAIMS = "select pg_advisory_xact_lock(%s, -1)"


class Living(Container[str]):
    """The owners whose session is there, at one moment, by name."""

    def __init__(self, numbers: set[int]) -> None:
        self._numbers = numbers

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _number(name) in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)


class ServerOwner(Owner):
    """This process as an owner of leases of a store on a server.

    Its session holds a lock that the server lets go of when the process, its host or the way
    there is gone; no clock is asked. The journal is a file of this host: whoever opens the store
    here finds it once the process is gone. A process of this host that lost its session is alive
    as long as it runs.
    """

    def __init__(self, beside: Path, session: ServerSession, schema: str) -> None:
        beside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(beside)
        self._session, self._space = session, space_of(schema)
        take = "select pg_try_advisory_lock(%s, %s)"
        if not session.native(take, [self._space, _number(self.name)]).fetchone()[0]:
            self.resign()
            message = "another process has this name by chance; try again"
            raise OSError(message)

    def is_alive(self, name: str) -> bool:
        """Whether the owner called `name` still runs, here or elsewhere."""
        return super().is_alive(name) or name in living(self._session, self._space)

    def take_turn(self) -> None:
        """Wait until no other transaction claims or buries; until the end of this one."""
        self._session.native(_CLAIMS, [self._space])

    def claim(self, connection: sqlite3.Connection, keys: Sequence[bytes], now: str) -> Granted:
        """Lease those of `keys` that are neither settled nor held; call inside a transaction.

        One claims at a time, and in two looks: first who holds what, then what is settled. The
        second sees what was landed before the first found it free, so that nothing that has just
        been answered is bought again.
        """
        self.take_turn()
        held = self._held(connection, keys)
        found = settled_rows(connection, keys, now)
        settled = {key: outcome for key, outcome in found.items() if not outcome.is_due(now)}
        pending = batches.waiting(connection, {k: held[k] for k in held if k not in settled})
        ours = sorted({key for key in keys if key not in settled and key not in held})
        if ours:
            self._session.native(
                "insert into leases select unnest(%s::bytea[]), %s "
                "on conflict (key) do update set owner = excluded.owner",
                [ours, self.name],
            )
        return Granted(frozenset(ours), settled | pending)

    def bury(self, connection: sqlite3.Connection, name: str) -> None:
        """Drop the leases of an owner, and put into the store what only its journal has."""
        connection.execute("delete from leases where owner = ?", [name])
        ours = name == self.name
        for entry in entries(self.journal.open_lines() if ours else self._journal_of(name)):
            self._replay(connection, entry)

    def dead_holders(self) -> list[str]:
        """Return the owners of leases whose process is gone, whatever host they were on."""
        found = self._session.native("select distinct owner from leases").fetchall()
        names = [name for (name,) in found if not batches.is_batch(name)]
        return [name for name in names if not self.is_alive(name)]

    def _replay(self, connection: sqlite3.Connection, entry: Attempt | Landing) -> None:
        """Put an entry into the store, or nothing of it where a part is not understood."""
        connection.execute("savepoint entry")
        put: Callable[[], None] = (
            (lambda: put_landings(connection, [entry]))
            if isinstance(entry, Landing)
            else (lambda: put_interrupted(connection, entry))
        )
        try:
            put()
        except (*NOT_UNDERSTOOD, Error):
            connection.execute("rollback to entry")
        connection.execute("release entry")


def living(session: ServerSession, space: int) -> Living:
    """Return who is alive now."""
    found = session.native(_LIVING, [space]).fetchall()
    return Living({int(number) for (number,) in found})


def space_of(schema: str) -> int:
    """Return the number under which the owners of a schema have their locks."""
    return zlib.crc32(f"assay:{schema}".encode()) >> 1


def _number(name: str) -> int:
    try:
        return int(name[:_DIGITS], 16)
    except ValueError:  # a batch, or nobody
        return -2
