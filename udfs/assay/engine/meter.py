"""The meter: what a run has looked up, served, asked, got and paid so far; read while it runs."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.clock import now_utc
from assay.core.events import (
    Ended,
    Event,
    Gathered,
    GivenUp,
    LookedUp,
    RowsCompared,
    RowsServed,
    stored_before,
)
from assay.core.values import (
    DISCARDED,
    GIVEN_UP,
    REPEATED,
    Attempt,
    Fate,
    Outcome,
    Question,
    Served,
    Use,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a run stands: asks answered, failed and found in the store; what was sent and paid.

    `records` are those of requests that have ended; `unknown_cost` counts requests whose price
    or usage is not known. `waiting` are texts in the queue, `in_flight` requests, `open_asks` asks
    that are not settled; `origins` is what they are for, such as dbt nodes, the latest last.
    `waits_for` says why nothing is sent just now, blank where something is.
    """

    answered: int = 0
    failed: int = 0
    stored: int = 0
    requests: int = 0
    records: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    waiting: int = 0
    in_flight: int = 0
    open_asks: int = 0
    origins: tuple[str, ...] = ()
    waits_for: str = ""

    @property
    def busy(self) -> bool:
        """Whether anything waits or flies."""
        return self.waiting + self.in_flight > 0

    @property
    def settled(self) -> int:
        """Asks that were sent and have an answer, or none for good."""
        return self.answered + self.failed

    @property
    def taken_on(self) -> int:
        """All asks of the run that the store did not know: settled, or under way."""
        return self.settled + self.open_asks


class Meter:
    """Counts for one run; any thread may add to it. `began_at` is when the run began, UTC."""

    def __init__(self) -> None:
        self._begun = now_utc()
        self._lock = threading.Lock()
        self._tallies: defaultdict[Use, _Tally] = defaultdict(_Tally)
        self._counts: defaultdict[str, Any] = defaultdict(int)
        self._origins: dict[str, None] = {}

    def see(self, event: Event) -> None:
        """Count what `event` is about."""
        match event:
            case LookedUp(_, found):
                self.looked_up(found)
            case RowsServed(question, keys, outcomes):
                self.served_rows(question, keys, outcomes)
            case RowsCompared(question, keys, known):
                self.compared(question, keys, known)
            case Ended(attempt):
                self.ended(attempt)
            case Gathered(origin, asks) if asks:
                self.gathered(origin)
            case GivenUp(failures):
                self.failed(sum(one.status not in ("unsupported", "unclear") for one in failures))

    def looked_up(self, found: Iterable[Outcome]) -> None:
        """The store knew these; what this very run has bought a moment ago does not count."""
        stored = stored_before(self._begun, found)
        with self._lock:
            self._add(stored=stored)

    def served_rows(
        self, question: Question, keys: Sequence[bytes | None], outcomes: Sequence[Outcome]
    ) -> None:
        """Rows were served; the key of one without a text is None."""
        pairs = [(k, one) for k, one in zip(keys, outcomes, strict=True) if k is not None]
        with self._lock:
            self._tallies[_use(question)].serve(self._begun, pairs)

    def compared(
        self, question: Question, keys: Sequence[bytes | None], known: Sequence[Outcome | None]
    ) -> None:
        """Rows were compared with their table; what was known before the run stays there."""
        pairs = [
            (key, one)
            for key, one in zip(keys, known, strict=True)
            if key is not None and one is not None
        ]
        with self._lock:
            self._tallies[_use(question)].compare(self._begun, pairs)

    def ended(self, attempt: Attempt) -> None:
        """An attempt is over, however it ended."""
        with self._lock:
            self._add(
                requests=1,
                records=attempt.records,
                answered=attempt.answers,
                input_tokens=attempt.input_tokens or 0,
                output_tokens=attempt.output_tokens or 0,
                cost_usd=attempt.cost_usd or 0.0,
                unknown_cost=attempt.cost_usd is None,
            )

    def gathered(self, origin: str) -> None:
        """Something is to be asked for `origin`."""
        with self._lock:
            self._origins.pop(origin, None)
            self._origins[origin] = None

    def failed(self, asks: int) -> None:
        """So many asks were given up."""
        with self._lock:
            self._add(failed=asks)

    def reading(self, *, waiting: int, in_flight: int) -> Reading:
        """Return where the run stands, with what waits and flies now."""
        with self._lock:
            counts, origins = self._counts, tuple(self._origins)
            return Reading(**counts, waiting=waiting, in_flight=in_flight, origins=origins)

    def served(self) -> Mapping[Use, Served]:
        """Return what became of each question so far."""
        with self._lock:
            return {use: tally.read() for use, tally in self._tallies.items()}

    def _add(self, **counts: float) -> None:
        for name, count in counts.items():
            self._counts[name] += count


@dataclass(slots=True)
class _Tally:
    """Counts the rows of one question; not safe to use from several threads."""

    rows: int = 0
    stored: int = 0
    new: int = 0
    kept: int = 0
    bought: set[bytes] = field(default_factory=set)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed_keys: set[bytes] = field(default_factory=set)
    standing: dict[bytes, tuple[str, str, int]] = field(default_factory=dict)

    def serve(self, begun: str, pairs: Sequence[tuple[bytes, Outcome]]) -> None:
        """Count rows that were served, by key and outcome."""
        self.rows += len(pairs)
        for key, outcome in pairs:
            if outcome.status != "ok":
                self.failed[_fate(outcome)] += 1
                self.failed_keys.add(key)
            elif (outcome.answered_at or "") < begun:
                self.stored += 1
            else:
                self.new += 1
                self.bought.add(key)

    def compare(self, begun: str, pairs: Sequence[tuple[bytes, Outcome]]) -> None:
        """Count rows that were known before the run; others are due and counted when served."""
        for key, outcome in pairs:
            if (outcome.answered_at or "") >= begun:
                continue
            if outcome.status == "ok":
                self.kept += 1
            else:
                *_, before = self.standing.get(key, ("", "", 0))
                self.standing[key] = (*_fate(outcome), before + 1)

    def read(self) -> Served:
        """Return the counts; a row that was served is not kept, whatever it was before."""
        standing: Counter[tuple[str, str]] = Counter()
        for key, (status, error, rows) in self.standing.items():
            if key not in self.failed_keys:
                standing[status, error] += rows
        fates = {
            "ok": Fate(self.stored + self.new, max(0, self.kept - self.stored)),
            REPEATED: Fate(self.new - len(self.bought)),
            **_by_status(self.failed, standing),
        }
        known = {name: fate for name, fate in fates.items() if fate.rows or fate.kept}
        return Served(self.rows, self.stored, known)


def _by_status(
    served: Counter[tuple[str, str]], kept: Counter[tuple[str, str]]
) -> dict[str, Fate]:
    """Sum rows without an answer by status, with the commonest reason of each."""
    found: dict[str, Fate] = {}
    for (status, error), _ in (served + kept).most_common():
        before = found.get(status, Fate(reason=error))
        rows, stay = served[status, error], kept[status, error]
        found[status] = Fate(before.rows + rows, before.kept + stay, before.reason)
    return found


def _fate(outcome: Outcome) -> tuple[str, str]:
    """Return the status of a row without an answer and why; what a person gave up is discarded."""
    reason = outcome.error or ""
    return (GIVEN_UP if reason.startswith(DISCARDED) else outcome.status), reason


def _use(question: Question) -> Use:
    return question.task.kind, question.task.prompt_hash, question.model
