"""The verbs of the contract over rows, a transaction each or together in one; and over SQLite."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from assay.core.clock import now_utc
from assay.core.errors import StoreError
from assay.core.settings import Settings
from assay.core.values import Failure, Outcome, Served, Use
from assay.store.batches import BatchRow, Filling
from assay.store.contract import TABLES
from assay.store.queries import KeysLike, Query
from assay.store.records import (
    Evaluation,
    GateRow,
    Graded,
    Granted,
    Landing,
    LearntCascade,
    Letter,
    Rung,
    Unused,
)
from assay.store.repairs import Decision, Repair
from assay.store.sqlite import (
    batches,
    cascades,
    dead_letters,
    evaluations,
    gates,
    leases,
    repairs,
    rows,
    upkeep,
)
from assay.store.sqlite.queries import answer
from assay.store.sqlite.store import StoreFile
from assay.store.walls import Walls

T = TypeVar("T")


class Verbs(ABC):
    """Answers by key, one ledger row for each attempt, failures with their next try.

    With what opens it, it is a `Store`; what a verb does is said there.
    """

    _owner: leases.Owner

    @property
    @abstractmethod
    def owner(self) -> str:
        """The name of this process among the owners of leases."""

    @property
    @abstractmethod
    def _rows(self) -> sqlite3.Connection:
        """What takes the statements of the transaction that is open."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction of all that this thread does within."""

    @abstractmethod
    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `query` reads."""

    @abstractmethod
    def _erase(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run `step`, which deletes, and leave no byte of what it deleted."""

    @abstractmethod
    def _rehearse(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `step` would return, and take back what it did."""

    @abstractmethod
    def _living(self) -> Container[str]:
        """Return the owners that are alive now."""

    def fetch(self, keys: Sequence[bytes], now: str) -> dict[bytes, Outcome]:
        """Return what is settled of `keys` at `now`."""
        return self._read(lambda connection: rows.settled_rows(connection, keys, now))

    def read(self, query: Query[T]) -> T:
        """Return what a named query finds."""
        return self._read(lambda connection: answer(connection, query))

    def rows(self, table: str) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        """Return the columns (name to SQLite type) and rows of one of `TABLES`, blobs as hex."""
        if table not in TABLES:
            message = f"Unknown table {table!r} in the store; known are {', '.join(TABLES)}."
            raise StoreError(message)
        return self._read(lambda connection: self._table(connection, table))

    def begin_run(
        self,
        invocation_id: str,
        settings: Settings,
        begun_at: str | None = None,
        *,
        builds: bool = True,
    ) -> None:
        """Record that a run began."""

        def begin(connection: sqlite3.Connection) -> None:
            rows.put_run(connection, invocation_id, settings, begun_at)
            if not builds:
                rows.put_look(connection, invocation_id)

        self._write(begin)

    def stop_run(self, invocation_id: str, cause: str, message: str) -> None:
        """Record what ended a run early."""
        self._write(lambda c: rows.put_stop(c, invocation_id, cause, message))

    def note_served(self, invocation_id: str, served: Mapping[Use, Served]) -> None:
        """Record what became of each question of a run."""
        self._write(lambda c: rows.put_served(c, invocation_id, served))

    def note_statement(self, name: str, sql: str) -> None:
        """Record SQL that asks."""
        self._write(lambda c: rows.put_statement(c, name, sql))

    def note_rung(self, rung: Rung) -> None:
        """Record in which mode a model stands."""
        self._write(lambda c: rows.put_rung(c, rung))

    def claim(self, waiting: Sequence[Sequence[bytes]]) -> list[Granted]:
        """Lease keys that are neither settled nor held."""
        now = now_utc()
        return self._write(lambda c: [self._owner.claim(c, keys, now) for keys in waiting])

    def land(self, waiting: Sequence[Landing]) -> list[list[Failure]]:
        """Record attempts and what came of them, in as few statements as can be."""

        def land(connection: sqlite3.Connection) -> list[list[Failure]]:
            rows.put_landings(connection, waiting)
            batches.settle_packs(connection, self.owner, waiting)
            return [rows.give_up(connection, landing) for landing in waiting]

        return self._write(land)

    def release(self, keys: Sequence[bytes] | None = None) -> None:
        """Give leases of this process back."""
        self._write(lambda c: leases.release(c, self.owner, keys))

    def put_packs(self, waiting: Sequence[Filling]) -> list[None]:
        """Write packs of batches down."""
        return self._write_each(batches.put_packs, waiting)

    def take_batch(self, waiting: Sequence[str]) -> list[bool]:
        """Let this process work on batches."""
        living = self._living()
        return self._write(lambda c: [batches.take(c, one, self.owner, living) for one in waiting])

    def leave_batch(self, waiting: Sequence[str]) -> list[None]:
        """Let other processes work on batches."""
        return self._write_each(batches.leave, waiting)

    def note_batch(self, waiting: Sequence[BatchRow]) -> list[None]:
        """Record how far batches are."""
        return self._write_each(batches.note, waiting)

    def reclaim(self, waiting: Sequence[Sequence[str]]) -> list[None]:
        """Take packs out of their batches."""
        return self._write_each(partial(batches.reclaim, owner=self.owner), waiting)

    def record_gate(self, rows: Sequence[GateRow]) -> None:
        """Record what a gate counted."""
        self._write(lambda c: gates.put_gate_rows(c, rows))

    def record_evaluation(self, evaluation: Evaluation, rows: Mapping[str, Graded]) -> None:
        """Record an evaluation and its rows."""
        self._write(lambda c: evaluations.put_evaluation(c, evaluation, rows))

    def record_calibration(self, calibration: LearntCascade) -> None:
        """Record what was learnt of a cascade."""
        self._write(lambda c: cascades.put_calibration(c, calibration))

    def propose(self, relation: str, found: Sequence[Repair]) -> None:
        """Record proposals in the place of those that nobody has decided about."""
        self._write(lambda c: repairs.put_repairs(c, relation, found))

    def decide(self, ids: Sequence[str], decision: Decision, at: str, by: str) -> None:
        """Append a decision to the record of each repair."""
        self._write(lambda c: repairs.put_decisions(c, ids, decision, at, by))

    def make_due(self, letters: Sequence[Letter]) -> None:
        """Let failures be asked again from now on."""
        self._write(lambda c: dead_letters.make_due(c, letters))

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Undo `make_due` for what is as it was."""
        self._write(lambda c: dead_letters.put_back(c, letters))

    def discard(self, letters: Sequence[Letter], reason: str, by: str) -> int:
        """Record that failures are given up for good."""
        return self._write(lambda c: dead_letters.put_discards(c, letters, reason, by))

    def forget(
        self,
        texts: Sequence[str],
        prefix: str | None = None,
        rows: Sequence[tuple[str, str]] = (),
        *,
        rehearse: bool = False,
    ) -> dict[str, int]:
        """Remove all that is kept under texts, keys and rows, and every byte of it."""

        def step(connection: sqlite3.Connection) -> dict[str, int]:
            named = dead_letters.keys_like(connection, KeysLike(prefix)) if prefix else []
            keys = [*dead_letters.keys_of_texts(connection, texts), *named]
            waiting = batches.forget(connection, texts, set(keys))
            gone = dead_letters.forget_keys(connection, keys)
            mended = repairs.forget_repairs(connection, rows)
            return gone | {"batch_packs": waiting, "repairs": mended}

        return self._rehearse(step) if rehearse else self._erase(step)

    def prune(self, chosen: Sequence[Unused]) -> dict[str, int]:
        """Remove answers and failures of questions, and every byte of them."""
        return self._erase(lambda c: upkeep.prune(c, chosen))

    def _write_each(
        self, step: Callable[[sqlite3.Connection, T], None], waiting: Sequence[T]
    ) -> list[None]:
        """Run `step` for each of what waits, in one transaction."""
        with self.transaction():
            for one in waiting:
                step(self._rows, one)
        return [None] * len(waiting)

    def _write(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run `step` in the transaction of this thread, or in one of its own."""
        with self.transaction():
            return step(self._rows)

    def _table(
        self, connection: sqlite3.Connection, table: str
    ) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        return rows.table_rows(connection, table)


class SqliteStore(StoreFile, Verbs):
    """A file of this machine, on which each process keeps to limits of its own."""

    walls: Walls | None = None

    @property
    def _rows(self) -> sqlite3.Connection:
        return self._connection

    def _living(self) -> Container[str]:
        return self._owner.living(self.path)
