"""What the store takes and gives, as records: no row of a table, no object of a driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assay.core.canonical import canonical_json
from assay.core.task import Task
from assay.core.values import Ask, Attempt, Failure, Mode, Outcome

Values = Sequence[Any]
State = Literal["dead", "waiting", "discarded"]
Which = Literal["last", "first"]

SEARCH = "search"
"""What stands for a model in the ledger where sources were searched for, and for what failed."""


class StoredAnswer(NamedTuple):
    """An answer and the ask it belongs to, as one row of `answers`."""

    ask: Ask
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of asking for keys: ours to ask, settled meanwhile, or held by somebody alive.

    What a batch holds is settled as `pending`.
    """

    ours: frozenset[bytes]
    settled: dict[bytes, Outcome]


@dataclass(frozen=True, slots=True)
class Landing:
    """An attempt that has ended and what came of it: rows of `calls`, `answers` and `tasks`.

    The answers come without their checksum, which is made when they are stored. `failures` are
    asks that are given up, each as if it failed for the first time: the store counts the runs in
    which it has failed. One of status `s` is due again at `due[s][0]` after the first, at
    `due[s][1]` after the second and so on (UTC in ISO form), and never again after more. `pack`
    names the request of a batch that it is the end of; what that leaves unsettled is leased to
    this process. An ask with an answer that ages keeps it when it fails: one of status `s` is
    tried again at `later[s][0]`, at `later[s][1]` after a miss before and so on, the last of them
    for ever.
    """

    call: Attempt
    answers: Sequence[Values] = ()
    tasks: Sequence[Values] = ()
    failures: Sequence[Failure] = ()
    due: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pack: str = ""
    later: Mapping[str, Sequence[str]] = field(default_factory=dict)


def landing_of(
    attempt: Attempt, stored: Iterable[StoredAnswer] = (), tasks: Iterable[Task] = ()
) -> Landing:
    """Return what is to be written of an attempt, its answers and tasks that are new."""
    return Landing(
        attempt,
        [answer_row(item) for item in stored],
        [task_row(task, attempt.started_at) for task in tasks],
    )


def task_row(task: Task, now: str) -> Values:
    """Return a task as a row of `tasks`, first seen `now`."""
    return [task.prompt_hash, task.kind, canonical_json(task.spec), now]


def answer_row(item: StoredAnswer) -> Values:
    """Return an answer as a row of `answers`, but for its checksum."""
    question, outcome = item.ask.question, item.outcome
    # As SQLite will give it back: the checksum of 1 is not that of 1.0.
    confidence = None if outcome.confidence is None else float(outcome.confidence)
    return (
        item.ask.key,
        question.task.kind,
        question.model,
        question.host,
        question.task.prompt_hash,
        outcome.value,
        confidence,
        outcome.model,
        outcome.answered_at,
        outcome.expires_at,
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A failure as a person meets it; `text` is None where inputs are not stored.

    `attempts` counts the runs in which it failed. Times are UTC in ISO form.
    """

    key: bytes
    kind: str
    model: str
    host: str
    prompt_hash: str
    status: str
    error: str
    attempts: int
    failed_at: str
    next_try_at: str | None
    text: str | None
    discarded_at: str | None

    @property
    def state(self) -> State:
        """`waiting` is tried again by a build; `dead` and `discarded` are not."""
        if self.discarded_at is not None:
            return "discarded"
        return "dead" if self.next_try_at is None else "waiting"


class Rung(NamedTuple):
    """In which mode a model at a host was found to stand.

    `under` names what it was found under: with anything else it says nothing. UTC in ISO form.
    """

    host: str
    model: str
    mode: Mode
    under: str
    found_at: str


@dataclass(frozen=True, slots=True)
class Discard:
    """One discard on record: of which letter, why, by whom, when."""

    reason: str
    discarded_by: str
    discarded_at: str


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
    `reasons` is blank where it passed. `mean_confidence` and `calibration_error` are those of the
    answers that have a confidence, None where none has.
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
    mean_confidence: float | None = None
    calibration_error: float | None = None


@dataclass(frozen=True, slots=True)
class LearntCascade:
    """One row of `cascades`: what was learnt of one column under one question and its models.

    `cascade` is a hash of all that it depends on; a cheap side of two models is named with `+`.
    Of `texts` so many were `drawn` and answered by both. `threshold` is the confidence from which
    the cheap answer is kept, None where nothing may be accepted; at or above it were `kept` drawn
    texts, `errors` of which differ, and `bound` is the greatest share of errors that this does not
    refute at `delta`.
    """

    cascade: str
    name: str
    kind: str
    prompt_hash: str
    cheap: str
    dear: str
    host: str
    alpha: float
    delta: float
    sample: int
    texts: int
    drawn: int
    threshold: float | None
    kept: int
    errors: int
    bound: float | None
    invocation_id: str
    calibrated_at: str

    @property
    def model(self) -> str:
        """The model whose answers are kept: the first of the cheap side."""
        return self.cheap.partition(PLUS)[0]


PLUS = " + "
"""Between the names of two cheap models."""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One row of `gate_results`: an expectation, what it counted, and why it is red, if it is.

    `reasons` is blank for a green one. No value of the data is in it.
    """

    invocation_id: str
    gate: str
    suite: str
    place: int
    expectation: str
    column_name: str
    threshold: str
    minimum_evaluated: int
    row_count: int | None
    evaluated: int | None
    unexpected: int | None
    unexpected_share: float | None
    success: bool
    error: str | None
    reasons: str
    checked_at: str


@dataclass(frozen=True, slots=True)
class Unused:
    """The answers to one question of one model: how many, and when they were last of use.

    `used_at` is the start of the last run that asked the question, or the time of its last answer
    where that is later; UTC in ISO form.
    """

    prompt_hash: str
    kind: str
    model: str
    host: str
    answers: int
    used_at: str
