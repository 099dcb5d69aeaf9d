"""What `ai_accuracy` measured over golden rows: one row for each run and column, and the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields

from assay.store.queries import (
    AcceptedEvaluation,
    EvaluationsOf,
    GradedRows,
    RecordedEvaluation,
)
from assay.store.records import Evaluation, Graded, Which

_NAMES = [field.name for field in fields(Evaluation)]
_COLUMNS = ", ".join(_NAMES)
_ORDER: Mapping[Which, str] = {"last": "desc", "first": "asc"}


def put_evaluation(
    connection: sqlite3.Connection, evaluation: Evaluation, rows: Mapping[str, Graded]
) -> None:
    """Record an evaluation, and its rows by golden key unless the same ones are on record."""
    marks = ", ".join("?" * len(_NAMES))
    statement = f"insert or replace into evaluations ({_COLUMNS}) values ({marks})"  # noqa: S608
    connection.execute(statement, astuple(evaluation))
    connection.executemany(
        "insert or ignore into golden_answers values (?, ?, ?, ?)",
        [(evaluation.fingerprint, key, *graded) for key, graded in rows.items()],
    )


def accepted_evaluation(
    connection: sqlite3.Connection, query: AcceptedEvaluation
) -> Evaluation | None:
    """Return the evaluation of a column over golden rows that passed last, or first."""
    place = [query.model_name, query.column_name, query.golden]
    found = connection.execute(
        f"select {_COLUMNS} from evaluations "  # noqa: S608
        "where model_name = ? and column_name = ? and golden = ? and passed = 1 "
        f"order by evaluated_at {_ORDER[query.which]} limit 1",
        place,
    )
    return next((Evaluation(*row) for row in found), None)


def evaluations_of(connection: sqlite3.Connection, query: EvaluationsOf) -> list[Evaluation]:
    """Return the evaluations of a run, or of all."""
    found = connection.execute(
        f"select {_COLUMNS} from evaluations where ?1 is null or invocation_id = ?1 "  # noqa: S608
        "order by evaluated_at, model_name, column_name, golden",
        [query.invocation_id],
    )
    return [Evaluation(*row) for row in found]


def recorded_evaluation(
    connection: sqlite3.Connection, query: RecordedEvaluation
) -> Evaluation | None:
    """Return the last evaluation of a column over golden rows with a fingerprint."""
    place = [query.model_name, query.column_name, query.golden, query.fingerprint]
    found = connection.execute(
        f"select {_COLUMNS} from evaluations "  # noqa: S608
        "where model_name = ? and column_name = ? and golden = ? and fingerprint = ? "
        "order by evaluated_at desc limit 1",
        place,
    )
    return next((Evaluation(*row) for row in found), None)


def graded_rows(connection: sqlite3.Connection, query: GradedRows) -> dict[str, Graded]:
    """Return the rows of an evaluation by golden key."""
    found: Iterable[tuple[str, int, float | None]] = connection.execute(
        "select golden_key, is_right, token_f1 from golden_answers where fingerprint = ?",
        [query.fingerprint],
    )
    return {key: Graded(bool(right), f1) for key, right, f1 in found}
