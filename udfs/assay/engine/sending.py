"""One sending of a request: ledger, meter and budget are told before and after."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from assay.core.clock import now_utc
from assay.core.errors import CallError, ConfigError
from assay.core.events import Ended, Sent
from assay.core.settings import Settings
from assay.core.values import Attempt, Judged, Reply, Request
from assay.engine import attempts
from assay.engine.prices import price_of
from assay.engine.recorder import Recorder
from assay.engine.state import RunState
from assay.forms import form_of
from assay.providers import Provider
from assay.providers.deadline import send_within


@dataclass(frozen=True, slots=True)
class Brought:
    """What a reply brought, judged, and the row of its attempt, which is not in the store yet."""

    attempt: Attempt
    reply: Reply
    judged: Judged


@dataclass(frozen=True, slots=True)
class Failed:
    """What a sending met, and the row of its attempt, which is not in the store yet."""

    attempt: Attempt
    error: CallError


class Sender:
    """Sends requests, once each; `took_nothing` says whether the server has taken none so far."""

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        provider: Provider,
        took_nothing: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._provider = provider
        self._took_nothing = took_nothing

    async def send(self, run: RunState, request: Request, worst: float | None) -> Brought | Failed:
        """Return what came of `request`, whose worst cost is reserved; raise what stops a run."""
        attempt = attempts.begun(
            request,
            self._settings,
            owner=self._recorder.owner,
            run_id=run.run_id,
            reserved_usd=worst,
        )
        self._recorder.note(attempt)
        run.tell(Sent(request, attempt))
        started, price = time.monotonic(), price_of(self._settings, request.model)
        try:
            reply = await send_within(self._settings.deadline_seconds, self._provider, request)
            judged = form_of(request.pack).judge(request, reply, now_utc())
        except CallError as error:
            failed = attempts.failed(attempt, started, error, price)
            run.tell(Ended(failed))
            run.budget.pay(worst, failed.cost_usd)
            return Failed(failed, error)
        except BaseException as error:
            nothing = self._took_nothing() and isinstance(run.stopped, ConfigError)
            stopped = attempts.failed(attempt, started, error, price, maybe_paid=not nothing)
            run.tell(Ended(stopped))
            run.budget.pay(worst, 0.0 if nothing else None)
            await self._recorder.write_failed(stopped)
            raise
        ended = attempts.ended(attempt, started, reply, judged, price)
        run.tell(Ended(ended, reply.model))
        run.budget.pay(worst, ended.cost_usd)
        return Brought(ended, reply, judged)
