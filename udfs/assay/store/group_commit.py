"""Group commit: what the loop wants on disk is written by one thread, a transaction a batch."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from assay.core.errors import StoreError
from assay.store.contract import Store

Item = TypeVar("Item")
Result = TypeVar("Result")

Verb = Callable[[Sequence[Item]], Sequence[Result]]
"""A verb of the store that takes what waits for it, and returns a result for each."""

_STOP = None


class _Job(NamedTuple):
    verb: Verb[Any, Any]
    item: Any
    done: asyncio.Future[Any]


class Writer:
    """Does verbs of the store; awaiting `write` returns once what it wrote is durable."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="assay-writer", daemon=True)
        self._thread.start()

    async def write(self, verb: Verb[Item, Result], item: Item) -> Result:
        """Let `verb` write `item` along with whatever else waits, in one transaction.

        The same verb is called once for all items that wait for it in a row. Raises `StoreError`
        when the transaction fails.
        """
        done: asyncio.Future[Result] = self._loop.create_future()
        self._jobs.put(_Job(verb, item, done))
        return await done

    def send(self, act: Callable[[], object]) -> None:
        """Call `act` in a transaction some time soon; nobody waits, a failure is kept quiet.

        For notes about the run, which must not end it.
        """
        done: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(_Job(lambda _: [act()], None, done))

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._jobs.put(_STOP)
        self._thread.join()

    def _work(self) -> None:
        while True:
            jobs, stop = self._batch()
            if jobs:
                self._commit(jobs)
            if stop:
                return

    def _batch(self) -> tuple[list[_Job], bool]:
        """Wait for a job, then take all that have come meanwhile."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not _STOP:
            jobs.append(job)
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            with self._store.transaction():
                results = list(_results(jobs))
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            failure = error if isinstance(error, StoreError) else StoreError(repr(error))
            self._tell(partial(_fail, jobs, failure))
            return
        self._tell(partial(_resolve, jobs, results))

    def _tell(self, callback: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits any more
            self._loop.call_soon_threadsafe(callback)


def _results(jobs: Sequence[_Job]) -> Iterator[Any]:
    """Call each verb once for the jobs in a row that have it: fewer statements, each for more.

    A statement lets go of the GIL, and to get it back beside a busy loop takes milliseconds.
    """
    for verb, alike in groupby(jobs, key=attrgetter("verb")):
        yield from verb([job.item for job in alike])


def _resolve(jobs: Sequence[_Job], results: Sequence[Any]) -> None:
    for job, result in zip(jobs, results, strict=True):
        if not job.done.done():
            job.done.set_result(result)


def _fail(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(error)
            job.done.exception()  # asked for, or asyncio complains where nobody waits any more
