"""Re-checks of one run: which answers that have aged are asked about again, the oldest first."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from assay.core.values import Ask, Outcome
from assay.engine.estimate import Census
from assay.engine.state import RunState


class Rechecks:
    """Answers that are due by the one instant of a run; any thread may use it.

    While a statement gathers they are noted, and `chosen` at its end: as many as a run may have
    and its budget has room for. The others are served as they stand.
    """

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._noted: dict[bytes, tuple[Ask, str]] = {}
        self._asked: set[bytes] = set()
        self._left_alone: set[bytes] = set()
        settings = run.settings
        self._room = settings.max_rechecks if settings.traits.asks else 0

    def is_due(self, outcome: Outcome) -> bool:
        """Whether an answer was to be checked again by the time when the run began."""
        return outcome.is_due(self._run.began_at)

    def note(self, asks: Iterable[Ask], known: Mapping[bytes, Outcome]) -> None:
        """Take note of answers that are due and that a statement needs which gathers."""
        with self._lock:
            for ask in asks:
                if self._is_open(ask):
                    self._noted[ask.key] = (ask, known[ask.key].expires_at or "")

    def chosen(self) -> list[Ask]:
        """Return what is asked about of all that was noted; the rest is left as it stands."""
        with self._lock:
            noted, self._noted = self._noted, {}
            return self._choose(noted)

    def admitted(self, asks: Sequence[Ask], known: Mapping[bytes, Outcome]) -> list[Ask]:
        """Return those of `asks` that are asked about in this run, from now on or already."""
        with self._lock:
            new = {a.key: (a, known[a.key].expires_at or "") for a in asks if self._is_open(a)}
            self._choose(new)
            return [ask for ask in asks if ask.key in self._asked]

    def _is_open(self, ask: Ask) -> bool:
        return ask.key not in self._asked and ask.key not in self._left_alone

    def _choose(self, noted: Mapping[bytes, tuple[Ask, str]]) -> list[Ask]:
        """Decide on what is noted, each with the time since when it is due."""
        in_order = sorted(noted.values(), key=lambda one: (one[1], one[0].key))
        asks = [ask for ask, _ in in_order if self._is_open(ask)]
        asked = self._affordable(asks if self._room is None else asks[: self._room])
        if self._room is not None:
            self._room -= len(asked)
        self._asked.update(ask.key for ask in asked)
        self._left_alone.update(ask.key for ask in asks[len(asked) :])
        return asked

    def _affordable(self, asks: Sequence[Ask]) -> list[Ask]:
        """Return the first of `asks` for which the run has the money and the requests."""
        asks, budget = list(asks), self._run.budget
        while asks:
            census = Census(self._run.settings)
            census.take(asks)
            need = census.plan()
            if not budget.lacks(need.cost_usd, need.requests):
                break
            asks = asks[: len(asks) * 3 // 4]
        return asks


def as_they_stand(due: Iterable[Ask], known: Mapping[bytes, Outcome]) -> dict[bytes, Outcome]:
    """Return the answers that are due, marked as past their time."""
    return {ask.key: known[ask.key]._replace(stale=True) for ask in due}
