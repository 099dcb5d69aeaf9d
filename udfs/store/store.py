"""The durable file of answers, ledger and failures: one SQLite connection behind one lock."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from udfs.errors import StoreError
from udfs.records import Outcome
from udfs.store.leases import Owner
from udfs.store.migrations import MIGRATIONS
from udfs.store.rows import settled_rows

T = TypeVar("T")

BUSY_SECONDS = 60
TABLES = ("answers", "calls", "failures", "runs", "tasks")
"""What is served to dbt as the source `assay_store`."""


class Store:
    """Answers by key, one ledger row for each attempt, failures with their next try.

    A rollback journal, not a WAL: SQLite before 3.51.3 can damage a WAL that two connections
    write or checkpoint. `synchronous=FULL`: a commit that has returned survives a power cut.
    With `guarded`, a file that was lost, emptied or damaged stops the run instead of being bought
    again; a witness beside the file knows that there were answers.
    """

    def __init__(self, path: Path, *, guarded: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._witness = path.with_name(path.name + ".witness")
        if guarded:
            self._refuse_a_lost_store()
        self._connection = self._open()
        self._migrate()
        self.owner = Owner(path)
        self._bury_the_dead()
        self._bear_witness()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._bear_witness()
            self._connection.close()
            self.owner.close()

    def fetch(self, keys: Sequence[bytes], now: str) -> dict[bytes, Outcome]:
        """Return what is settled of `keys`: answers, and failures that are not due at `now`."""
        with self._guarded() as connection:
            return settled_rows(connection, keys, now)

    def transact(self, steps: Sequence[Callable[[sqlite3.Connection], T]]) -> list[T]:
        """Run `steps` in one transaction and return their results once it is on disk."""
        with self._guarded() as connection:
            connection.execute("begin immediate")
            try:
                results = [step(connection) for step in steps]
                connection.execute("commit")
            except BaseException:
                connection.rollback()
                raise
            return results

    def rows(self, table: str) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        """Return the columns (name to SQLite type) and rows of one of `TABLES`, blobs as hex."""
        if table not in TABLES:
            message = f"Unknown table {table!r} in the store; known are {', '.join(TABLES)}."
            raise StoreError(message)
        with self._guarded() as connection:
            columns = connection.execute("select name, type from pragma_table_info(?)", [table])
            types = dict(columns.fetchall())
            rows = connection.execute(f"select * from {table}")  # noqa: S608
            return types, [tuple(map(_printable, row)) for row in rows]

    def _bury_the_dead(self) -> None:
        """Take over from processes that ended without closing the store."""
        for name in self.owner.dead():
            self.transact([partial(self.owner.bury, name=name)])
            self.owner.forget(name)

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection under the lock, with SQLite's errors translated."""
        if os.getpid() != self._pid:
            message = f"The store {self.path} was opened by another process; open it again."
            raise StoreError(message)
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._translated(error) from error

    def _translated(self, error: sqlite3.Error) -> StoreError:
        free = os.statvfs(self.path.parent)
        return StoreError(
            f"The store {self.path} failed: {error} ({free.f_bavail * free.f_frsize:,} bytes "
            "free). Nothing further is sent. Make room, or see `./scripts/assay doctor`."
        )

    def _refuse_a_lost_store(self) -> None:
        """Raise when answers that were there are gone, or when there is an empty file."""
        if self.path.exists() and self.path.stat().st_size > 0:
            return
        answers = self._witnessed_answers()
        if not self.path.exists() and not answers:
            return
        known = f", which held {answers:,} answers," if answers else ""
        message = (
            f"The store {self.path}{known} is {'empty' if self.path.exists() else 'gone'}: asking "
            "again would buy everything again. Restore it, or run `./scripts/assay doctor "
            "--accept-cold-cache` to start over."
        )
        raise StoreError(message)

    def _witnessed_answers(self) -> int:
        try:
            return int(json.loads(self._witness.read_text())["answers"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def _bear_witness(self) -> None:
        """Write down beside the file how many answers it holds."""
        with self._guarded() as connection:
            (count,) = connection.execute("select count(*) from answers").fetchone()
        temporary = self._witness.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"answers": count}))
        temporary.replace(self._witness)

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self.path.chmod(0o600)
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode=truncate", "synchronous=full", "mmap_size=0"):
                connection.execute(f"pragma {pragma}")
        except (OSError, sqlite3.Error) as error:
            message = (
                f"The store {self.path} cannot be opened: {error}. Check `ASSAY_STORE`, or see "
                "`./scripts/assay doctor`."
            )
            raise StoreError(message) from error
        return connection

    def _migrate(self) -> None:
        """Bring the schema up to date in one transaction; refuse a newer one untouched."""

        def steps(connection: sqlite3.Connection) -> None:
            connection.execute("create table if not exists migrations (name text primary key)")
            applied = {row[0] for row in connection.execute("select name from migrations")}
            self._refuse_a_newer_store(applied)
            for step in MIGRATIONS:
                if step.__name__ not in applied:
                    step(connection)
                    connection.execute("insert into migrations values (?)", [step.__name__])

        self.transact([steps])

    def _refuse_a_newer_store(self, applied: set[str]) -> None:
        if newer := applied - {step.__name__ for step in MIGRATIONS}:
            message = (
                f"The store {self.path} was written by a newer Assay "
                f"({', '.join(sorted(newer))}); upgrade, or point `ASSAY_STORE` elsewhere."
            )
            raise StoreError(message)


def _printable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
