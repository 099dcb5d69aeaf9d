"""The engine: one loop on one thread; UDF threads hand asks over and wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from assay.core.clock import now_utc
from assay.core.errors import Cancelled, StoreError
from assay.core.events import LookedUp, Nobody, Observer, RowsCompared, RowsServed
from assay.core.settings import Settings
from assay.core.values import Ask, Outcome
from assay.engine.claims import Ticket
from assay.engine.dispatcher import CANCELLED, Dispatcher
from assay.engine.intake import Batch
from assay.engine.meter import Reading
from assay.engine.recorder import Recorder
from assay.providers import Provider
from assay.store import Store, Writer

T = TypeVar("T")

POLL_SECONDS = 0.25
"""How often a waiting thread looks whether the run was stopped."""

CLOSING_SECONDS = 3.0


class Engine:
    """Settles asks for any number of threads; a thin door to the dispatcher on the loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        provider: Provider,
        observer: Observer | None = None,
    ) -> None:
        self.store = store
        self._observer = observer or Nobody()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="assay-engine", daemon=True
        )
        self._thread.start()
        self._writer = Writer(store, self._loop)
        recorder = Recorder(store, self._writer, store_inputs=settings.store_inputs)
        self._dispatcher = self._call(
            lambda: Dispatcher(settings, recorder, provider, self._observer)
        )

    @property
    def settled(self) -> dict[bytes, Outcome]:
        """Everything that is known in this process, by key."""
        return self._dispatcher.settled

    @property
    def is_stopped(self) -> bool:
        """Whether something has ended the run early."""
        return self._dispatcher.stopped is not None

    def progress(self) -> Reading:
        """Return where the run stands."""
        return self._call(self._dispatcher.progress)

    def tell(self, event: LookedUp | RowsServed | RowsCompared) -> None:
        """Have counted what happened to rows; from any thread."""
        self._dispatcher.tell(event)

    def note_served(self) -> None:
        """Return once the store has what became of each question of the run so far."""
        noting = self._dispatcher.note_served()
        asyncio.run_coroutine_threadsafe(noting, self._loop).result()

    def begin_run(self, invocation_id: str, *, builds: bool = True) -> None:
        """Start counting afresh: a new budget, and failures of earlier runs may be tried again.

        A run that `builds` nothing is on record from its first ask on, and as such.
        """
        self.store.relax()
        beginning = self._dispatcher.begin_run(invocation_id, builds=builds)
        asyncio.run_coroutine_threadsafe(beginning, self._loop).result()

    def built(self, key: str, sql: str) -> None:
        """Keep SQL that asks, as a build has compiled it, by what it is in dbt."""
        self._loop.call_soon_threadsafe(self._dispatcher.built, key, sql)

    def fetch(self, keys: Sequence[bytes]) -> dict[bytes, Outcome]:
        """Return what the store knows of `keys`; where it fails, raise what stopped the run."""
        try:
            return self.store.fetch(keys, now_utc())
        except StoreError:
            self._raise_if_stopped()
            raise

    def settle(self, asks: Sequence[Ask]) -> None:
        """Return once every ask is in `settled`; raise the `RunError` that stopped the run."""
        self._raise_if_stopped()
        ticket = Ticket(len(asks))
        self._submit(Batch(asks, ticket, threading.get_ident()))
        while not ticket.done.wait(POLL_SECONDS):
            self._raise_if_stopped()
        self._raise_if_stopped()

    def gather(self, asks: Sequence[Ask], node: str = "") -> None:
        """Take `asks` of a dbt node on without waiting for them."""
        self._raise_if_stopped()
        self._submit(Batch(asks, None, threading.get_ident(), node))

    def begin_gather(self, node: str = "") -> None:
        """The statement of a dbt node is about to gather: packs wait until they are full."""
        self._call(lambda: self._dispatcher.gathering(1, node))

    def end_gather(self) -> None:
        """The statement has gathered all: packs go out as they are."""
        self._call(lambda: self._dispatcher.gathering(-1))

    def cancel(self) -> None:
        """Stop the run: nothing more is sent, threads that wait get `Cancelled`."""
        self.store.hurry()
        error = Cancelled(CANCELLED)
        self._loop.call_soon_threadsafe(self._dispatcher.stop, error)

    def close(self) -> None:
        """Stop, write what waits and end the threads; safe to call twice."""
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

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _raise_if_stopped(self) -> None:
        if (error := self._dispatcher.stopped) is not None:
            raise type(error)(*error.args) from error
