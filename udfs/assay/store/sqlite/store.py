"""The durable file of answers, ledger and failures: one connection writes, one reads.

What it can be asked to do is in `verbs.py`; here it is opened, guarded, locked and closed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from assay.core.disk import put_on_disk
from assay.core.errors import StoreError
from assay.core.program import program
from assay.store.journal import Journal
from assay.store.sqlite.busy_wait import BUSY_SECONDS, TRY_SECONDS, Patience
from assay.store.sqlite.leases import Owner
from assay.store.sqlite.loss_guard import Witness, lock_beside
from assay.store.sqlite.migrations import migrate, missing_steps, unknown_steps
from assay.store.sqlite.rows import Held, count_held

T = TypeVar("T")


class StoreFile:
    """The file behind a store, for as long as this process has it.

    A rollback journal, not a WAL: SQLite before 3.51.3 can damage a WAL that two connections
    write or checkpoint. `synchronous=FULL`: a commit that has returned survives a power cut.
    With `guarded`, a file that was lost, emptied or damaged, or that holds fewer paid answers than
    it did, stops the run instead of being bought again; a witness beside the file knows how many
    there were.

    What reads waits for no writer of ours, which may wait for that of another process: it has a
    connection of its own. Safe to use from any thread, until a fork.
    """

    def __init__(self, path: Path, *, guarded: bool = False) -> None:
        # Two ways to one file must find the same owners, or leases would hold nobody off.
        self.path = path = path.resolve()
        self._lock, self._reading = threading.RLock(), threading.RLock()
        self._looking: int | None = None
        self._patience = Patience()
        self._pid = os.getpid()
        self._closed = self._in_transaction = False
        self._witness = Witness(path)
        if guarded:
            self._refuse_a_lost_file()
        with contextlib.ExitStack() as undoing:
            self._connection = undoing.enter_context(contextlib.closing(self._open()))
            self._reader = undoing.enter_context(contextlib.closing(self._open_reader()))
            self._migrate()
            self._owner = self._become_owner()
            undoing.callback(self._owner.resign)
            self._bury_the_dead()
            if guarded:  # after the burials: answers may have been in journals only
                self._refuse_lost_answers()
            undoing.pop_all()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards. Safe to call twice.

        What was sent and did not reach the ledger is written there now. Where that fails, the
        owner's journal stays behind and the next process to open the store does it.
        """
        if os.getpid() != self._pid or self._closed:
            return
        with self._lock:
            self._closed = True
            with contextlib.suppress(StoreError):
                self._bury(self._owner.name)
            with contextlib.suppress(StoreError):
                self._bear_witness()
            self._owner.close()
            self._connection.close()
        with self._reading:
            self._reader.close()

    def hurry(self) -> None:
        """The run is cancelled: wait no longer than a second for locks of other processes.

        What is not written for want of time is in the journal. Lasts until `relax`.
        """
        self._patience.hurry()

    def relax(self) -> None:
        """A run begins: wait for other processes as long as is usual."""
        self._patience.relax()

    def transact(self, steps: Sequence[Callable[[sqlite3.Connection], T]]) -> list[T]:
        """Run `steps` in one transaction and return their results once it is on disk.

        Raises `StoreError` where it cannot be, another process holding the lock for too long
        included; then nothing of it is.
        """
        with self.transaction():
            return [step(self._connection) for step in steps]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one transaction of all that this thread does within; one inside is a part of it."""
        with self._guarded() as connection:
            if self._in_transaction:
                yield
                return
            self._begin()
            self._in_transaction = True
            try:
                yield
                self._patience.run(lambda: connection.execute("commit"))
            except BaseException:
                connection.rollback()
                raise
            finally:
                self._in_transaction = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that this thread reads within be of one moment."""
        with self._translating(), self._reading:
            self._reader.execute("begin")
            self._looking = threading.get_ident()
            try:
                yield
            finally:
                self._looking = None
                self._reader.rollback()

    def _erase(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run `step`, which deletes, and leave no byte of what it deleted in the file."""
        with self._guarded() as connection:
            connection.execute("pragma secure_delete=on")
            steps: list[Callable[[sqlite3.Connection], Any]] = [step, self._accept]
            result: T = self.transact(steps)[0]
            self._patience.run(lambda: connection.execute("vacuum"))
        return result

    def _rehearse(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `step` would return, and take back what it did."""
        with self._guarded() as connection:
            self._begin()
            try:
                return step(connection)
            finally:
                connection.rollback()

    def _begin(self) -> None:
        """Take the lock of whoever writes."""
        self._patience.run(lambda: self._connection.execute("begin immediate"))

    @property
    def owner(self) -> str:
        """The name of this process among the owners of leases."""
        return self._owner.name

    @property
    def journal(self) -> Journal:
        """What this process has sent, and what came back before the store had it."""
        return self._owner.journal

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `query` reads of the file as it is on disk.

        In its turn where that comes soon, or a writer of ours would hold it up at every commit;
        beside the writer that itself waits for another process. Within a transaction of this
        thread, it is read as that has it.
        """
        looking = self._looking == threading.get_ident()
        in_turn = self._lock.acquire(timeout=0 if looking else TRY_SECONDS)
        try:
            if in_turn and self._in_transaction:
                return query(self._connection)
            with self._translating(), self._reading:
                return self._patience.run(lambda: query(self._reader))
        finally:
            if in_turn:
                self._lock.release()

    def _become_owner(self) -> Owner:
        try:
            return Owner(self.path)
        except OSError as error:
            raise self._unopened(error) from error

    def _bury_the_dead(self) -> None:
        """Take over from processes that ended without closing the store."""
        for name in self._owner.dead():
            self._bury(name)

    def _bury(self, name: str) -> None:
        self.transact([partial(self._owner.bury, name=name)])
        self._owner.forget(name)

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection that writes under the lock, with SQLite's errors translated."""
        with self._translating(), self._lock:
            yield self._connection

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Refuse a forked child, and turn SQLite's errors into ours."""
        if os.getpid() != self._pid:
            message = f"The store {self.path} was opened by another process; open it again."
            raise StoreError(message)
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter: a damaged name
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> StoreError:
        return StoreError(
            f"The store {self.path} failed: {error} ({room(self.path)}). Nothing further is sent. "
            f"Make room, or see `{program('doctor')}`."
        )

    def _refuse_a_lost_file(self) -> None:
        """Raise when the file is gone and there were answers in it, or when it is empty."""
        if not self.path.exists():
            self._refuse_if_witnessed("gone")
        elif self.path.stat().st_size == 0:
            raise self._lost("empty")

    def _refuse_lost_answers(self) -> None:
        """Raise when there were more paid answers than the file holds, though it is sound."""
        held = self._read(count_held)
        if self._witness.missing(held):
            raise self._lost_some(held) if held.answers else self._lost("empty")
        self._witness.bear(held, checked=True)

    def _refuse_if_witnessed(self, state: str) -> None:
        if self._witness.answers():
            raise self._lost(state)

    def _lost(self, state: str) -> StoreError:
        answers = self._witness.answers()
        known = f", which held {answers:,} answers," if answers else ""
        return StoreError(
            f"The store {self.path}{known} is {state}: asking again would buy everything again. "
            f"Restore it, or run `{program('doctor --accept-cold-cache')}` to start over."
        )

    def _lost_some(self, held: Held) -> StoreError:
        return StoreError(
            f"The store {self.path}, which held {self._witness.answers():,} paid answers, holds "
            f"{held.paid:,}: asking again would buy the others again. Restore it, or run "
            f"`{program('doctor --accept-cold-cache')}` to go on with what is there."
        )

    def _bear_witness(self) -> None:
        """Write down beside the file how many answers it holds, where we may have added some."""
        if self._connection.total_changes:
            self._witness.bear(self._read(count_held))

    def _accept(self, connection: sqlite3.Connection) -> None:
        """Let the witness know what is left of a deletion that a person asked for."""
        self._witness.accept(count_held(connection).paid)

    def _open(self) -> sqlite3.Connection:
        try:
            create_where_missing(self.path)
            self.path.chmod(0o600)
            connection = connect(self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._unopened(error) from error
        try:
            self._refuse_a_newer_store(connection)
            set_pragmas(connection)
            _set_tries(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise self._unopened(error) from error
            raise
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        """Return a connection that only reads; it may still undo what a killed writer left.

        That is why the file is not opened read-only.
        """
        with self._translating():
            connection = connect(self.path)
            set_pragmas(connection)
            connection.execute("pragma query_only=on")
            _set_tries(connection)
        return connection

    def _unopened(self, error: Exception) -> StoreError:
        return StoreError(
            f"The store {self.path} cannot be opened: {error} ({room(self.path)}). Check "
            f"`ASSAY_STORE`, or see `{program('doctor')}`."
        )

    def _migrate(self) -> None:
        """Bring the schema up to date in one transaction."""
        if self._read(missing_steps):
            self.transact([migrate])

    def _refuse_a_newer_store(self, connection: sqlite3.Connection) -> None:
        """Raise before anything is written when the store knows steps that we do not."""
        if newer := unknown_steps(connection):
            message = (
                f"The store {self.path} was written by a newer Assay "
                f"({', '.join(sorted(newer))}); upgrade, or point `ASSAY_STORE` elsewhere."
            )
            raise StoreError(message)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a file that is there; bytes that are no UTF-8 come as U+FFFD.

    The checksum of an answer then tells, where an exception would stop the whole run.
    """
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text
    return connection


def set_pragmas(connection: sqlite3.Connection) -> None:
    """Choose a rollback journal and commits that survive a power cut."""
    for pragma in ("journal_mode=truncate", "synchronous=full", "mmap_size=0"):
        connection.execute(f"pragma {pragma}")


def _set_tries(connection: sqlite3.Connection) -> None:
    """Let a connection wait in tries: it is used with patience."""
    connection.execute(f"pragma busy_timeout={TRY_SECONDS * 1000:.0f}")


def create_where_missing(path: Path) -> None:
    """Make a store under another name and then give it its own: nobody ever sees a part of one.

    So an empty file is always a loss, never the start of a run that was killed. The file is not
    opened where it exists: to close it would drop SQLite's locks on it for this whole process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    with lock_beside(path):
        if path.exists():
            return
        # What a killed maker left, and a journal whose file is gone: it would be rolled back.
        for stale in (*path.parent.glob(f"{path.name}.*.new*"), journal_of(path)):
            stale.unlink(missing_ok=True)
        unborn = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
        os.close(os.open(unborn, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with contextlib.closing(connect(unborn)) as connection:
            set_pragmas(connection)
            connection.execute("begin immediate")
            migrate(connection)
            connection.execute("commit")
        journal_of(unborn).unlink(missing_ok=True)
        unborn.rename(path)
        put_on_disk(path.parent)


def journal_of(path: Path) -> Path:
    """Return the rollback journal of the store at `path`."""
    return path.with_name(path.name + "-journal")


def room(path: Path) -> str:
    """Return how much room is left where `path` is, as words for a message."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        return f"the folder cannot be looked at: {error.strerror}"
    return f"{free:,} bytes free"


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
