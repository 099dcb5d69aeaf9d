"""Looking after the file: is every answer sound, and what can be saved of a damaged one?"""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import StoreError
from assay.core.program import program
from assay.store.batches import BATCH_PLACES
from assay.store.contract import TABLES
from assay.store.sqlite import batches, vectors
from assay.store.sqlite.leases import Owner
from assay.store.sqlite.loss_guard import Witness
from assay.store.sqlite.pages import rows_in
from assay.store.sqlite.rows import Held, count_held, is_sound
from assay.store.sqlite.store import StoreFile, connect, journal_of, room

_KEY_BYTES, _HASH_CHARACTERS = 16, 32
_ONCE = {"answers": (10,), "calls": (23, 26), "evaluations": (29,)}
"""How many columns these tables had before: on its page a row stays as it was written."""

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a look at every row found; `trouble` is SQLite's own word, None when it has none."""

    answers: int = 0
    paid: int = 0
    unsound: int = 0
    failures: int = 0
    dead_letters: int = 0
    maybe_paid: int = 0
    open_batches: int = 0
    trouble: str | None = None

    @property
    def held(self) -> Held:
        """The answers, and those of them that were paid for."""
        return Held(self.answers, self.paid)


@dataclass(frozen=True, slots=True)
class StartedOver:
    """How many answers are still there, and where the old file is kept, if it was put aside."""

    answers: int = 0
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Where the damaged file is kept, how many rows of each table came over, how many are lost.

    `missing` are paid answers that the store once held: none is bought before that is accepted.
    """

    kept: Path
    rows: dict[str, int]
    missing: int


def check(path: Path) -> Checkup:
    """Return the state of the store at `path`, which must exist; nothing is changed."""
    if path.stat().st_size == 0:
        return Checkup(trouble="the file is empty")
    with contextlib.closing(connect(path)) as connection:
        try:
            return _checked(connection)
        except sqlite3.Error as error:
            return Checkup(trouble=str(error))


def repair(path: Path) -> Salvaged:
    """Put a damaged store aside and make a new one of every row that can be read and is sound.

    Raises `StoreError` where there is nothing to repair.
    """
    refuse_while_in_use(path)
    if not path.exists():
        message = f"There is no store at {path}; check `ASSAY_STORE`, or restore a backup."
        raise StoreError(message)
    if _is_well(check(path)):
        message = f"The store {path} is sound; there is nothing to repair."
        raise StoreError(message)
    kept = set_aside(path)
    store = StoreFile(path)
    try:
        rows = {
            table: _saved(store, kept, table)
            for table in (*TABLES, *batches.TABLES, vectors.TABLE)
        }
        store.transact([batches.lease_again])
        (held,) = store.transact([count_held])
    finally:
        store.close()
    return Salvaged(kept, rows, Witness(path).missing(held))


def start_over(path: Path) -> StartedOver:
    """Accept that answers are lost: go on with what a sound store still has, or with nothing.

    Raises `StoreError` for a store that has all its answers.
    """
    refuse_while_in_use(path)
    if path.exists() and _is_well(found := check(path)) and found.answers:
        _accept_a_loss(path, found.held)
        return StartedOver(found.answers)
    kept = set_aside(path) if path.exists() else None
    Witness(path).accept(0)
    StoreFile(path).close()
    return StartedOver(kept=kept)


def _accept_a_loss(path: Path, held: Held) -> None:
    witness = Witness(path)
    if not witness.missing(held):
        message = (
            f"The store {path} is sound and holds {held.answers:,} answers; nothing is lost. To "
            "ask all anew, point `ASSAY_STORE` at another file."
        )
        raise StoreError(message)
    witness.accept(held.paid)


def back_up(path: Path, target: Path) -> None:
    """Copy a store that may be in use, with SQLite's backup; `cp` of a live file can be torn.

    Raises `StoreError` where there is no store, where `target` exists, or where it cannot be done.
    """
    if not path.exists():
        message = f"There is no store at {path}; check `ASSAY_STORE`."
        raise StoreError(message)
    if target.exists():
        message = f"{target} exists already; name a file that does not."
        raise StoreError(message)
    copied_to(path, target).rename(target)


def copied_to(path: Path, target: Path) -> Path:
    """Return a whole copy of the store at `path`, on disk beside `target`, which is not there."""
    unborn = target.with_name(target.name + ".new")
    try:
        unborn.unlink(missing_ok=True)
        unborn.touch(mode=0o600)
        with (
            contextlib.closing(connect(path)) as source,
            contextlib.closing(sqlite3.connect(unborn)) as copy,
        ):
            source.backup(copy)
        with unborn.open("rb") as file:
            os.fsync(file.fileno())
    except (OSError, sqlite3.Error) as error:
        with contextlib.suppress(OSError):
            unborn.unlink(missing_ok=True)
        message = (
            f"The store {path} cannot be copied to {target}: {error} ({room(target)}). Name a "
            f"file in a folder with room, or see `{program('doctor')}`."
        )
        raise StoreError(message) from error
    return unborn


def name_aside(path: Path, why: str) -> Path:
    """Return a name for a store that is put aside: why, and when."""
    moment = datetime.datetime.now(datetime.UTC)
    return path.with_name(f"{path.name}.{why}-{moment:%Y%m%dT%H%M%S%fZ}")


def set_aside(path: Path) -> Path:
    """Give a store and its journal another name that tells when; return it."""
    kept = name_aside(path, "damaged")
    # The journal first: a file without its journal is worse than a journal without its file.
    with contextlib.suppress(FileNotFoundError):
        journal_of(path).rename(journal_of(kept))
    path.rename(kept)
    return kept


def refuse_while_in_use(path: Path) -> None:
    """Raise when a living process has the store open."""
    if living := Owner.living(path):
        message = (
            f"The store {path} is in use by {len(living)} running process(es); wait until they "
            "have ended, or end them."
        )
        raise StoreError(message)


def _is_well(found: Checkup) -> bool:
    return found.trouble is None and not found.unsound


def _checked(connection: sqlite3.Connection) -> Checkup:
    count = "select count(*) from "
    unsound = sum(1 for row in _all(connection, "answers") if not is_answer(row))
    if _has(connection, vectors.TABLE):
        rows = _all(connection, vectors.TABLE)
        unsound += sum(1 for row in rows if not vectors.is_sound(row))
    numbers = [
        connection.execute(count + rest).fetchone()[0]
        for rest in (
            "failures",
            "failures where next_try_at is null and status not in ('unsupported', 'unclear')",
            "calls where maybe_paid = 1",
        )
    ]
    (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
    trouble = None if verdict == "ok" else str(verdict)
    answers, paid = count_held(connection)
    failures, dead, maybe_paid = numbers
    waiting = _open_batches(connection)
    return Checkup(answers, paid, unsound, failures, dead, maybe_paid, waiting, trouble)


def _open_batches(connection: sqlite3.Connection) -> int:
    """Count the batches of which something may come; none in a store of before there were any."""
    if not _has(connection, "batches"):
        return 0
    query = "select count(*) from batches where place in ('written', 'sent')"
    return int(connection.execute(query).fetchone()[0])


def _has(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a store, which may be of before, has a table."""
    query = "select count(*) from sqlite_master where type = 'table' and name = ?"
    return bool(connection.execute(query, [table]).fetchone()[0])


