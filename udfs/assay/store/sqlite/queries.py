"""Which function answers which named query, over SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from assay.store import queries as q
from assay.store.sqlite import (
    batches,
    cascades,
    dead_letters,
    evaluations,
    explaining,
    gates,
    ledger,
    repairs,
    upkeep,
)

T = TypeVar("T")

READERS: Mapping[type[q.Query[Any]], Callable[[sqlite3.Connection, Any], Any]] = {
    q.Spent: ledger.spent,
    q.Attempts: ledger.attempts,
    q.AttemptCount: ledger.attempt_count,
    q.AttemptSums: ledger.attempt_sums,
    q.AttemptFigures: ledger.attempt_figures,
    q.MeanLatency: ledger.mean_latency,
    q.AnswerCosts: ledger.answer_costs,
    q.Uses: ledger.uses,
    q.RunSums: ledger.run_sums,
    q.LastBuild: ledger.last_build,
    q.StopOf: ledger.stop_of,
    q.LastUse: ledger.last_use,
    q.RungsOf: ledger.rungs_of,
    q.BuiltStatements: explaining.statements,
    q.TaskSpecs: explaining.task_specs,
    q.Askers: explaining.askers,
    q.AnswerUnder: explaining.answer_under,
    q.FailureUnder: explaining.failure_under,
    q.AnsweredBy: explaining.answered_by,
    q.FailedBy: explaining.failed_by,
    q.KnownKeys: explaining.known_keys,
    q.KeysLike: dead_letters.keys_like,
    q.AllLetters: dead_letters.letters,
    q.DeadLetterCount: dead_letters.dead_count,
    q.DiscardsOf: dead_letters.discards_of,
    q.UnusedAnswers: upkeep.unused,
    q.GateRows: gates.gate_rows,
    q.GateSums: gates.gate_sums,
    q.EvaluationsOf: evaluations.evaluations_of,
    q.AcceptedEvaluation: evaluations.accepted_evaluation,
    q.RecordedEvaluation: evaluations.recorded_evaluation,
    q.GradedRows: evaluations.graded_rows,
    q.BatchesOnRecord: batches.batches,
    q.PacksOfBatch: batches.packs_of,
    q.PendingKeys: batches.pending_keys,
    q.CalibrationOf: cascades.calibration_of,
    q.Calibrations: cascades.calibrations,
    q.RepairsOf: repairs.repairs_of,
}


def answer(connection: sqlite3.Connection, query: q.Query[T]) -> T:
    """Return what a query finds, as of one moment: that of the transaction it is read in."""
    reader: Callable[[sqlite3.Connection, q.Query[T]], T] = READERS[type(query)]
    if connection.in_transaction:
        return reader(connection, query)
    connection.execute("begin")
    try:
        return reader(connection, query)
    finally:
        connection.rollback()
