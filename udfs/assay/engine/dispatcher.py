"""The dispatcher: what waits and flies, of all runs. Everything here happens on the one loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from assay.core.errors import CallError, Cancelled, ConfigError, QuotaError, RunError, StoreError
from assay.core.events import (
    GatherBegun,
    Gathered,
    GivenUp,
    PackOver,
    RunBegun,
    RunOver,
    Stopped,
)
from assay.core.settings import Settings
from assay.core.values import Ask, Attempt, Failure, Judged, Outcome, Pack, Request, Status
from assay.engine import retry
from assay.engine.answers import Answers
from assay.engine.claims import Claims, Wanted
from assay.engine.governor import Governor
from assay.engine.intake import Admission, Batch
from assay.engine.ladder import Ladder
from assay.engine.recorder import Burial, Recorder, burials
from assay.engine.retry import Rejections
from assay.engine.sending import Failed, Sender
from assay.engine.state import RunState
from assay.forms import form_of
from assay.providers import Provider
from assay.store import Landing

CANCELLED = "The run was cancelled; answers so far are kept. Run again to go on."
OVER = "The run is over; answers so far are kept. Begin another one to ask."

_STOPS: dict[Status, type[RunError]] = {"config": ConfigError, "quota": QuotaError}

HELD_POLL_SECONDS = 0.25
"""How often asks that another process holds are looked up again."""


class Dispatcher:
    """Takes batches of asks on and settles each of them, or stops their run.

    Runs that are open at once share answers, claims, limits and what is known of the server; each
    has a budget, a queue, a meter and an end of its own. `answers` may be used from any thread.
    """

    def __init__(
        self, settings: Settings, recorder: Recorder, provider: Provider, answers: Answers
    ) -> None:
        self.answers = answers
        self._settings = settings
        self._recorder = recorder
        self._provider = provider
        self._runs: deque[RunState] = deque()
        self._claims = Claims()
        self._inbox: asyncio.Queue[Batch] = asyncio.Queue()
        self._ladder = Ladder(settings)
        self._sender = Sender(settings, recorder, provider, lambda: self._governor.took_nothing)
        self._admission = Admission(recorder, self.answers, self._claims)
        self._timer: asyncio.TimerHandle | None = None
        self._meet_afresh()
        self._admitting = asyncio.get_running_loop().create_task(self._admit_for_ever())

    # Runs

    def begin(self, run: RunState, *, builds: bool) -> None:
        """Let `run` ask; one that is alone meets a server of which nothing is held against it."""
        if not self._runs:
            self._meet_afresh()
        self._runs.append(run)
        self._recorder.begun(run.run_id, run.settings, builds=builds)
        run.tell(RunBegun(run.run_id))

    async def end(self, run: RunState) -> None:
        """Return once nothing of `run` is under way any more, and what it served is on record."""
        if run not in self._runs:
            return
        tasks = self._halt(run, Cancelled(OVER))
        await asyncio.gather(*tasks, return_exceptions=True)
        self._recorder.ended(run.run_id, run.meter.served())
        with suppress(StoreError):  # the run was told, or asks nothing more
            await self._recorder.written()
        self._runs.remove(run)
        run.tell(RunOver(run.run_id))

    def stop(self, run: RunState, error: RunError) -> None:
        """End a run early: forget what waits, cancel what flies, wake its threads."""
        if run.stopped is None:
            run.tell(Stopped(error.cause, run.run_id))
            self._recorder.stopped(run.run_id, error.cause, str(error))
        self._halt(run, error)
        asyncio.get_running_loop().call_soon(self._pump)

    def stop_all(self, error: RunError) -> None:
        """End all runs early."""
        self._stop_each(list(self._runs), error)

    def _stop_each(self, runs: Iterable[RunState], error: RunError) -> None:
        for run in runs:
            self.stop(run, error)

    @property
    def is_shared(self) -> bool:
        """Whether more than one run is open."""
        return len(self._runs) > 1

    def _halt(self, run: RunState, error: RunError) -> list[asyncio.Task[None]]:
        """Let nothing of `run` go on; return its tasks, which are cancelled.

        What threads of other runs wait for they take on themselves.
        """
        run.stopped = run.stopped or error
        run.backlog.drain()
        keys, wanted = self._claims.drop(run)
        if keys:
            self._recorder.release(keys if self.is_shared else None)
        self._leave_to_others(wanted)
        return run.cancel_tasks()

    def _leave_to_others(self, wanted: Wanted) -> None:
        for ticket, asks in wanted.items():
            self.submit(Batch(ticket.run, asks, ticket))

    def _meet_afresh(self) -> None:
        self._governor = Governor(self._settings)
        self._rejections = Rejections(self._claims, self._settings.max_attempts)

    async def wind_up(self) -> None:
        """End all runs and what else goes on, and let the provider go."""
        for run in list(self._runs):
            await self.end(run)
        self._admitting.cancel()
        await asyncio.gather(self._admitting, return_exceptions=True)
        await self._provider.close()

    async def note_served(self, run: RunState) -> None:
        """Write down what became of each question so far; return once that is written."""
        self._recorder.served(run.run_id, run.meter.served())
        await self._recorder.written()

    def built(self, key: str, sql: str) -> None:
        """Take note of SQL that asks, as a build has compiled it."""
        self._recorder.built(key, sql)

    # Taking asks on

    def submit(self, batch: Batch) -> None:
        """Take a batch in; it is worked on in its turn."""
        if batch.origin:
            batch.run.tell(Gathered(batch.origin, batch.asks))
        self._inbox.put_nowait(batch)

    def gathering(self, run: RunState, change: int, origin: str = "") -> None:
        """One statement more (+1) or less (-1) is gathering; at none, all that waits is ripe."""
        if origin:
            run.tell(GatherBegun(origin, run.run_id))
        if run.gathering.changes(change):
            self._inbox.put_nowait(Batch(run))

    async def _admit_for_ever(self) -> None:
        while True:
            batches = [await self._inbox.get()]
            while not self._inbox.empty():
                batches.append(self._inbox.get_nowait())
            open_ones = [batch for batch in batches if batch.run.stopped is None]
            await self._admit(open_ones)  # whoever waits for a run that has stopped sees that, too

    async def _admit(self, batches: Sequence[Batch]) -> None:
        runs = list(dict.fromkeys(batch.run for batch in batches))
        with self._heard(*runs):
            for run in {batch.run for batch in batches if batch.asks}:
                self._recorder.asks(run.run_id)
            admitted = await self._admission.admit(batches)
            self._settle_all(admitted.settled)
            for run, held in admitted.held.items():
                run.spawn(self._wait_for_others(run, held))
        for batch in batches:
            if not batch.asks:
                batch.run.gathering.taken_on()
        for run in runs:
            with self._heard(run):
                run.check_need()
        self._pump()

    async def _wait_for_others(self, run: RunState, asks: Sequence[Ask]) -> None:
        """Look again for asks that another process holds, until they are settled or ours."""
        while asks and run.stopped is None:
            await asyncio.sleep(HELD_POLL_SECONDS)
            with self._heard(run):
                settled, asks = await self._admission.claim_again(run, asks)
                self._settle_all(settled)
                self._pump()

    # Sending

    def _pump(self) -> None:
        """Send all that may go out now, of each run in turn; called whenever something changed."""
        idle = 0
        while idle < len(self._runs) and self._governor.has_slot():
            run = self._runs[0]
            self._runs.rotate(-1)
            if not run.has_packs:
                idle += 1
                continue
            if (wait := self._governor.wait_seconds()) > 0:
                self._pump_in(wait)
                return
            idle = 0 if self._send_next(run) else idle + 1

    def _pump_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._pump)

    def _send_next(self, run: RunState) -> bool:
        """Send the next pack of `run`, if there is one; return whether another may follow."""
        with self._heard(run):
            pack = run.backlog.take(flush=run.flushes)
            return pack is not None and self._launch(run, pack)
        return False

    def _launch(self, run: RunState, pack: Pack) -> bool:
        """Start a request for `pack` if the budget allows; return whether another may follow."""
        headroom = self._settings.headroom_for(pack.model)
        mode = self._ladder.mode(pack.model)
        request = form_of(pack).compose(pack, headroom, mode, run.run_id)
        worst = self._governor.worst_usd(request)
        if not run.budget.allows(worst):
            return self._at_the_wall(run, pack, worst)
        run.budget.reserve(worst)
        self._governor.start(request)
        run.in_flight += 1
        run.spawn(self._serve(run, request, worst))
        return True

    def _at_the_wall(self, run: RunState, pack: Pack, worst: float | None) -> bool:
        """Return whether another may follow: after a pack of a model without a known price.

        Wait for what is in flight; at the wall, nothing that waits is attempted.
        """
        unpriced = run.budget.cannot_price(worst)
        if not unpriced and run.budget.is_unsettled():
            run.backlog.add_pack(pack)
            return False
        reason = run.wall(pack.model, worst)
        run.tell(Stopped("budget", run.run_id))
        self._recorder.stopped(run.run_id, "budget", reason)
        asks = [*pack.asks, *([] if unpriced else run.backlog.drain())]
        self._recorder.release([ask.key for ask in asks])
        self._leave_to_others(self._claims.give_up(run, asks, reason))
        return unpriced

    async def _serve(self, run: RunState, request: Request, worst: float | None) -> None:
        """Send one pack once, make room for the next, and see to the rows of this one.

        A slot is free again when the answers would outlive a kill, which then costs what was in
        flight; a row gets its answer only when a power cut would not take it, either.
        """
        landed: tuple[Judged, Landing] | None = None
        try:
            with self._heard(run):
                landed = await self._attempt(run, request, worst)
        finally:
            self._governor.finish()
            run.in_flight -= 1
        self._pump()
        if landed is not None:
            with self._heard(run):
                await self._take_in(run, request, *landed)

    async def _attempt(
        self, run: RunState, request: Request, worst: float | None
    ) -> tuple[Judged, Landing] | None:
        """Return what a sending brought; None where it failed, and all is seen to."""
        sent = await self._sender.send(run, request, worst)
        if isinstance(sent, Failed):
            await self._after_fault(run, request, sent.attempt, sent.error)
            return None
        run.tell(PackOver(request.pack))
        self._ladder.holds(request)
        self._governor.succeeded(request, sent.reply)
        landing = self._recorder.keep(sent.attempt, request.pack.asks, sent.judged.answers)
        return sent.judged, landing

    async def _try_out(self, run: RunState, request: Request) -> CallError | None:
        """Send a request that is no part of the work, to learn whether it is served."""
        worst = self._governor.worst_usd(request)
        if not run.budget.allows(worst):
            message = "The budget has no room for it."
            return CallError("retryable", message)
        run.budget.reserve(worst)
        self._governor.start(request)
        try:
            sent = await self._sender.send(run, request, worst)
        finally:
            self._governor.finish()
        run.tell(PackOver(request.pack))
        await self._recorder.write_failed(sent.attempt._replace(answers=0))
        if isinstance(sent, Failed):
            return sent.error
        self._governor.succeeded(request, sent.reply)
        return None

    # What becomes of a pack

    async def _take_in(
        self, run: RunState, request: Request, judged: Judged, landing: Landing
    ) -> None:
        """Settle what a reply answered once it is stored; ask for the rest again, or bury it."""
        rejected = self._rejections.sort(request, judged)
        buried = burials(request.pack, judged, rejected.buried)
        failures = await self._recorder.write(landing, *buried)
        self._settle_all(judged.answers)
        self._settle_failures(run, failures)
        for ask in rejected.again:
            run.backlog.add_again(ask, judged.rejected[ask.key])
        run.backlog.add_alone(rejected.alone, judged.rejected)
        if rejected.again or rejected.alone:
            self._pump()

    async def _after_fault(
        self, run: RunState, request: Request, failed: Attempt, error: CallError
    ) -> None:
        pack = request.pack
        self._governor.failed(pack, error, failed.latency_seconds or 0.0)
        try:
            verdict = await self._verdict(run, request, error)
        except RunError:
            await self._recorder.write_failed(failed)
            raise
        if not isinstance(verdict, retry.Retry):
            run.tell(PackOver(pack))
        burial: Burial | None = None
        if isinstance(verdict, retry.Bury):
            why = verdict.reason or str(error)
            burial = Burial(pack.asks, verdict.status, {ask.key: why for ask in pack.asks})
        self._settle_failures(run, await self._recorder.write_failed(failed, burial))
        match verdict:
            case retry.Retry(wait) as patience:
                again = retry.next_sending(pack, error.fault, patience)
                run.spawn(self._send_later(run, again, wait))
            case retry.Split(singly):
                for part in retry.parts_of(pack, error.fault, singly=singly):
                    run.backlog.add_pack(part)
            case retry.Stop(status, said):
                raise _STOPS.get(status, RunError)(said or str(error))

    async def _verdict(self, run: RunState, request: Request, error: CallError) -> retry.Verdict:
        turned_down = error.fault == "too_big_or_bad"
        if turned_down and await self._ladder.explains(
            request, error, partial(self._try_out, run)
        ):
            return retry.Retry(0.0, counts=False)
        pack = request.pack
        return self._governor.verdict(
            pack,
            error,
            others_wait=any(len(run.backlog) for run in self._runs),
            untried=any(run.backlog.has_untried for run in self._runs),
            alone=len(self._claims) <= len(pack.asks),
        )

    async def _send_later(self, run: RunState, pack: Pack, wait_seconds: float) -> None:
        await asyncio.sleep(wait_seconds)
        run.backlog.add_pack(pack)
        self._pump()

    def _settle_failures(self, run: RunState, failures: Sequence[Failure]) -> None:
        if failures:
            run.tell(GivenUp(failures))
        self._settle_all({failure.key: failure.outcome for failure in failures})

    def _settle_all(self, outcomes: Mapping[bytes, Outcome]) -> None:
        for key, outcome in outcomes.items():
            self._settle(key, outcome)

    def _settle(self, key: bytes, outcome: Outcome) -> None:
        """Make an outcome known: an answer to all, a failure to the runs that have asked."""
        if outcome.status == "ok":
            self.answers.learn(key, outcome)
        self._claims.settle(key, outcome)

    @contextmanager
    def _heard(self, *runs: RunState) -> Iterator[None]:
        """Let whatever goes wrong inside end the runs that it is about: nobody waits for ever."""
        try:
            yield
        except RunError as error:
            self._stop_each(runs, error)
        except (KeyboardInterrupt, SystemExit):  # would end the loop, and all would wait for ever
            self._stop_each(runs, Cancelled(CANCELLED))
        except Exception as error:  # noqa: BLE001 - a fault of ours must stop the run, not hang it
            said = f"Assay failed: {type(error).__name__}. Please report this."
            self._stop_each(runs, RunError(said))
