"""The contract of a store, in verbs: what a back end does, whatever file or server it is.

No object of a driver goes in or out, and no SQL. Every verb raises `StoreError` where it cannot be
done; then nothing of it is. Keys are 16 bytes, times UTC in ISO form with microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from assay.core.settings import Settings
from assay.core.values import Failure, Outcome, Served, Use
from assay.store.batches import BatchRow, Filling
from assay.store.journal import Journal
from assay.store.queries import Query
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
from assay.store.walls import Walls

T = TypeVar("T")

TABLES = (
    "answers",
    "calls",
    "cascades",
    "discards",
    "evaluations",
    "failures",
    "fates",
    "gate_results",
    "golden_answers",
    "repair_decisions",
    "runs",
    "served",
    "statements",
    "superseded",
    "tasks",
)
"""What is served to dbt as the source `assay_store`."""


class Ledger(Protocol):
    """The face for whoever reads. Safe to use from any thread, until a fork."""

    def fetch(self, keys: Sequence[bytes], now: str) -> dict[bytes, Outcome]:
        """Return what is settled of `keys`: answers, and failures that are not due at `now`.

        An answer whose checksum does not fit counts as never given.
        """

    def read(self, query: Query[T]) -> T:
        """Return what a named query finds, all of it as of one moment."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all that this thread reads within be of one moment; who writes waits for its end."""

    def rows(self, table: str) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        """Return the columns (name to type) and rows of one of `TABLES`, blobs as hex.

        Raises `StoreError` for another table.
        """

    def close(self) -> None:
        """Let go of the store, which cannot be used afterwards. Safe to call twice."""


class Store(Ledger, Protocol):
    """The face for whoever writes: a verb returns once what it wrote survives a power cut.

    This process is an owner of leases for as long as it lives. How a store tells the living from
    the dead is its own affair: a lock on a file, one on a server, a heartbeat. The verbs of runs
    that take a sequence take what waited for them together, and return a result for each.
    """

    @property
    def owner(self) -> str:
        """The name of this process among the owners of leases."""

    @property
    def journal(self) -> Journal:
        """What this process has sent, and what came back before the store had it.

        A local file, whatever the store is. What a dead owner left in there is put into the store
        by whoever finds it dead.
        """

    @property
    def walls(self) -> Walls | None:
        """Limits over all processes of the store; None where each process has its own."""

    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction of all verbs within: they are done together, or not at all.

        What is read within is of that same moment, and sees what was written before it.
        """

    def hurry(self) -> None:
        """A run is cancelled: wait no longer than a second for others. Lasts until `relax`."""

    def relax(self) -> None:
        """A run begins: wait for others as long as is usual."""

    # Runs

    def begin_run(
        self,
        invocation_id: str,
        settings: Settings,
        begun_at: str | None = None,
        *,
        builds: bool = True,
    ) -> None:
        """Record that a run began, now or then; a second beginning of it changes nothing."""

    def stop_run(self, invocation_id: str, cause: str, message: str) -> None:
        """Record what ended a run early; the first cause stays."""

    def note_served(self, invocation_id: str, served: Mapping[Use, Served]) -> None:
        """Record what became of each question of a run, in place of what was said before."""

    def note_statement(self, name: str, sql: str) -> None:
        """Record SQL that asks, in place of what the same thing was before."""

    def note_rung(self, rung: Rung) -> None:
        """Record in which mode a model stands, in place of what was said before."""

    def claim(self, waiting: Sequence[Sequence[bytes]]) -> list[Granted]:
        """Lease keys that are neither settled nor held by a living owner; the dead are buried."""

    def land(self, waiting: Sequence[Landing]) -> list[list[Failure]]:
        """Record attempts and what came of them; return the failures that each has left.

        The first sound answer of a key wins for ever and clears its failure; one that ages gives
        way to a later one, and is kept where it could not be had. A later failure replaces an
        earlier one. The leases of both are given back.
        """

    def release(self, keys: Sequence[bytes] | None = None) -> None:
        """Give leases of this process back: on keys not settled after all, or (None) on all."""

    # Batches

    def put_packs(self, waiting: Sequence[Filling]) -> list[None]:
        """Write packs of batches down; what they ask is leased to the batch, not to a process.

        Whoever claims such a key finds it settled as `pending`.
        """

    def take_batch(self, waiting: Sequence[str]) -> list[bool]:
        """Let this process work on batches, unless a living one does; return whether it may."""

    def leave_batch(self, waiting: Sequence[str]) -> list[None]:
        """Let other processes work on batches."""

    def note_batch(self, waiting: Sequence[BatchRow]) -> list[None]:
        """Record how far batches are; one that is `read` or `over` holds no lease and no text."""

    def reclaim(self, waiting: Sequence[Sequence[str]]) -> list[None]:
        """Take packs out of their batches; what they ask is leased to this process."""

    # Checks

    def record_gate(self, rows: Sequence[GateRow]) -> None:
        """Record what a gate counted; the same gate of the same run replaces what it said."""

    def record_evaluation(self, evaluation: Evaluation, rows: Mapping[str, Graded]) -> None:
        """Record an evaluation, and its rows by golden key unless the same are on record."""

    def record_calibration(self, calibration: LearntCascade) -> None:
        """Record what was learnt of a cascade; the first calibration of it stays."""

    # Repairs

    def propose(self, relation: str, found: Sequence[Repair]) -> None:
        """Record proposals in the place of those of a relation that nobody has decided about."""

    def decide(self, ids: Sequence[str], decision: Decision, at: str, by: str) -> None:
        """Append a decision to the record of each repair; the last one holds."""

    # People

    def make_due(self, letters: Sequence[Letter]) -> None:
        """Let failures be asked again from now on; they stay failures until answered."""

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Undo `make_due` for those that have neither been answered nor failed since."""

    def discard(self, letters: Sequence[Letter], reason: str, by: str) -> int:
        """Record that failures are given up for good; return how many were there to be.

        One that was answered or failed again since it was read is left alone.
        """

    def forget(
        self,
        texts: Sequence[str],
        prefix: str | None = None,
        rows: Sequence[tuple[str, str]] = (),
        *,
        rehearse: bool = False,
    ) -> dict[str, int]:
        """Remove all that is kept under normalised texts, and under keys that begin like this.

        Of `rows`, each a relation and the key of a row in it, the repairs are removed.
        Returns how many rows of each table went, or would with `rehearse`. No byte of them stays.
        """

    def prune(self, chosen: Sequence[Unused]) -> dict[str, int]:
        """Remove answers and failures of questions; the ledger keeps what they cost.

        Returns how many rows of each table went.
        """
