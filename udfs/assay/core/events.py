"""Events: what happens in a run, as values; and the one method of whoever watches it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from assay.core.values import Ask, Attempt, Failure, Outcome, Pack, Question, Request


@dataclass(frozen=True, slots=True)
class RunBegun:
    """A run begins; others may be open."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RunOver:
    """A run has ended, and nothing of it is under way."""

    run_id: str


@dataclass(frozen=True, slots=True)
class GatherBegun:
    """A statement of a run is about to gather for `origin`, such as a dbt node."""

    origin: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Asks that are needed for `origin`, such as a dbt node, and that were not known."""

    origin: str
    asks: Sequence[Ask]


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the store knew of texts that are asked about for the first time in this process."""

    question: Question
    found: Sequence[Outcome] = ()


@dataclass(frozen=True, slots=True)
class RowsServed:
    """Rows got their outcomes; the key of a row without a text is None."""

    question: Question
    keys: Sequence[bytes | None]
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class RowsCompared:
    """Rows were compared with their table (`ai_due`); None stands for what is not known yet."""

    question: Question
    keys: Sequence[bytes | None]
    outcomes: Sequence[Outcome | None]


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt begins: a request is about to go out."""

    request: Request
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt is over, however it ended; `model` is who answered, where a reply says so."""

    attempt: Attempt
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PackOver:
    """A pack will not be sent again as it is: answered, split, buried or stopped."""

    pack: Pack


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Asks that have become failures."""

    failures: Sequence[Failure]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A batch of a stream is sent and committed.

    `sent` counts messages by what became of them: `routed`, `dead`, `unanswered`. `seconds` is
    how long the batch took, `lag` how many messages wait behind it, `oldest_seconds` how old its
    oldest was when it was done.
    """

    model: str
    sent: Mapping[str, int]
    seconds: float
    lag: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """Something ended a run early; `cause` is a word, such as `budget`."""

    cause: str
    run_id: str


Event: TypeAlias = (
    RunBegun
    | RunOver
    | GatherBegun
    | Gathered
    | LookedUp
    | RowsServed
    | RowsCompared
    | Sent
    | Ended
    | PackOver
    | GivenUp
    | Streamed
    | Stopped
)


def stored_before(begun: str, found: Iterable[Outcome]) -> int:
    """Return how many of `found` are answers older than `begun`, when the run began.

    What this very run has bought a moment ago was not known.
    """
    return sum(one.status == "ok" and (one.answered_at or "") < begun for one in found)


class Observer(Protocol):
    """Watches an engine: it must neither wait nor raise, for it is called on the engine's loop.

    `LookedUp`, `RowsServed` and `RowsCompared` come from any thread, the others from the loop's.
    """

    def see(self, event: Event) -> None:
        """Take note of `event`."""

    def close(self) -> None:
        """The engine has ended; called once, off the loop."""


class Nobody:
    """The observer of a run that nobody watches."""

    def see(self, event: Event) -> None:
        """Look away."""

    def close(self) -> None:
        """Nothing is open."""
