"""The durable file of answers, ledger and failures: one SQLite connection behind one lock."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from udfs.canonical import canonical_json
from udfs.errors import StoreError
from udfs.records import Ask, Attempt, Failure, Outcome
from udfs.store.migrations import MIGRATIONS
from udfs.tasks import Task

T = TypeVar("T")

BUSY_SECONDS = 60
_KEYS_PER_SELECT = 2000
_CALL_COLUMNS = [field.name for field in fields(Attempt)]
TABLES = ("answers", "calls", "failures", "tasks")
"""What is served to dbt as the source `assay_store`."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer and the ask it belongs to, as one row of `answers`."""

    ask: Ask
    outcome: Outcome


class Store:
    """Answers by key, one ledger row for each attempt, failures with their next try.

    A rollback journal, not a WAL: SQLite before 3.51.3 can damage a WAL that two connections
    write or checkpoint. `synchronous=FULL`: a commit that has returned survives a power cut.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._connection = self._open()
        with self._guarded():
            self._migrate()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def fetch(self, keys: Sequence[bytes], now: str) -> dict[bytes, Outcome]:
        """Return what is settled of `keys`: answers, and failures that are not due at `now`.

        An answer whose checksum does not fit is left out: it counts as never given.
        """
        found: dict[bytes, Outcome] = {}
        with self._guarded() as connection:
            for part in _parts(keys):
                marks = ",".join("?" * len(part))
                found.update(_failures(connection, part, marks, now))
                found.update(_answers(connection, part, marks))
        return found

    def attempts(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return in how many runs each of `keys` has failed so far, where it has."""
        counted: dict[bytes, int] = {}
        with self._guarded() as connection:
            for part in _parts(keys):
                marks = ",".join("?" * len(part))
                query = f"select key, attempts from failures where key in ({marks})"  # noqa: S608
                counted.update(connection.execute(query, part).fetchall())
        return counted

    def transact(self, steps: Sequence[Callable[[sqlite3.Connection], T]]) -> list[T]:
        """Run `steps` in one transaction and return their results once it is on disk."""
        with self._guarded() as connection:
            connection.execute("begin immediate")
            try:
                results = [step(connection) for step in steps]
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")
            return results

    def rows(self, table: str) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        """Return the columns (name to SQLite type) and rows of one of `TABLES`, blobs as hex."""
        if table not in TABLES:
            message = f"Unknown table {table!r} in the store; known are {', '.join(TABLES)}."
            raise StoreError(message)
        with self._guarded() as connection:
            columns = connection.execute(f"select name, type from pragma_table_info('{table}')")  # noqa: S608
            types = dict(columns.fetchall())
            rows = connection.execute(f"select * from {table}")  # noqa: S608
            return types, [tuple(map(_printable, row)) for row in rows]

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection under the lock, with SQLite's errors translated."""
        if os.getpid() != self._pid:
            message = f"The store {self.path} was opened by another process; open it again."
            raise StoreError(message)
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise self._translated(error) from error

    def _translated(self, error: Exception) -> StoreError:
        free = os.statvfs(self.path.parent)
        return StoreError(
            f"The store {self.path} failed: {error} ({free.f_bavail * free.f_frsize:,} bytes free). "
            "Nothing further is sent; make room or repair the file, and run again."
        )

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
            message = f"The store {self.path} cannot be opened: {error}. Check `ASSAY_STORE`."
            raise StoreError(message) from error
        return connection

    def _migrate(self) -> None:
        known = [step.__name__ for step in MIGRATIONS]
        connection = self._connection
        connection.execute("create table if not exists migrations (name text primary key)")
        connection.execute("begin immediate")
        applied = {row[0] for row in connection.execute("select name from migrations")}
        if newer := applied - set(known):
            connection.execute("rollback")
            message = (
                f"The store {self.path} was written by a newer Assay ({', '.join(sorted(newer))}); "
                "upgrade, or point `ASSAY_STORE` at another file."
            )
            raise StoreError(message)
        for step in MIGRATIONS:
            if step.__name__ not in applied:
                step(connection)
                connection.execute("insert into migrations values (?)", [step.__name__])
        connection.execute("commit")


def put_answers(connection: sqlite3.Connection, stored: Iterable[StoredAnswer]) -> None:
    """Record answers; the first one for a key wins for ever, and clears its failure."""
    for item in stored:
        question, outcome = item.ask.question, item.outcome
        body = (outcome.value, outcome.confidence, outcome.model, outcome.answered_at)
        connection.execute(
            "insert into answers values (?,?,?,?,?,?,?,?,?,?) on conflict (key) do nothing",
            [
                item.ask.key,
                question.task.kind,
                question.model,
                question.host,
                question.task.prompt_hash,
                *body,
                checksum(item.ask.key, *body),
            ],
        )
        connection.execute("delete from failures where key = ?", [item.ask.key])


def put_failures(connection: sqlite3.Connection, failures: Iterable[Failure]) -> None:
    """Record failures; a later one replaces an earlier one of the same ask."""
    connection.executemany(
        "insert or replace into failures values (?,?,?,?,?,?,?,?,?,?,?)",
        [astuple(failure) for failure in failures],
    )


def put_attempt(connection: sqlite3.Connection, attempt: Attempt) -> None:
    """Record an attempt, or what became of it."""
    marks = ",".join("?" * len(_CALL_COLUMNS))
    names = ",".join(_CALL_COLUMNS)
    connection.execute(
        f"insert or replace into calls ({names}) values ({marks})",  # noqa: S608
        astuple(attempt),
    )


def put_task(connection: sqlite3.Connection, task: Task, now: str) -> None:
    """Record what a prompt hash stands for."""
    spec = task.model_dump(mode="json", exclude={"model", "isolate"})
    connection.execute(
        "insert or ignore into tasks values (?,?,?,?)",
        [task.prompt_hash, task.kind, canonical_json(spec), now],
    )


def checksum(key: bytes, *body: Any) -> bytes:
    """Return 16 bytes over the key and everything that SQL will see of an answer.

    SQLite does not notice a flipped bit inside a value; this does.
    """
    return hashlib.blake2b(key + canonical_json(body).encode(), digest_size=16).digest()


def _answers(
    connection: sqlite3.Connection, keys: Sequence[bytes], marks: str
) -> Iterator[tuple[bytes, Outcome]]:
    query = (
        "select key, value, confidence, answered_by, answered_at, checksum from answers "  # noqa: S608
        f"where key in ({marks})"
    )
    for key, value, confidence, model, answered_at, stored in connection.execute(query, keys):
        if checksum(key, value, confidence, model, answered_at) == stored:
            yield key, Outcome("ok", value, None, confidence, model, answered_at)


def _failures(
    connection: sqlite3.Connection, keys: Sequence[bytes], marks: str, now: str
) -> Iterator[tuple[bytes, Outcome]]:
    query = (
        "select key, status, error, model, failed_at from failures "  # noqa: S608
        f"where key in ({marks}) and (next_try_at is null or next_try_at > ?)"
    )
    for key, status, error, model, failed_at in connection.execute(query, [*keys, now]):
        yield key, Outcome(status, None, error, None, model, failed_at)


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _KEYS_PER_SELECT):
        yield keys[start : start + _KEYS_PER_SELECT]


def _printable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
