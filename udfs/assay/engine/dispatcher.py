"""The dispatcher: what waits, flies and is spent. Everything here happens on the one loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import CallError, Cancelled, ConfigError, QuotaError, RunError
from assay.core.events import (
    Ended,
    Event,
    GatherBegun,
    Gathered,
    GivenUp,
    Observer,
    PackOver,
    RunBegun,
    Sent,
    Stopped,
)
from assay.core.settings import Settings
from assay.core.values import Ask, Attempt, Failure, Judged, Outcome, Pack, Request, Status
from assay.engine import attempts, retry
from assay.engine.claims import Claims
from assay.engine.gathering import Gathering
from assay.engine.governor import Governor
from assay.engine.intake import Admission, Batch
from assay.engine.meter import Meter, Reading
from assay.engine.prices import price_of
from assay.engine.queue import Backlog
from assay.engine.recorder import Burial, Recorder
from assay.engine.rejections import Rejections
from assay.forms import form_of
from assay.providers import Provider
from assay.providers.deadline import send_within
from assay.store import Landing

CANCELLED = "The run was cancelled; answers so far are kept. Run again to go on."

_ADMISSION = "admission"

_STOPS: dict[Status, type[RunError]] = {"config": ConfigError, "quota": QuotaError}

HELD_POLL_SECONDS = 0.25
"""How often asks that another process holds are looked up again."""


class Dispatcher:
    """Takes batches of asks on and settles each of them, or stops.

    `settled` may be read from any thread; only the loop writes to it.
    """

    def __init__(
        self, settings: Settings, recorder: Recorder, provider: Provider, observer: Observer
    ) -> None:
        self.settled: dict[bytes, Outcome] = {}
        self.stopped: RunError | None = None
        self.meter = Meter()
        self._observer = observer
        self._settings = settings
        self._recorder = recorder
        self._provider = provider
        self._invocation_id = ""
        self._claims = Claims()
        self._inbox: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._backlog = Backlog(settings.pack_records, settings.pack_tokens)
        self._admission = Admission(recorder, self.settled, self._claims, self._backlog)
        self._gathering = Gathering()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._governor = Governor(settings)
        self._rejections = Rejections(self._claims, settings.max_attempts)
        self._spawn(self._admit_for_ever(), name=_ADMISSION)

    # The run as a whole

    async def begin_run(self, invocation_id: str, *, builds: bool) -> None:
        """Start counting afresh: a new budget, and failures of earlier runs may be tried again.

        What an earlier run has left in flight is ended first: it was that run's to send and pay.
        """
        await self._end_tasks()
        self._note_served()
        self._invocation_id = invocation_id
        self._recorder.begun(invocation_id, self._settings, builds=builds)
        self.meter = Meter()
        self.tell(RunBegun(invocation_id))
        self.stopped = None
        self._gathering = Gathering()
        self._admission.forget()
        self._governor = Governor(self._settings)
        self._rejections = Rejections(self._claims, self._settings.max_attempts)
        for key in [key for key, outcome in self.settled.items() if outcome.status != "ok"]:
            del self.settled[key]

    def built(self, key: str, sql: str) -> None:
        """Take note of SQL that asks, as a build has compiled it."""
        self._recorder.built(key, sql)

    def progress(self) -> Reading:
        """Return where the run stands."""
        return self.meter.reading(
            waiting=len(self._backlog), in_flight=self._governor.requests_in_flight
        )

    def tell(self, event: Event) -> None:
        """Let the meter and whoever watches know; the only way to either."""
        self.meter.see(event)
        self._observer.see(event)

    def stop(self, error: RunError) -> None:
        """End the run: forget what waits, cancel what flies, wake everybody."""
        if self.stopped is None:
            self.tell(Stopped(error.cause))
            self._recorder.stopped(self._invocation_id, error.cause, str(error))
            self._recorder.release()
        self._halt(error)

    def _halt(self, error: RunError) -> None:
        self.stopped = self.stopped or error
        self._drop_all()

    def _drop_all(self) -> list[asyncio.Task[None]]:
        """Forget what waits, cancel what flies, wake everybody; return what was cancelled."""
        self._backlog.drain()
        self._claims.abandon()
        current = asyncio.current_task()
        tasks = [
            task for task in self._tasks if task is not current and task.get_name() != _ADMISSION
        ]
        for task in tasks:
            task.cancel()
        return tasks

    async def _end_tasks(self) -> None:
        if tasks := self._drop_all():
            self.stopped = self.stopped or Cancelled(CANCELLED)
            await asyncio.gather(*tasks, return_exceptions=True)

    async def wind_up(self) -> None:
        """End what runs, wait until it has ended, and let the provider go."""
        self._halt(Cancelled("The engine is closed."))
        self._note_served()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._provider.close()

    async def note_served(self) -> None:
        """Write down what became of each question so far; return once that is written."""
        self._note_served()
        await self._recorder.written()

    def _note_served(self) -> None:
        if self._invocation_id:
            self._recorder.served(self._invocation_id, self.meter.served())

    def submit(self, batch: Batch) -> None:
        """Take a batch in; it is worked on in its turn."""
        if batch.node:
            self.tell(Gathered(batch.node, batch.asks))
        self._inbox.put_nowait(batch)

    def gathering(self, change: int, node: str = "") -> None:
        """One statement more (+1) or less (-1) is gathering; at none, all that waits is ripe."""
        if node:
            self.tell(GatherBegun(node))
        if self._gathering.changes(change):
            self._inbox.put_nowait(None)

    # Taking asks on

    async def _admit_for_ever(self) -> None:
        while True:
            batches = [await self._inbox.get()]
            while not self._inbox.empty():
                batches.append(self._inbox.get_nowait())
            if self.stopped is not None:  # whoever waits sees that, too
                continue
            with self._heard():
                if held := await self._admission.admit(batches):
                    self._spawn(self._wait_for_others(held))
                if None in batches:
                    self._gathering.taken_on()
                self._check_need()
                self._pump()

    def _check_need(self) -> None:
        """Refuse what was gathered and needs more than there is budget for, before it is sent."""
        waited_for = self._claims.waiting > 0
        counts = self._gathering.is_to_be_counted(somebody_waits=waited_for)
        if counts and self._settings.refuses and len(self._backlog):
            self._governor.check_need(self._backlog.asks())

    async def _wait_for_others(self, asks: Sequence[Ask]) -> None:
        """Look again for asks that another process holds, until they are settled or ours."""
        while asks and self.stopped is None:
            await asyncio.sleep(HELD_POLL_SECONDS)
            with self._heard():
                settled, asks = await self._admission.claim_again(asks)
                for key, outcome in settled.items():
                    self._settle(key, outcome)
                self._pump()

    # Sending

    def _pump(self) -> None:
        """Send all that may go out now; called whenever something has changed."""
        with self._heard():
            self._send_what_may_go()

    def _send_what_may_go(self) -> None:
        flush = self._gathering.is_over or self._claims.waiting > 0
        if self._settings.refuses and not flush:
            return  # how much is needed is known once all is there
        while self.stopped is None and len(self._backlog) and self._governor.has_slot():
            if (wait := self._governor.wait_seconds()) > 0:
                self._pump_in(wait)
                return
            if (pack := self._backlog.take(flush=flush)) is None or not self._launch(pack):
                return

    def _pump_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._pump)

    def _launch(self, pack: Pack) -> bool:
        """Start a request for `pack` if the budget allows; return whether another may follow."""
        headroom = self._settings.headroom_for(pack.model)
        request = form_of(pack).compose(pack, headroom)
        worst = self._governor.worst_usd(request)
        if not self._governor.allows(worst):
            return self._at_the_wall(pack, worst)
        self._governor.start(request, worst)
        self._spawn(self._serve(request, worst))
        return True

    def _at_the_wall(self, pack: Pack, worst: float | None) -> bool:
        """Return whether another may follow: after a pack of a model without a known price.

        Wait while room may come back; at the wall, nothing that waits is attempted.
        """
        unpriced = self._governor.cannot_price(worst)
        if not unpriced and self._governor.may_free():
            self._backlog.add_pack(pack)
            return False
        reason = self._governor.wall(pack.model, worst)
        self.tell(Stopped("budget"))
        self._recorder.stopped(self._invocation_id, "budget", reason)
        asks = [*pack.asks, *([] if unpriced else self._backlog.drain())]
        self._recorder.release([ask.key for ask in asks])
        for ask in asks:
            self._settle(ask.key, Outcome("not_attempted", error=reason, model=ask.question.model))
        return unpriced

    async def _serve(self, request: Request, worst: float | None) -> None:
        """Send one pack once, make room for the next, and see to the rows of this one.

        A slot is free again when the answers would outlive a kill, which then costs what was in
        flight; a row gets its answer only when a power cut would not take it, either.
        """
        landed: tuple[Judged, Landing] | None = None
        with self._heard():
            landed = await self._attempt(request, worst)
        self._governor.finish()
        self._pump()
        if landed is not None:
            with self._heard():
                await self._take_in(request, *landed)

    async def _attempt(
        self, request: Request, worst: float | None
    ) -> tuple[Judged, Landing] | None:
        """Return what a sending brought; None where it failed, and all is seen to."""
        attempt = attempts.begun(
            request,
            self._settings,
            owner=self._recorder.owner,
            invocation_id=self._invocation_id,
            reserved_usd=worst,
        )
        self._recorder.note(attempt)
        self.tell(Sent(request, attempt))
        started = time.monotonic()
        price = price_of(self._settings, request.model)
        deadline = self._settings.deadline_seconds
        try:
            reply = await send_within(deadline, self._provider, request)
            judged = form_of(request.pack).judge(request, reply, now_utc())
        except CallError as error:
            failed = attempts.failed(attempt, started, error, price)
            self.tell(Ended(failed))
            self._governor.settle(worst, failed.cost_usd)
            await self._after_fault(request, failed, error)
            return None
        except BaseException as error:
            nothing = self._governor.took_nothing and isinstance(self.stopped, ConfigError)
            stopped = attempts.failed(attempt, started, error, price, maybe_paid=not nothing)
            self.tell(Ended(stopped))
            self._governor.settle(worst, 0.0 if nothing else None)
            await self._recorder.write_failed(stopped)
            raise
        ended = attempts.ended(attempt, started, reply, judged, price)
        self.tell(Ended(ended, reply.model))
        self._governor.settle(worst, ended.cost_usd)
        self.tell(PackOver(request.pack))
        self._governor.succeeded(request, reply.usage)
        return judged, self._recorder.keep(ended, request.pack.asks, judged.answers)

    # What becomes of a pack

    async def _take_in(self, request: Request, judged: Judged, landing: Landing) -> None:
        """Settle what a reply answered once it is stored; ask for the rest again, or bury it."""
        rejected = self._rejections.sort(request, judged)
        burial = Burial(rejected.buried, "invalid", judged.refused)
        failures = await self._recorder.write(landing, burial)
        for key, outcome in judged.answers.items():
            self._settle(key, outcome)
        self._settle_failures(failures)
        for ask in rejected.again:
            self._backlog.add_again(ask)
        self._backlog.add_alone(rejected.alone)
        if rejected.again or rejected.alone:
            self._pump()

    async def _after_fault(self, request: Request, failed: Attempt, error: CallError) -> None:
        pack = request.pack
        self._governor.failed(pack, error, failed.latency_seconds or 0.0)
        try:
            verdict = self._governor.verdict(
                pack,
                error,
                others_wait=len(self._backlog) > 0,
                untried=self._backlog.has_untried,
                alone=len(self._claims) <= len(pack.asks),
            )
        except RunError:
            await self._recorder.write_failed(failed)
            raise
        if not isinstance(verdict, retry.Retry):
            self.tell(PackOver(pack))
        burial: Burial | None = None
        if isinstance(verdict, retry.Bury):
            why = verdict.reason or str(error)
            burial = Burial(pack.asks, verdict.status, {ask.key: why for ask in pack.asks})
        self._settle_failures(await self._recorder.write_failed(failed, burial))
        match verdict:
            case retry.Retry(wait) as patience:
                self._spawn(
                    self._send_later(retry.next_sending(pack, error.fault, patience), wait)
                )
            case retry.Split(singly):
                for part in retry.parts_of(pack, error.fault, singly=singly):
                    self._backlog.add_pack(part)
            case retry.Stop(status, said):
                raise _STOPS.get(status, RunError)(said or str(error))

    async def _send_later(self, pack: Pack, wait_seconds: float) -> None:
        await asyncio.sleep(wait_seconds)
        self._backlog.add_pack(pack)
        self._pump()

    def _settle_failures(self, failures: Sequence[Failure]) -> None:
        if failures:
            self.tell(GivenUp(failures))
        for failure in failures:
            self._settle(failure.key, failure.outcome)

    def _settle(self, key: bytes, outcome: Outcome) -> None:
        """Make an outcome known and wake those who wait for it; the first one stays."""
        self.settled.setdefault(key, outcome)
        self._claims.close(key)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Let whatever goes wrong inside end the run: nobody may wait for ever."""
        try:
            yield
        except RunError as error:
            self.stop(error)
        except (KeyboardInterrupt, SystemExit):  # would end the loop, and all would wait for ever
            self.stop(Cancelled(CANCELLED))
        except Exception as error:  # noqa: BLE001 - a fault of ours must stop the run, not hang it
            self.stop(RunError(f"Assay failed: {type(error).__name__}. Please report this."))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
