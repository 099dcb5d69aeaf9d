"""The runs of a stream: one for each window, under what its budget has left, whoever spent it."""

from __future__ import annotations

import datetime

from assay.core.clock import now
from assay.core.settings import Settings
from assay.engine.prices import check_cap
from assay.engine.run import Run
from assay.engine.session import Session
from assay.hosts.stream.contract import StreamContract
from assay.hosts.stream.window import begin_of, run_name
from assay.store import queries


class Runs:
    """Begins runs in a session; all members of a stream spend from one budget a window.

    What others have spent is looked up before each batch, so that the wall may be passed by what
    they have in flight, and by no more.
    """

    def __init__(self, session: Session, contract: StreamContract) -> None:
        self._session = session
        self._contract = contract
        options = contract.options
        self._seconds = options.window
        self._caps = (options.max_cost_usd, options.max_requests)
        self._begun: datetime.datetime | None = None
        self._run: Run | None = None
        self._before = (0.0, 0)
        check_cap(self._settings())

    @property
    def ends_at(self) -> datetime.datetime:
        """When the present window ends."""
        return begin_of(now(), self._seconds) + datetime.timedelta(seconds=self._seconds)

    def current(self) -> tuple[Run, bool]:
        """Return the run of now, and whether it was begun just now.

        Another one is begun where a window has begun, the last one was stopped, or others have
        spent of the budget.
        """
        begin = begin_of(now(), self._seconds)
        run, spent = self._run, self._others(begin)
        if run is not None and self._begun == begin and not run.stopped and spent == self._before:
            return run, False
        if run is not None:
            run.close()
        self._begun = begin
        self._before = self._spent(begin)
        self._run = self._session.begin(
            run_name(self._contract.model, begin), builds=False, settings=self._settings()
        )
        return self._run, True

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.close()

    def cancel(self) -> None:
        """Stop the run: nothing more is sent; from any thread."""
        if self._run is not None:
            self._run.cancel()

    def _settings(self) -> Settings:
        """Return the settings of a run: what the window has left; a stream waits for no batch."""
        cost, requests = self._caps
        spent_usd, sent = self._before
        left: dict[str, object] = {"batch": False}
        if cost is not None:
            left["max_cost_usd"] = max(0.0, cost - spent_usd)
        if requests is not None:
            left["max_requests"] = max(0, requests - sent)
        if any(cap is not None for cap in self._caps):
            parks = self._contract.options.over_budget == "park"
            left["over_budget"] = "refuse" if parks else "spend"
        return self._session.settings.model_copy(update=left)

    def _spent(self, begin: datetime.datetime) -> tuple[float, int]:
        """Return what the window has cost so far, in US dollars and requests, by the ledger."""
        if all(cap is None for cap in self._caps):
            return (0.0, 0)
        query = queries.Spent(run_name(self._contract.model, begin))
        spend = self._session.store.read(query)
        return (round(spend.cost_usd, 9), spend.requests)

    def _others(self, begin: datetime.datetime) -> tuple[float, int]:
        """Return what was spent in the window, but for what the present run has."""
        usd, requests = self._spent(begin)
        if self._run is None or all(cap is None for cap in self._caps):
            return (usd, requests)
        own = self._run.spend
        return (round(usd - own.cost_usd, 9), requests - own.requests)
