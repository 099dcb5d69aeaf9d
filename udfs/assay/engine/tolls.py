"""Asking the store before a request goes out, where its limits hold over many processes."""

from __future__ import annotations

import asyncio
import time

from assay.core.settings import Settings
from assay.core.values import Request
from assay.engine.state import RunState
from assay.store import Store, Toll

LATER_SECONDS = 0.25
"""How often it is asked again whether reservations of others have settled lower."""


class Tolls:
    """Takes part in the walls of a store that several machines share; of a file there are none."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._walls = store.walls

    async def take(self, run: RunState, request: Request, worst: float | None) -> bool:
        """Wait for room in the minute, and return whether there is room in the budget."""
        toll = self._toll(run, request, worst)
        if self._walls is None:
            return True
        while toll.has_pace and (wait := await asyncio.to_thread(self._walls.enter, toll)):
            await asyncio.sleep(wait)
        if not toll.has_cap:
            return True
        until = time.monotonic() + self._settings.deadline_seconds
        while (room := await asyncio.to_thread(self._walls.reserve, toll)) == "later":
            if time.monotonic() > until:  # whoever set it aside would have had an answer by now
                break
            await asyncio.sleep(LATER_SECONDS)
        return room == "taken"

    async def pay(
        self, run: RunState, request: Request, worst: float | None, cost_usd: float | None
    ) -> None:
        """Say what a request has cost; None where nobody knows."""
        toll = self._toll(run, request, worst)
        if self._walls is not None and toll.has_cap:
            await asyncio.to_thread(self._walls.pay, toll, cost_usd)

    def _toll(self, run: RunState, request: Request, worst: float | None) -> Toll:
        return Toll(
            run.run_id,
            self._settings.host,
            worst,
            request.input_tokens,
            run.settings.max_cost_usd,
            run.settings.max_requests,
            self._settings.requests_per_minute,
            self._settings.tokens_per_minute,
        )
