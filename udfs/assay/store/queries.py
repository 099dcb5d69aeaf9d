"""What can be read of a store: a query is its name with its arguments, and says what it returns.

`store.read(MeanLatency(host, model, last=200))` is a `float | None`. Each back end answers all of
them from its own folder. Times are UTC in ISO form, money is in US dollars.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from assay.store.accounts import Selection, Spend, Use
from assay.store.batches import BatchPack, BatchRow
from assay.store.records import (
    Discard,
    Evaluation,
    GateRow,
    Graded,
    LearntCascade,
    Letter,
    Rung,
    Unused,
    Which,
)
from assay.store.repairs import Repair

T_co = TypeVar("T_co", covariant=True)
Row = dict[str, Any]
"""A row by the names of its columns."""


@dataclass(frozen=True)
class Query(Generic[T_co]):
    """A question to the store; `T_co` is what it returns."""


# What was sent


@dataclass(frozen=True)
class Spent(Query[Spend]):
    """What a run sent; without one, all that was ever sent."""

    invocation_id: str | None = None


@dataclass(frozen=True)
class Attempts(Query[list[Row]]):
    """The last `most` attempts of a part of the ledger, all columns of `calls`, oldest first."""

    part: Selection
    outcome: str | None
    most: int


@dataclass(frozen=True)
class AttemptCount(Query[int]):
    """How many attempts of a part of the ledger ended like `outcome`, if one is given."""

    part: Selection
    outcome: str | None = None


@dataclass(frozen=True)
class AttemptSums(Query[list[Row]]):
    """Sums over attempts by `day`, `run`, `model`, `prompt_hashes`: requests, money and more."""

    part: Selection = field(default_factory=Selection)


@dataclass(frozen=True)
class AttemptFigures(Query[list[tuple[Any, ...]]]):
    """Of each attempt of a run, or of all: its prompt hashes, model, outcome, records, tokens in,
    tokens out, US dollars and seconds.
    """

    invocation_id: str | None = None


@dataclass(frozen=True)
class MeanLatency(Query[float | None]):
    """Mean seconds of the `last` requests that a model answered; None without any."""

    host: str
    model: str
    last: int


@dataclass(frozen=True)
class AnswerCosts(Query[dict[tuple[str, str], float]]):
    """What an answer cost on average, by prompt hash and model, where that is known."""


# Runs


@dataclass(frozen=True)
class Uses(Query[list[Use]]):
    """What became of the rows of each question of each run in a part of the ledger, priced."""

    part: Selection = field(default_factory=Selection)


@dataclass(frozen=True)
class RunSums(Query[list[Row]]):
    """All runs with sums over their attempts and gates, oldest first; `builds` is 0 for a look."""


@dataclass(frozen=True)
class LastBuild(Query[str | None]):
    """The id of the last run that built anything, ended or not; None without any."""


@dataclass(frozen=True)
class StopOf(Query[tuple[str, str] | None]):
    """What ended a run early, and the message; None where nothing did."""

    invocation_id: str


@dataclass(frozen=True)
class RungsOf(Query[list[Rung]]):
    """In which mode the models at a host were found to stand."""

    host: str


@dataclass(frozen=True)
class LastUse(Query[Row | None]):
    """The last run that was served a question: `invocation_id`, `started_at`; None without any."""

    prompt_hash: str
    model: str


# What is asked


@dataclass(frozen=True)
class BuiltStatements(Query[dict[str, str]]):
    """The SQL of all that asks, as it was built last, by id."""


@dataclass(frozen=True)
class TaskSpecs(Query[dict[str, tuple[str, str]]]):
    """Kind and JSON of every task on record, by prompt hash."""


@dataclass(frozen=True)
class Askers(Query[list[tuple[str, str]]]):
    """Model and host of all that ever answered a question, or failed to."""

    prompt_hash: str


# Answers and failures


@dataclass(frozen=True)
class AnswerUnder(Query[Row | None]):
    """The answer under a key, all columns and `is_sound` for the checksum; None without one."""

    key: bytes


@dataclass(frozen=True)
class FailureUnder(Query[Row | None]):
    """The failure under a key, all columns and `discarded_at`; None without one."""

    key: bytes


@dataclass(frozen=True)
class AnsweredBy(Query[Row | None]):
    """The attempt that asked a question and was under way at a time; None where none was."""

    prompt_hash: str
    model: str
    host: str
    answered_at: str


@dataclass(frozen=True)
class FailedBy(Query[Row | None]):
    """The last attempt that asked a question and had ended by a time; None where none had."""

    prompt_hash: str
    model: str
    host: str
    failed_at: str


@dataclass(frozen=True)
class KeysLike(Query[list[bytes]]):
    """The keys of answers and failures that begin with these hex digits."""

    prefix: str


@dataclass(frozen=True)
class KnownKeys(Query[set[bytes]]):
    """Those of some keys that have an answer or a failure, whatever they are worth."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True)
class AllLetters(Query[list[Letter]]):
    """Every failure, the oldest first."""


@dataclass(frozen=True)
class DeadLetterCount(Query[int]):
    """How many failures no build tries again and nobody has discarded."""


@dataclass(frozen=True)
class DiscardsOf(Query[list[Discard]]):
    """Every discard of a key, the oldest first; also those that a replay ended."""

    key: bytes


@dataclass(frozen=True)
class UnusedAnswers(Query[list[Unused]]):
    """Every question that has answers with its last use, the oldest first."""


# What was checked


@dataclass(frozen=True)
class GateRows(Query[list[GateRow]]):
    """What the gates of a run counted, gate by gate in the order in which they ran."""

    invocation_id: str


@dataclass(frozen=True)
class GateSums(Query[list[tuple[str, str, str, int, int]]]):
    """Of each suite in each run: invocation, gate, suite, expectations, red ones; oldest first."""


@dataclass(frozen=True)
class EvaluationsOf(Query[list[Evaluation]]):
    """The evaluations of a run, or of all, the oldest first."""

    invocation_id: str | None = None


@dataclass(frozen=True)
class AcceptedEvaluation(Query[Evaluation | None]):
    """The evaluation of a column over golden rows that passed last, or first; None without any."""

    model_name: str
    column_name: str
    golden: str
    which: Which


@dataclass(frozen=True)
class RecordedEvaluation(Query[Evaluation | None]):
    """The last evaluation of a column over golden rows with a fingerprint; None without any."""

    model_name: str
    column_name: str
    golden: str
    fingerprint: str


@dataclass(frozen=True)
class GradedRows(Query[dict[str, Graded]]):
    """The rows of an evaluation by golden key."""

    fingerprint: str


# What is asked by the file


@dataclass(frozen=True)
class BatchesOnRecord(Query[list[BatchRow]]):
    """The batches that are not done with, or all of them, the oldest first."""

    also_over: bool = False


@dataclass(frozen=True)
class PendingKeys(Query[set[bytes]]):
    """Those of some keys that a batch holds."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True)
class PacksOfBatch(Query[list[BatchPack]]):
    """The requests of a batch of which nothing is in the store yet, in their order."""

    batch_id: str


# Cascades


@dataclass(frozen=True)
class CalibrationOf(Query[LearntCascade | None]):
    """What was learnt of a cascade; None before it was calibrated."""

    cascade: str


@dataclass(frozen=True)
class Calibrations(Query[list[LearntCascade]]):
    """What was learnt of all cascades, the oldest first."""


# Repairs


@dataclass(frozen=True)
class RepairsOf(Query[list[Repair]]):
    """The repairs of a relation, or all, with their last decision; the surest first."""

    relation: str | None = None
