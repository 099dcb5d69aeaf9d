"""The meter: what a run has looked up, asked, got and paid so far; read while it runs."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from udfs.clock import now_utc
from udfs.events import Ended, Event, GivenUp, LookedUp, stored_before
from udfs.records import Attempt, Outcome, Question

Use = tuple[str, str, str]
"""Kind, prompt hash and model of a question."""


@dataclass(frozen=True, slots=True)
class Served:
    """What became of one question in a run: rows with a text, and texts the store knew."""

    rows: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a run stands: asks answered, failed and found in the store; what was sent and paid.

    `records` are those of requests that have ended; `unknown_cost` counts requests whose price
    or usage is not known. `waiting` are texts in the queue, `in_flight` requests.
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

    @property
    def busy(self) -> bool:
        """Whether anything waits or flies."""
        return self.waiting + self.in_flight > 0


class Meter:
    """Counts for one run; any thread may add to it. `began_at` is when the run began, UTC."""

    def __init__(self) -> None:
        self._begun = now_utc()
        self._lock = threading.Lock()
        self._served: dict[Use, Served] = {}
        self._counts: defaultdict[str, Any] = defaultdict(int)

    def see(self, event: Event) -> None:
        """Count what `event` is about."""
        match event:
            case LookedUp(question, rows, found):
                self.looked_up(question, rows=rows, found=found)
            case Ended(attempt):
                self.ended(attempt)
            case GivenUp(failures):
                self.failed(len(failures))

    def looked_up(
        self, question: Question, *, rows: int = 0, found: Iterable[Outcome] = ()
    ) -> None:
        """So many rows were served with outcomes of `question`; these the store knew.

        What this very run has bought a moment ago does not count as known.
        """
        task = question.task
        stored = stored_before(self._begun, found)
        use = (task.kind, task.prompt_hash, question.model)
        with self._lock:
            before = self._served.get(use, Served())
            self._served[use] = Served(before.rows + rows, before.stored + stored)
            self._add(stored=stored)

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

    def failed(self, asks: int) -> None:
        """So many asks were given up."""
        with self._lock:
            self._add(failed=asks)

    def reading(self, *, waiting: int, in_flight: int) -> Reading:
        """Return where the run stands, with what waits and flies now."""
        with self._lock:
            return Reading(**self._counts, waiting=waiting, in_flight=in_flight)

    def served(self) -> Mapping[Use, Served]:
        """Return what became of each question so far."""
        with self._lock:
            return dict(self._served)

    def _add(self, **counts: float) -> None:
        for name, count in counts.items():
            self._counts[name] += count