def _saved(store: StoreFile, kept: Path, table: str) -> int:
    """Copy what can be read of `table` from the file `kept`; return how many rows came over.

    By SQL first; where that fails, page by page, and what SQL could still read has come first.
    """

    def copied(connection: sqlite3.Connection) -> int:
        columns = len(connection.execute(f"select * from {table} limit 0").description)  # noqa: S608
        marks = ",".join("?" * columns)
        insert = f"insert or ignore into {table} values ({marks})"  # noqa: S608
        for found in _readable(kept, table):
            row = _widened(table, found, columns)
            if len(row) == columns and _fits(table, row):
                with contextlib.suppress(sqlite3.IntegrityError):  # null where none may be
                    connection.execute(insert, row)
        if table == "failures":
            connection.execute("delete from failures where key in (select key from answers)")
        (count,) = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
        return int(count)

    (count,) = store.transact([copied])
    return count


def _widened(table: str, row: _Row, columns: int) -> _Row:
    """Return a row of an earlier schema with what was appended since, which is unknown of it."""
    return row + (None,) * (columns - len(row)) if len(row) in _ONCE.get(table, ()) else row


def _readable(kept: Path, table: str) -> Iterator[_Row]:
    try:
        with contextlib.closing(connect(kept)) as connection:
            yield from _all(connection, table)
            return
    except sqlite3.Error:
        pass
    yield from rows_in(kept.read_bytes())


def _all(connection: sqlite3.Connection, table: str) -> Iterable[_Row]:
    rows: Iterable[_Row] = connection.execute(f"select * from {table}")  # noqa: S608
    return rows


def _fits(table: str, row: _Row) -> bool:
    """Whether a row looks like one of `table`; an answer must fit its checksum."""
    return _LOOKS.get(table, _begins_with_words)(row)


def _begins_with_words(row: _Row) -> bool:
    return all(isinstance(value, str) for value in row[:4])


def is_answer(row: _Row) -> bool:
    """Whether a row of `answers` fits its checksum."""
    key, value, confidence, answered_by, answered_at, stored = row[0], *row[5:10]
    if isinstance(confidence, int):  # SQLite keeps 1.0 as 1 on its pages
        confidence = float(confidence)
    return _is_key(key) and is_sound(stored, key, value, confidence, answered_by, answered_at)


def _is_key(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == _KEY_BYTES


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _HASH_CHARACTERS


_LOOKS: Mapping[str, Callable[[_Row], bool]] = {
    "answers": is_answer,
    "superseded": is_answer,
    "discards": lambda row: _is_hash(row[0]) and _is_key(row[1]),
    "failures": lambda row: _is_key(row[0]) and isinstance(row[7], int),
    "calls": lambda row: _is_hash(row[0]) and isinstance(row[8], int),
    "tasks": lambda row: _is_hash(row[0]) and _begins_with_words(row),
    "batches": lambda row: _is_hash(row[0]) and row[5] in BATCH_PLACES,
    "vectors": lambda row: _is_key(row[0]) and vectors.is_sound(row),
    "batch_packs": lambda row: _is_hash(row[0]) and _is_hash(row[1]) and isinstance(row[2], bytes),
}
"""What tells the rows of a table from those of others, where pages are all that can be read."""
