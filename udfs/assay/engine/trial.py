"""Trials: requests that are no part of the work, sent to learn whether they are served.

One goes out before the first batch of a model: a wrong set-up costs that request, and not a day.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from assay.core.errors import CallError, ConfigError
from assay.core.events import PackOver
from assay.core.settings import Settings
from assay.core.values import Request
from assay.engine import retry
from assay.engine.governor import Governor
from assay.engine.ladder import Ladder
from assay.engine.recorder import Recorder
from assay.engine.sending import Failed, Sender
from assay.engine.smallest import small_request_like
from assay.engine.state import RunState

_TAKEN = frozenset({"refused", "truncated", "empty"})
"""What a server has for a request that it took, whatever the model made of it."""

_log = logging.getLogger("assay")


class Trials:
    """Sends trials; lives on the loop. `governor` is the one of the server as it is met now."""

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        sender: Sender,
        ladder: Ladder,
        governor: Callable[[], Governor],
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._sender = sender
        self._ladder = ladder
        self._governor = governor

    async def send(self, run: RunState, request: Request) -> CallError | None:
        """Send a trial once, if the budget has room; return what it met, None where it was served.

        Raises what stops the run.
        """
        worst = self._governor().worst_usd(request)
        if not run.budget.allows(worst):
            message = "The budget has no room for it."
            return CallError("retryable", message)
        run.budget.reserve(worst)
        self._governor().start(request)
        try:
            sent = await self._sender.send(run, request, worst)
        finally:
            self._governor().finish()
        run.tell(PackOver(request.pack))
        await self._recorder.write_failed(sent.attempt._replace(answers=0))
        if isinstance(sent, Failed):
            return sent.error
        self._governor().tried(request, sent.reply)
        return None

    async def settles(self, run: RunState, request: Request) -> bool:
        """Whether `request` may go into a batch as it is; not where its model has another mode.

        A model of which nothing is known is asked the same about one short text of ours. Raises
        what stops the run where that cannot be served. A server that fails for the moment shows
        nothing, nor does a budget without room for it, and nothing is held back for that.
        """
        model = request.model
        if request.mode == self._ladder.mode(model) and not self._ladder.is_settled(model):
            small = small_request_like(self._settings, request)
            if run.budget.allows(self._governor().worst_usd(small)):
                await self._find_out(run, small)
        return request.mode == self._ladder.mode(model)

    async def _find_out(self, run: RunState, small: Request) -> None:
        met = await self._patiently(run, small)
        if met is None or _was_taken(met):
            self._ladder.stands(small)
        elif met.fault == "too_big_or_bad":
            await self._is_explained(run, small, met)
        elif met.fault not in retry.SERVER_FAULTS:
            message = f"{met} Model {small.model!r} is out of reach. {self._settings.traits.check}"
            raise ConfigError(message, status=met.status)
        elif met.silent and not met.maybe_paid:
            message = f"{met} Is the endpoint right and up? Check `ASSAY_BASE_URL`."
            raise ConfigError(message)
        else:
            _log.warning(
                "It could not be found out whether model %r is served before its first batch, "
                "which goes out all the same: %s",
                small.model,
                met,
            )

    async def _patiently(self, run: RunState, small: Request) -> CallError | None:
        """Send a trial until the server is no longer in the way, or all attempts are over."""
        attempt = 1
        while True:
            met = await self.send(run, small)
            if met is None or met.fault not in retry.SERVER_FAULTS:
                return met
            if attempt >= self._settings.max_attempts:
                return met
            jitter = random.random()  # noqa: S311 - spreads retries, keeps no secret
            await asyncio.sleep(retry.wait_seconds(attempt, met.retry_after_seconds, jitter))
            attempt += 1

    async def _is_explained(self, run: RunState, small: Request, met: CallError) -> None:
        """Take the next mode where that is what is refused; a refused question stops the run.

        Where the server failed meanwhile, nothing is shown.
        """
        explained = await self._ladder.explains(small, met, partial(self.send, run))
        if explained or not self._ladder.is_settled(small.model):
            return
        message = (
            f"{met} This was one short text, asked before the first batch of model "
            f"{small.model!r}: every line of the batch would meet the same. Nothing was put into "
            f"a batch. {self._settings.traits.check}"
        )
        raise ConfigError(message, status=met.status)


def _was_taken(met: CallError) -> bool:
    """Whether a server took a request of which nothing came: a 403 is no access."""
    return met.fault in _TAKEN and met.status != HTTPStatus.FORBIDDEN
