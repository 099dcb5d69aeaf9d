"""The dispatcher: what waits and flies, of all runs. Everything here happens on the one loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from assay.core.errors import Cancelled, RunError, StoreError
from assay.core.events import GatherBegun, Gathered, PackOver, RunBegun, RunOver, Stopped
from assay.core.settings import Settings
from assay.core.values import Ask, Judged, Pack, Request
from assay.engine.aftermath import Aftermath, Surroundings
from assay.engine.answers import Answers
from assay.engine.batching import Batching
from assay.engine.claims import Claims, Wanted
from assay.engine.governor import Governor
from assay.engine.harvest import Harvest, Reaping
from assay.engine.intake import Admission, Batch
from assay.engine.ladder import Ladder
from assay.engine.recorder import Recorder
from assay.engine.searching import Hands, Searching
from assay.engine.sending import Failed, Sender
from assay.engine.state import RunState
from assay.engine.tolls import Tolls
from assay.engine.trial import Trials
from assay.evidence import Evidence
from assay.forms import form_of
from assay.providers import Provider
from assay.store import Landing

CANCELLED = "The run was cancelled; answers so far are kept. Run again to go on."
OVER = "The run is over; answers so far are kept. Begin another one to ask."

HELD_POLL_SECONDS = 0.25
"""How often asks that another process holds are looked up again."""


class Dispatcher:
    """Takes batches of asks on and settles each of them, or stops their run.

    Runs that are open at once share answers, claims, limits and what is known of the server; each
    has a budget, a queue, a meter and an end of its own. `answers` may be used from any thread.
    """

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        provider: Provider,
        answers: Answers,
        evidence: Evidence | None = None,
    ) -> None:
        self.answers = answers
        self._settings = settings
        self._recorder = recorder
        self._provider = provider
        self._runs: deque[RunState] = deque()
        self._claims = Claims()
        self._inbox: asyncio.Queue[Batch] = asyncio.Queue()
        self._ladder = Ladder(settings, recorder)
        self._sender = Sender(settings, recorder, provider, lambda: self.governor.took_nothing)
        self._trials = Trials(
            settings, recorder, self._sender, self._ladder, lambda: self.governor
        )
        self._admission = Admission(recorder, self.answers, self._claims)
        self._batching = Batching(settings, recorder, provider, self._claims)
        hands = Hands(lambda: self._aftermath, self._give_up, self._do)
        self._searching = Searching(settings, recorder, evidence, hands)
        self._tolls = Tolls(settings, recorder.store)
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
        if builds:
            run.spawn(self.harvest(run))

    async def end(self, run: RunState) -> None:
        """Return once nothing of `run` is under way any more, and what it served is on record."""
        if run not in self._runs:
            return
        if run.stopped is None:
            await self.hand_over(run)
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
        self._batching.drop(run)
        keys, wanted = self._claims.drop(run)
        if keys:
            self._recorder.release(keys if self.is_shared else None)
        self._leave_to_others(wanted)
        return run.cancel_tasks()

    def _leave_to_others(self, wanted: Wanted) -> None:
        for ticket, asks in wanted.items():
            self.submit(Batch(ticket.run, asks, ticket))

    def _meet_afresh(self) -> None:
        self.governor = Governor(self._settings)
        around = Surroundings(
            self._recorder,
            self.answers,
            self._claims,
            self._ladder,
            self._runs,
            self._pump,
            self._trials.send,
        )
        self._aftermath = Aftermath(self._settings, around, self.governor)

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
                await self.harvest(run)
            admitted = await self._admission.admit(batches)
            self._aftermath.settle_all(admitted.settled)
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
                self._aftermath.settle_all(settled)
                self._pump()

    # Batches

    async def harvest(self, run: RunState) -> None:
        """Take in what batches have brought, once a run; return when all that is there is in."""
        if not self._batching.is_possible:
            return
        if run.harvesting is None:
            reaping = Reaping(
                self._settings,
                self._recorder,
                self._claims,
                self._ladder,
                self._batching,
                self.governor,
                self._aftermath,
            )
            harvest = Harvest(run, self._batching.batches, reaping)
            run.harvesting = run.spawn(self._do(run, harvest.gather()))
        await asyncio.wait({run.harvesting})

    async def _do(self, run: RunState, work: Awaitable[None]) -> None:
        """Do what may let more be sent."""
        with self._heard(run):
            await work
        self._pump()

    async def hand_over(self, run: RunState) -> None:
        """Return once what a run has put into batches is at the endpoint, if that takes it."""
        if run.harvesting is not None:
            await asyncio.wait({run.harvesting})
        await asyncio.wait({run.spawn(self._write_down(run, full_only=False))})

    async def _write_down(self, run: RunState, *, full_only: bool = True) -> None:
        """Make pending what was collected, once it is on disk; hand over files that are full."""
        with self._heard(run):
            self._aftermath.settle_all(await self._batching.write(run, self._trials.settles))
            await self._batching.hand_over(run, full_only=full_only)
        self._pump()

    async def cancel_batches(self, batch_ids: Sequence[str]) -> None:
        """Call batches off, each once no other process works on it."""
        for batch_id in batch_ids:
            await self._batching.cancel(batch_id)

    def open_asks(self, run: RunState) -> list[Ask]:
        """Return what a run has taken on and nothing has settled yet."""
        return self._claims.of(run)

    # Sending

    def _pump(self) -> None:
        """Send all that may go out now, of each run in turn; called whenever something changed."""
        idle = 0
        while idle < len(self._runs) and self.governor.has_slot():
            run = self._runs[0]
            self._runs.rotate(-1)
            if not run.has_packs:
                idle += 1
                continue
            if (wait := self.governor.wait_seconds()) > 0:
                self._pump_in(wait)
                return
            idle = 0 if self._send_next(run) else idle + 1
        for run in self._runs:
            if self._batching.is_ripe(run):
                run.spawn(self._write_down(run))

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
        if self._searching.wants(pack):
            return self._searching.start(run, pack)
        headroom = self._settings.headroom_for(pack.model)
        mode = self._ladder.mode(pack.model)
        request = form_of(pack).compose(pack, headroom, mode, run.run_id)
        in_batch = self._batching.takes(pack)
        worst = self.governor.worst_usd(request, in_batch=in_batch)
        if not run.budget.allows(worst):
            return self._at_the_wall(run, pack, worst)
        if in_batch:
            run.budget.hold(worst)
            self._batching.add(run, request, worst)
            return True
        run.budget.reserve(worst)
        self.governor.start(request)
        run.in_flight += 1
        run.spawn(self._serve(run, request, worst))
        return True

    def _give_up(self, run: RunState, asks: Sequence[Ask], reason: str) -> None:
        """Attempt `asks` no more in this run, for its budget."""
        run.tell(Stopped("budget", run.run_id))
        self._recorder.stopped(run.run_id, "budget", reason)
        self._recorder.release([ask.key for ask in asks])
        self._leave_to_others(self._claims.give_up(run, asks, reason))

    def _at_the_wall(self, run: RunState, pack: Pack, worst: float | None) -> bool:
        """Return whether another may follow: after a pack of a model without a known price.

        Wait for what is in flight; at the wall, nothing that waits is attempted.
        """
        unpriced = run.budget.cannot_price(worst)
        if not unpriced and run.budget.is_unsettled():
            run.backlog.add_pack(pack)
            return False
        reason = run.wall(pack.model, worst)
        self._give_up(run, [*pack.asks, *([] if unpriced else run.backlog.drain())], reason)
        return unpriced

    def _at_the_wall_of_all(self, run: RunState, request: Request, worst: float | None) -> None:
        """Attempt nothing that waits: what others have sent leaves no room for it."""
        run.budget.take_back(worst)
        reason = run.wall(request.model, worst)
        self._give_up(run, [*request.pack.asks, *run.backlog.drain()], reason)

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
            self.governor.finish()
            run.in_flight -= 1
        self._pump()
        if landed is not None:
            with self._heard(run):
                await self._aftermath.take_in(run, request, *landed)

    async def _attempt(
        self, run: RunState, request: Request, worst: float | None
    ) -> tuple[Judged, Landing] | None:
        """Return what a sending brought; None where it failed, and all is seen to."""
        if not await self._tolls.take(run, request, worst):
            self._at_the_wall_of_all(run, request, worst)
            return None
        try:
            sent = await self._sender.send(run, request, worst)
        except BaseException:
            await self._tolls.pay(run, request, worst, None)
            raise
        await self._tolls.pay(run, request, worst, sent.attempt.cost_usd)
        if isinstance(sent, Failed):
            await self._aftermath.after_fault(run, request, sent)
            return None
        run.tell(PackOver(request.pack))
        self._ladder.holds(request)
        self.governor.succeeded(request, sent.reply)
        landing = self._recorder.keep(sent.attempt, request.pack.asks, sent.judged.answers)
        return sent.judged, landing

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
