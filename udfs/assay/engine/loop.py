"""The engine: one loop on one thread; other threads hand asks over and wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from assay.core.clock import now_utc
from assay.core.errors import Cancelled, StoreError
from assay.core.events import Observer
from assay.core.settings import Settings
from assay.core.values import Ask, Outcome
from assay.engine.answers import Answers
from assay.engine.claims import Ticket
from assay.engine.dispatcher import CANCELLED, Dispatcher
from assay.engine.intake import Batch
from assay.engine.meter import Reading
from assay.engine.recorder import Recorder
from assay.engine.state import RunState
from assay.evidence import Evidence
from assay.providers import Provider
from assay.store import Store, Writer
from assay.store.queries import PendingKeys

T = TypeVar("T")

POLL_SECONDS = 0.25
"""How often a waiting thread looks whether its run was stopped."""

CLOSING_SECONDS = 3.0


class Engine:
    """Settles asks for any number of threads and runs; a thin door to the dispatcher's loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        provider: Provider,
        observer: Observer,
        answers: Answers,
        evidence: Evidence | None = None,
    ) -> None:
        self.store = store
        self.answers = answers
        self._observer = observer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="assay-engine", daemon=True
        )
        self._thread.start()
        self._writer = Writer(store, self._loop)
        recorder = Recorder(store, self._writer, store_inputs=settings.store_inputs)
        self._dispatcher = self._call(
            lambda: Dispatcher(settings, recorder, provider, answers, evidence)
        )

    def begin(self, run_id: str, settings: Settings, *, builds: bool) -> RunState:
        """Begin a run under the budget of `settings`, and return its state.

        One that `builds` nothing is on record from its first ask on, and as such.
        """
        self.store.relax()
        run = RunState(run_id, settings, self._observer)
        self._call(lambda: self._dispatcher.begin(run, builds=builds))
        return run

    def end(self, run: RunState) -> None:
        """End a run: return once nothing of it is under way; safe to call twice."""
        if self._thread.is_alive():
            self._await(self._dispatcher.end(run))

    def progress(self, run: RunState) -> Reading:
        """Return where a run stands."""
        if not self._thread.is_alive():
            return run.reading()
        return self._call(lambda: run.reading(self._dispatcher.governor.waits_for()))

    def note_served(self, run: RunState) -> None:
        """Return once the store has what became of each question of the run so far."""
        self._await(self._dispatcher.note_served(run))

    def built(self, key: str, sql: str) -> None:
        """Keep SQL that asks, as a build has compiled it, by what it is in dbt."""
        self._loop.call_soon_threadsafe(self._dispatcher.built, key, sql)

    def fetch(self, run: RunState, keys: Sequence[bytes]) -> dict[bytes, Outcome]:
        """Return what the store knows of `keys`; where it fails, raise what stopped the run."""
        try:
            return self.store.fetch(keys, now_utc())
        except StoreError:
            run.check()
            raise

    def held_by_batches(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of `keys` that wait for a batch."""
        return self.store.read(PendingKeys(tuple(keys))) if keys else set()

    def await_all(self, run: RunState, asks: Sequence[Ask]) -> dict[bytes, Outcome]:
        """Return the outcome of every ask by key, once it is there.

        Raises the `RunError` that has stopped the run.
        """
        run.check()
        ticket = Ticket(run, len(asks))
        self._submit(Batch(run, asks, ticket, threading.get_ident()))
        while not ticket.done.wait(POLL_SECONDS):
            run.check()
        run.check()
        return ticket.outcomes

    def gather(self, run: RunState, asks: Sequence[Ask], origin: str = "") -> None:
        """Take `asks` on, which are needed for `origin`, without waiting for them."""
        run.check()
        self._submit(Batch(run, asks, None, threading.get_ident(), origin))

    def harvest(self, run: RunState) -> None:
        """Take in what batches have brought; return once all of it is settled or pending again.

        Raises the `RunError` that has stopped the run.
        """
        self._await(self._dispatcher.harvest(run))
        if asks := self._call(lambda: self._dispatcher.open_asks(run)):
            self.await_all(run, asks)
        run.check()

    def hand_over(self, run: RunState) -> None:
        """Return once the batches of a run are at the endpoint, as far as it takes them.

        Raises the `RunError` that has stopped the run.
        """
        self._await(self._dispatcher.hand_over(run))
        run.check()

    def cancel_batches(self, batch_ids: Sequence[str]) -> None:
        """Call batches off."""
        self._await(self._dispatcher.cancel_batches(batch_ids))

    def begin_gather(self, run: RunState, origin: str = "") -> None:
        """A statement is about to gather for `origin`: packs wait until they are full."""
        self._call(lambda: self._dispatcher.gathering(run, 1, origin))

    def end_gather(self, run: RunState) -> None:
        """The statement has gathered all: packs go out as they are."""
        self._call(lambda: self._dispatcher.gathering(run, -1))

    def cancel(self, run: RunState) -> None:
        """Stop a run: nothing more of it is sent, its threads that wait get `Cancelled`."""
        if not self._dispatcher.is_shared:  # or another run would lose patience, too
            self.store.hurry()
        self._loop.call_soon_threadsafe(self._dispatcher.stop, run, Cancelled(CANCELLED))

    def cancel_all(self) -> None:
        """Stop all runs."""
        self.store.hurry()
        self._loop.call_soon_threadsafe(self._dispatcher.stop_all, Cancelled(CANCELLED))

    def close(self) -> None:
        """End all runs, write what waits and end the threads; safe to call twice."""
        if not self._thread.is_alive():
            return
        winding = asyncio.run_coroutine_threadsafe(self._dispatcher.wind_up(), self._loop)
        with contextlib.suppress(TimeoutError):  # the answers must be written all the same
            winding.result(timeout=CLOSING_SECONDS)
        self._writer.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=CLOSING_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()
        self._observer.close()

    def _submit(self, batch: Batch) -> None:
        self._loop.call_soon_threadsafe(self._dispatcher.submit, batch)

    def _call(self, function: Callable[[], T]) -> T:
        """Run `function` on the loop and return its result."""

        async def run() -> T:
            return function()

        return self._await(run())

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
