"""The store on a server: two sessions, one writes and is this process's life, one reads.

What it can be asked to do is in `assay.store.sqlite.verbs`; here it is opened and closed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from assay.core.errors import StoreError
from assay.core.program import program
from assay.core.store_place import StoreAddress
from assay.store.journal import Journal
from assay.store.postgres.leases import ServerOwner, living, space_of
from assay.store.postgres.schema import erased, migrate, unknown_here
from assay.store.postgres.session import Error, ServerSession
from assay.store.postgres.walls import ServerWalls
from assay.store.sqlite.leases import Owner
from assay.store.walls import Room, Toll, Walls

T = TypeVar("T")

_PATIENCE = "60s"
_HURRIED = "1s"


class StoreServer:
    """The store at an address, for as long as this process has it.

    A commit that has returned is on the server's disk. A session that is cut cannot be mended:
    its leases are another's from then on, so that every verb says so and the run ends. What
    reads waits for nobody. Safe to use from any thread, until a fork.
    """

    def __init__(self, address: StoreAddress) -> None:
        self.address = address
        self.path = address.resolve().beside
        self._lock, self._reading = threading.RLock(), threading.RLock()
        self._looking: int | None = None
        self._hurried = False
        self._pid = os.getpid()
        self._closed = self._in_transaction = False
        with contextlib.ExitStack() as undoing, opening(address):
            self._session = undoing.enter_context(contextlib.closing(ServerSession(address)))
            self._migrate()
            self._reader = undoing.enter_context(contextlib.closing(ServerSession(address)))
            self._reader.native(f"set search_path to {address.schema}, pg_temp")
            self._life = ServerOwner(self.path, self._session, address.schema)
            self._owner: Owner = self._life
            undoing.callback(self._life.resign)
            self._bury_the_dead()
            self._walls = ServerWalls(address, self._life.name)
            undoing.pop_all()

    def close(self) -> None:
        """Let go of the store, which cannot be used afterwards. Safe to call twice.

        What was sent and did not reach the ledger is written there now. Where that fails, the
        journal stays behind and the next process of this host to open the store does it.
        """
        if os.getpid() != self._pid or self._closed:
            return
        with self._lock:
            self._closed = True
            with contextlib.suppress(StoreError):
                self._bury(self._owner.name)
            self._walls.close()
            self._owner.close()
            with contextlib.suppress(Error):  # at once, and not when the server comes to it
                self._session.native("select pg_advisory_unlock_all()")
            self._session.close()
        with self._reading:
            self._reader.close()

    def hurry(self) -> None:
        """A run is cancelled: wait no longer than a second for others. Lasts until `relax`."""
        self._hurried = True

    def relax(self) -> None:
        """A run begins: wait for others as long as is usual."""
        self._hurried = False

    @property
    def owner(self) -> str:
        """The name of this process among the owners of leases."""
        return self._owner.name

    @property
    def walls(self) -> Walls | None:
        """Limits over all processes of the store."""
        return _Told(self._walls, self._translating)

    @property
    def journal(self) -> Journal:
        """What this process has sent, and what came back before the store had it."""
        return self._owner.journal

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one transaction of all that this thread does within; one inside is a part of it."""
        with self._translating(), self._lock:
            if self._in_transaction:
                yield
                return
            wait = _HURRIED if self._hurried else _PATIENCE
            self._session.native(f"begin; set local lock_timeout = '{wait}'")
            self._in_transaction = True
            try:
                yield
                self._session.native("commit")
            except BaseException:
                self._session.rollback()
                raise
            finally:
                self._in_transaction = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that this thread reads within be of one moment; nobody waits for its end."""
        with self._translating(), self._reading, _one_moment(self._reader):
            self._looking = threading.get_ident()
            try:
                yield
            finally:
                self._looking = None

    @property
    def session(self) -> ServerSession:
        """The session that writes."""
        return self._session

    @property
    def _rows(self) -> sqlite3.Connection:
        """The session that writes, for functions over rows."""
        return self._session.as_rows

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `query` reads, all of it as of one moment.

        Within a transaction of this thread, it is read as that has it.
        """
        looking = self._looking == threading.get_ident()
        in_turn = self._lock.acquire(blocking=False)
        try:
            if in_turn and self._in_transaction and not looking:
                with self._translating():
                    return query(self._rows)
            with self._translating(), self._reading:
                if self._reader.in_transaction:
                    return query(self._reader.as_rows)
                with _one_moment(self._reader):
                    return query(self._reader.as_rows)
        finally:
            if in_turn:
                self._lock.release()

    def _erase(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run `step`, which deletes, and leave no byte of what it deleted in its tables."""
        with self._lock:
            with self.transaction():
                result = step(self._rows)
            with self._translating():
                erased(self._session)
        return result

    def _rehearse(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `step` would return, and take back what it did."""
        with self._translating(), self._lock:
            self._session.native("begin")
            try:
                return step(self._rows)
            finally:
                self._session.rollback()

    def _living(self) -> Container[str]:
        """Return the owners that are alive now."""
        with self._translating(), self._lock:
            return living(self._session, space_of(self.address.schema))

    def _migrate(self) -> None:
        """Bring the schema up to date in one transaction; one process does it at a time."""
        schema = self.address.schema
        if newer := unknown_here(self._session, schema):
            message = (
                f"The store {self.address} was written by a newer Assay "
                f"({', '.join(sorted(newer))}); upgrade, or point `ASSAY_STORE` elsewhere."
            )
            raise StoreError(message)
        with self.transaction():
            self._session.native("select pg_advisory_xact_lock(%s, -2)", [space_of(schema)])
            migrate(self._session, schema)

    def _bury_the_dead(self) -> None:
        """Take over from processes that ended without closing the store."""
        for name in {*self._life.dead(), *self._life.dead_holders()}:
            self._bury(name)

    def _bury(self, name: str) -> None:
        with self.transaction():
            self._life.take_turn()
            self._owner.bury(self._rows, name)
        self._owner.forget(name)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Refuse a forked child, and turn the driver's errors into ours."""
        if os.getpid() != self._pid:
            message = f"The store {self.address} was opened by another process; open it again."
            raise StoreError(message)
        try:
            yield
        except Error as error:
            message = (
                f"The store {self.address} failed: {_said(error)}. Nothing further is sent. See "
                f"`{program('doctor')}`."
            )
            raise StoreError(message) from None


class _Told:
    """Walls whose driver's errors are turned into ours."""

    def __init__(
        self, walls: ServerWalls, translating: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._walls, self._translating = walls, translating

    def enter(self, toll: Toll) -> float:
        with self._translating():
            return self._walls.enter(toll)

    def reserve(self, toll: Toll) -> Room:
        with self._translating():
            return self._walls.reserve(toll)

    def pay(self, toll: Toll, cost_usd: float | None) -> None:
        with self._translating():
            self._walls.pay(toll, cost_usd)


@contextmanager
def opening(address: StoreAddress) -> Iterator[None]:
    """Turn what the driver says of a server that cannot be used into a `StoreError`."""
    try:
        yield
    except (Error, OSError) as error:
        message = (
            f"The store {address} cannot be opened: {_said(error)}. Check `ASSAY_STORE` and that "
            f"the server is up, or see `{program('doctor')}`."
        )
        raise StoreError(message) from None


@contextmanager
def _one_moment(session: ServerSession) -> Iterator[None]:
    session.native("begin isolation level repeatable read read only")
    try:
        yield
    finally:
        session.rollback()


def _said(error: Any) -> str:
    """Return what a driver says, on one line, without what it adds of statements and rows."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
