"""What `ai_accuracy` measured over golden rows: one row for each run and column, and the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from typing import Literal, NamedTuple

Which = Literal["last", "first"]


class Graded(NamedTuple):
    """What became of one golden row: right or not, and with `extract` the F1 of its words."""

    is_right: bool
    token_f1: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row of `evaluations`; shares and scores from 0 to 1, `low` and `high` at 95 %.

    `fingerprint` is the same where question, model and every golden row's result are the same.
    `recalls` is a JSON list of {label, rows, right, recall, low, high}. `compared_with` is the
    fingerprint of the baseline (its own where nothing has changed), None where there was none.
    `reasons` is blank where it passed.
    """

    invocation_id: str
    model_name: str
    column_name: str
    golden: str
    kind: str
    prompt_hash: str
    model: str
    fingerprint: str
    row_count: int
    answered: int
    right_count: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: float | None
    macro_f1_low: float | None
    macro_f1_high: float | None
    token_f1: float | None
    token_f1_low: float | None
    token_f1_high: float | None
    recalls: str
    compared_with: str | None
    compared_rows: int | None
    lost: int | None
    gained: int | None
    p_value: float | None
    passed: bool
    reasons: str
    evaluated_at: str


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
    connection: sqlite3.Connection, of: tuple[str, str, str], which: Which
) -> Evaluation | None:
    """Return the evaluation of `of` (model, column, golden) that passed last, or first."""
    query = (
        f"select {_COLUMNS} from evaluations "  # noqa: S608
        "where model_name = ? and column_name = ? and golden = ? and passed "
        f"order by evaluated_at {_ORDER[which]} limit 1"
    )
    row = connection.execute(query, of).fetchone()
    return None if row is None else Evaluation(*row)


def evaluations_of(connection: sqlite3.Connection, invocation_id: str) -> list[Evaluation]:
    """Return the evaluations of a run."""
    query = f"select {_COLUMNS} from evaluations where invocation_id = ? order by evaluated_at"  # noqa: S608
    return [Evaluation(*row) for row in connection.execute(query, [invocation_id])]


def recorded_evaluation(
    connection: sqlite3.Connection, of: Evaluation, fingerprint: str
) -> Evaluation | None:
    """Return the last evaluation of the same column and golden rows with a fingerprint."""
    query = (
        f"select {_COLUMNS} from evaluations "  # noqa: S608
        "where model_name = ? and column_name = ? and golden = ? and fingerprint = ? "
        "order by evaluated_at desc limit 1"
    )
    place = [of.model_name, of.column_name, of.golden, fingerprint]
    row = connection.execute(query, place).fetchone()
    return None if row is None else Evaluation(*row)


def graded_rows(connection: sqlite3.Connection, fingerprint: str) -> dict[str, Graded]:
    """Return the rows of an evaluation by golden key."""
    query = "select golden_key, is_right, token_f1 from golden_answers where fingerprint = ?"
    found: Iterable[tuple[str, int, float | None]] = connection.execute(query, [fingerprint])
    return {key: Graded(bool(right), f1) for key, right, f1 in found}
