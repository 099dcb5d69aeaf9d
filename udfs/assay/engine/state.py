"""The state of one run: its id, budget, meter and queue, what failed in it and what ended it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import RunError
from assay.core.events import Ended, Event, Observer
from assay.core.settings import Settings
from assay.core.values import Outcome
from assay.engine.budget import Budget
from assay.engine.estimate import Census
from assay.engine.meter import Meter, Reading
from assay.engine.queue import Backlog, GroupKey
from assay.forms import bounds_of


@dataclass(eq=False, slots=True)
class Round:
    """What one thread has gathered since it came back to the first task of its chunk."""

    handles: set[str] = field(default_factory=set)
    groups: list[GroupKey] = field(default_factory=list)


@dataclass(slots=True)
class Gathering:
    """Counts the statements that gather. `is_over` once what they gathered is taken on as well.

    One that fails never says that it has come to its end, and is counted until the next run.
    """

    statements: int = 0
    is_over: bool = True
    _is_counted: bool = True

    def changes(self, by: int) -> bool:
        """So many statements more gather, or less; return whether none does any longer."""
        self.statements = max(0, self.statements + by)
        self.is_over = self._is_counted = False
        return self.statements == 0

    def taken_on(self) -> None:
        """All is taken on that came before a statement's end."""
        self.is_over = self.is_over or self.statements == 0

    def is_to_be_counted(self, *, somebody_waits: bool) -> bool:
        """Whether what is there is about to be sent and was not counted; it is then.

        That is all that was gathered, or what is there when somebody waits for it.
        """
        counts = not self._is_counted and (self.is_over or somebody_waits)
        self._is_counted = self._is_counted or counts
        return counts


class RunState:
    """What belongs to one run and ends with it; the loop alone changes it, with two exceptions.

    `failures` are the asks that have no answer in this run: any thread may add to them. Any
    thread may `tell` the run what happened. `waiting` counts tickets that wait for what this run
    has taken on, `in_flight` its requests, `open_asks` what it has taken on and not settled;
    `searches_failed` counts those in a row without a reply; `harvesting` ends once all that
    batches brought is in. What has aged by `began_at` is due: one instant for the whole run, so
    that each statement sees the same.
    """

    def __init__(self, run_id: str, settings: Settings, observer: Observer) -> None:
        self.run_id = run_id
        self.began_at = now_utc()
        self.settings = settings
        self.budget = Budget(
            settings.max_cost_usd, settings.max_requests, max_searches=settings.max_searches
        )
        self.meter = Meter()
        self.backlog = Backlog(bounds_of(settings))
        self.gathering = Gathering()
        self.rounds: dict[int, Round] = {}
        self.failures: dict[bytes, Outcome] = {}
        self.stopped: RunError | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.waiting = 0
        self.in_flight = 0
        self.open_asks = 0
        self.is_spent = False
        self.searches_failed = 0
        self.harvesting: asyncio.Task[None] | None = None
        self._trouble = ""
        self._observer = observer

    def wall(self, model: str, worst_usd: float | None) -> str:
        """Return why a request that costs so much at most is not sent, and what failed before.

        From then on the run buys nothing, unless it is this request alone that has no price.
        """
        self.is_spent = self.is_spent or not self.budget.cannot_price(worst_usd)
        said = f"The last request has failed: {self._trouble}" if self._trouble else ""
        return f"{self.budget.wall(model, worst_usd)} {said}".rstrip()

    @property
    def flushes(self) -> bool:
        """Whether packs go out that are not full: all is gathered, or somebody waits."""
        return self.gathering.is_over or self.waiting > 0

    @property
    def has_packs(self) -> bool:
        """Whether something waits and may be sent: what is counted first, once all is there."""
        counted = self.flushes or not self.settings.refuses
        return self.stopped is None and counted and len(self.backlog) > 0

    def check_need(self) -> None:
        """Raise `BudgetError` where what was gathered needs more than is left; counted once."""
        counts = self.gathering.is_to_be_counted(somebody_waits=self.waiting > 0)
        if counts and self.settings.refuses and len(self.backlog):
            census = Census(self.settings)
            census.take(self.backlog.asks())
            need = census.plan()
            self.budget.check(need.cost_usd, need.requests)

    def tell(self, event: Event) -> None:
        """Let the meter and whoever watches know; the only way to either."""
        if isinstance(event, Ended):
            self._trouble = event.attempt.error or ""
        self.meter.see(event)
        self._observer.see(event)

    def reading(self, waits_for: str = "") -> Reading:
        """Return where the run stands, and why nothing is sent just now, if so."""
        return replace(
            self.meter.reading(waiting=len(self.backlog), in_flight=self.in_flight),
            open_asks=self.open_asks,
            waits_for=waits_for,
        )

    def ripen(self) -> None:
        """Nothing further is expected about any text that waits."""
        self.rounds.clear()
        self.backlog.ripen_all()

    def check(self) -> None:
        """Raise the error that has stopped the run, if one has."""
        if self.stopped is not None:
            raise type(self.stopped)(*self.stopped.args) from self.stopped

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let `work` run on the loop until it or the run ends; return the task that does it."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def cancel_tasks(self) -> list[asyncio.Task[None]]:
        """Cancel what runs, but for the task that says so; return what was cancelled."""
        current = asyncio.current_task()
        tasks = [task for task in self.tasks if task is not current]
        for task in tasks:
            task.cancel()
        return tasks
