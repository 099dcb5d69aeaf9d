"""Leases: two processes on one store never buy the same answer; the dead hold nothing."""

from __future__ import annotations

import os
import sqlite3
import uuid
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from assay.core.locks import is_locked, lock_on
from assay.store.journal import Journal
from assay.store.records import Granted
from assay.store.sqlite import batches
from assay.store.sqlite.replay import replay
from assay.store.sqlite.rows import keys_in_parts, settled_rows

_LOCK = ".lock"

_FOR_LINES = os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
"""How a journal is opened: each line goes to its end, and as it is, also on Windows."""


class Owner:
    """This process as an owner of leases, with the journal of what it sent and got.

    It is alive as long as it holds its own lock: the system lets go of that when the process
    ends, however it ends. Beside the lock lies the journal: whoever finds the owner dead puts what
    is in there into the store.
    """

    def __init__(self, store: Path) -> None:
        self._folder = _folder_of(store)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.name = uuid.uuid4().hex
        # The lock first: an owner whose journal can be seen is alive already.
        self._lock = lock_on(self._lock_of(self.name))
        self._lock.acquire(blocking=False)
        self.journal = Journal(os.open(self._path(self.name), _FOR_LINES, 0o600), self._folder)
        if hasattr(os, "register_at_fork"):  # where processes fork, a child writes no journal
            os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(self)))

    def close(self) -> None:
        """Stop being alive; the journal stays for whoever buries this owner."""
        self.journal.close()
        self._lock.release()

    def resign(self) -> None:
        """Stop being alive with nothing left behind; for an owner that has sent nothing."""
        self.close()
        self.forget(self.name)

    @staticmethod
    def living(store: Path) -> list[str]:
        """Return the names of all owners of `store` whose process runs."""
        files = _folder_of(store).glob("*.owner")
        return [file.stem for file in files if is_locked(file.with_suffix(_LOCK))]

    def is_alive(self, name: str) -> bool:
        """Whether the owner called `name` still runs."""
        return name == self.name or is_locked(self._lock_of(name))

    def dead(self) -> list[str]:
        """Return the names of owners whose process is gone."""
        names = [path.stem for path in self._folder.glob("*.owner")]
        return [name for name in names if not self.is_alive(name)]

    def bury(self, connection: sqlite3.Connection, name: str) -> None:
        """Drop the leases of an owner, and put into the store what only its journal has."""
        connection.execute("delete from leases where owner = ?", [name])
        ours = name == self.name
        replay(connection, self.journal.open_lines() if ours else self._journal_of(name))

    def forget(self, name: str) -> None:
        """Remove the files of an owner that is buried."""
        self._path(name).unlink(missing_ok=True)
        self._lock_of(name).unlink(missing_ok=True)

    def claim(self, connection: sqlite3.Connection, keys: Sequence[bytes], now: str) -> Granted:
        """Lease those of `keys` that are neither settled nor held; call inside a transaction."""
        found = settled_rows(connection, keys, now)
        settled = {key: outcome for key, outcome in found.items() if not outcome.is_due(now)}
        open_keys = [key for key in keys if key not in settled]
        held = self._held(connection, open_keys)
        pending = batches.waiting(connection, held)
        ours = [key for key in open_keys if key not in held]
        for part, _ in keys_in_parts(ours):
            rows = ",".join(["(?,?)"] * len(part))
            values = [value for key in part for value in (key, self.name)]
            connection.execute(f"insert or replace into leases values {rows}", values)  # noqa: S608
        return Granted(frozenset(ours), settled | pending)

    def _held(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Return who holds those of `keys` that are not free; the dead are buried on the way."""
        holders: dict[bytes, str] = {}
        for part, marks in keys_in_parts(keys):
            query = f"select key, owner from leases where key in ({marks})"  # noqa: S608
            holders.update(connection.execute(query, part).fetchall())
        others = set(holders.values()) - {self.name}
        dead = {name for name in others if not (batches.is_batch(name) or self.is_alive(name))}
        for name in dead:
            self.bury(connection, name)
        return {key: name for key, name in holders.items() if name in others - dead}

    def _journal_of(self, name: str) -> list[bytes]:
        try:
            return self._path(name).read_bytes().splitlines()
        except FileNotFoundError:  # another process has buried it meanwhile
            return []

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.owner"

    def _lock_of(self, name: str) -> Path:
        return self._folder / f"{name}{_LOCK}"


def release(connection: sqlite3.Connection, owner: str, keys: Sequence[bytes] | None) -> None:
    """Give leases of `owner` back: on keys that were not settled after all, or (None) on all."""
    if keys is None:
        connection.execute("delete from leases where owner = ?", [owner])
        return
    rows = [(key, owner) for key in keys]
    connection.executemany("delete from leases where key = ? and owner = ?", rows)


def _let_go(owner: weakref.ref[Owner]) -> None:
    """Close the journal of an owner that is still there."""
    if (found := owner()) is not None:
        found.journal.close()


def _folder_of(store: Path) -> Path:
    return store.with_name(store.name + ".owners")
