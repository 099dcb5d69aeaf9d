"""The aftermath of a sending: what becomes of a pack, its asks and those who wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from assay.core.errors import CallError, ConfigError, QuotaError, RunError
from assay.core.events import GivenUp, PackOver
from assay.core.settings import Settings
from assay.core.values import Attempt, Failure, Judged, Outcome, Pack, Request, Status
from assay.engine import retry
from assay.engine.answers import Answers
from assay.engine.claims import Claims
from assay.engine.governor import Governor
from assay.engine.ladder import Ladder
from assay.engine.recorder import Burial, Recorder, burials
from assay.engine.retry import Rejections
from assay.engine.sending import Failed
from assay.engine.smallest import small_request_like
from assay.engine.state import RunState
from assay.store import Landing

_STOPS: dict[Status, type[RunError]] = {"config": ConfigError, "quota": QuotaError}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the aftermath shares with the dispatcher: `pump` sends what may go out now, `try_out`
    sends a request that is no part of the work."""

    recorder: Recorder
    answers: Answers
    claims: Claims
    ladder: Ladder
    runs: Iterable[RunState]
    pump: Callable[[], None]
    try_out: Callable[[RunState, Request], Awaitable[CallError | None]]


class Aftermath:
    """Settles what was answered or is given up, and lets the rest wait again.

    There is a new one whenever a server is met afresh: it counts what asks have met.
    """

    def __init__(self, settings: Settings, around: Surroundings, governor: Governor) -> None:
        self._settings = settings
        self._around = around
        self._governor = governor
        self._rejections = Rejections(around.claims, settings.max_attempts)

    async def take_in(
        self, run: RunState, request: Request, judged: Judged, landing: Landing
    ) -> None:
        """Settle what a reply answered once it is stored; ask for the rest again, or bury it."""
        rejected = self._rejections.sort(request, judged)
        buried = burials(request.pack, judged, rejected.buried)
        failures = await self._around.recorder.write(landing, *buried)
        self.settle_all(judged.answers)
        self._settle_failures(run, failures)
        for ask in rejected.again:
            run.backlog.add_again(ask, judged.rejected[ask.key])
        run.backlog.add_alone(rejected.alone, judged.rejected)
        if rejected.again or rejected.alone:
            self._around.pump()

    async def after_fault(self, run: RunState, request: Request, failed: Failed) -> None:
        """See to a pack whose sending failed; raise what stops the run."""
        attempt, error = failed.attempt, failed.error
        self._governor.failed(request.pack, error, attempt.latency_seconds or 0.0)
        try:
            verdict = await self._verdict(run, request, failed)
        except RunError:
            await self._around.recorder.write_failed(attempt)
            raise
        if not isinstance(verdict, retry.Retry):
            run.tell(PackOver(request.pack))
        await self.act_on(run, request.pack, attempt, error, verdict)
        if isinstance(verdict, retry.Stop):
            raise _STOPS.get(verdict.status, RunError)(verdict.reason or str(error))

    async def act_on(
        self,
        run: RunState,
        pack: Pack,
        failed: Attempt,
        error: CallError,
        verdict: retry.Verdict,
        of_batch: str = "",
    ) -> None:
        """Do what a verdict says once the attempt is stored; `of_batch` names its request there.

        Nothing is done for one that stops the run.
        """
        burial: Burial | None = None
        if isinstance(verdict, retry.Bury):
            why = verdict.reason or str(error)
            burial = Burial(pack.asks, verdict.status, {ask.key: why for ask in pack.asks})
        failures = await self._around.recorder.write_failed(failed, burial, of_batch)
        self._settle_failures(run, failures)
        match verdict:
            case retry.Retry(wait) as patience:
                again = retry.next_sending(pack, error.fault, patience)
                run.spawn(self._send_later(run, again, wait))
            case retry.Split(singly):
                for part in retry.parts_of(pack, error.fault, singly=singly):
                    run.backlog.add_pack(part)

    async def verdict_in_batch(
        self, run: RunState, request: Request, error: CallError
    ) -> retry.Verdict:
        """Return what becomes of a pack that failed in a batch: nobody waits for the server."""
        if await self._is_of_the_form(run, request, error):
            return retry.Retry(0.0, counts=False)
        if error.fault in retry.AT_RANDOM:
            verdict = retry.after_fault(
                error.fault,
                request.pack,
                serves=True,
                max_attempts=self._settings.max_attempts,
                retry_after_seconds=None,
                jitter=0.0,
            )
        else:
            verdict = self._governor.verdict(request.pack, error, others_wait=False)
        return retry.Retry(0.0) if isinstance(verdict, retry.Retry) else verdict

    def settle_all(self, outcomes: Mapping[bytes, Outcome]) -> None:
        """Make outcomes known: an answer to all, a failure to the runs that have asked."""
        for key, outcome in outcomes.items():
            if outcome.status == "ok":
                self._around.answers.learn(key, outcome)
            self._around.claims.settle(key, outcome)

    async def _verdict(self, run: RunState, request: Request, failed: Failed) -> retry.Verdict:
        if await self._is_of_the_form(run, request, failed.error):
            return retry.Retry(0.0, counts=False)
        pack, runs = request.pack, self._around.runs
        alone = len(self._around.claims) <= len(pack.asks)
        doubted = self._governor.doubts(pack, failed.error, alone=alone)
        if doubted and await self._serves_less(run, request):
            why = "The same question about a short text was served just then"
            return self._governor.too_big(pack, failed.error, why)
        return self._governor.verdict(
            pack,
            failed.error,
            took_seconds=failed.attempt.latency_seconds or 0.0,
            others_wait=any(len(run.backlog) for run in runs),
            untried=any(run.backlog.has_untried for run in runs),
        )

    async def _is_of_the_form(self, run: RunState, request: Request, error: CallError) -> bool:
        """Whether a request was turned down for the form of a reply, which is another now."""
        if error.fault != "too_big_or_bad":
            return False
        try_out = partial(self._around.try_out, run)
        return await self._around.ladder.explains(request, error, try_out)

    async def _serves_less(self, run: RunState, request: Request) -> bool:
        """Whether what `request` asks is served about one short text, right now."""
        small = small_request_like(self._settings, request)
        return await self._around.try_out(run, small) is None

    async def _send_later(self, run: RunState, pack: Pack, wait_seconds: float) -> None:
        await asyncio.sleep(wait_seconds)
        run.backlog.add_pack(pack)
        self._around.pump()

    def _settle_failures(self, run: RunState, failures: Sequence[Failure]) -> None:
        if given_up := [failure for failure in failures if failure.kept is None]:
            run.tell(GivenUp(given_up))
        self.settle_all({failure.key: failure.outcome for failure in failures})
