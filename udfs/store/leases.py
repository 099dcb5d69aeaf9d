"""Leases: two processes on one store never buy the same answer; the dead hold nothing."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from udfs.records import Outcome
from udfs.store.rows import keys_in_parts, settled_rows


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of asking for keys: ours to ask, settled meanwhile, or held by somebody alive."""

    ours: frozenset[bytes]
    settled: dict[bytes, Outcome]


class Owner:
    """This process as an owner of leases: alive as long as it holds the lock on its own file.

    The kernel lets go of the lock when the process ends, however it ends.
    """

    def __init__(self, store: Path) -> None:
        self._folder = store.with_name(store.name + ".owners")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.name = uuid.uuid4().hex
        self._file = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Stop being an owner."""
        self._path(self.name).unlink(missing_ok=True)
        os.close(self._file)

    def is_alive(self, name: str) -> bool:
        """Whether the owner called `name` still runs; a dead one's file is removed."""
        if name == self.name:
            return True
        try:
            file = os.open(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            self._path(name).unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def bury_the_dead(self, connection: sqlite3.Connection) -> None:
        """Drop the leases of owners that are gone; their unfinished calls may have been paid."""
        names = connection.execute("select distinct owner from leases").fetchall()
        running = connection.execute(
            "select distinct owner from calls where outcome = 'in_flight'"
        )
        for (name,) in {*names, *running.fetchall()}:
            if not self.is_alive(name):
                connection.execute("delete from leases where owner = ?", [name])
                connection.execute(
                    "update calls set outcome = 'interrupted', maybe_paid = 1 "
                    "where outcome = 'in_flight' and owner = ?",
                    [name],
                )

    def claim(self, connection: sqlite3.Connection, keys: Sequence[bytes], now: str) -> Granted:
        """Lease those of `keys` that are neither settled nor held; call inside a transaction."""
        settled = settled_rows(connection, keys, now)
        open_keys = [key for key in keys if key not in settled]
        held = self._held(connection, open_keys)
        ours = [key for key in open_keys if key not in held]
        connection.executemany(
            "insert or replace into leases (key, owner) values (?, ?)",
            [(key, self.name) for key in ours],
        )
        return Granted(frozenset(ours), settled)

    def _held(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> set[bytes]:
        """Return which of `keys` another living owner holds."""
        holders: dict[bytes, str] = {}
        for part, marks in keys_in_parts(keys):
            query = f"select key, owner from leases where key in ({marks})"  # noqa: S608
            holders.update(connection.execute(query, part).fetchall())
        alive = {name for name in set(holders.values()) if self.is_alive(name)}
        return {key for key, name in holders.items() if name in alive and name != self.name}

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def release(connection: sqlite3.Connection, keys: Sequence[bytes]) -> None:
    """Give leases back on keys that were not settled after all."""
    connection.executemany("delete from leases where key = ?", [(key,) for key in keys])
