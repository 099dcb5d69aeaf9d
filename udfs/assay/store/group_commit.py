"""Group commit: what the loop wants on disk is written by one thread, a transaction a batch."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from assay.core.errors import StoreError
from assay.store.sqlite.store import Store

Item = TypeVar("Item")
Result = TypeVar("Result")

Step = Callable[[sqlite3.Connection, Sequence[Item]], Sequence[Result]]
"""Writes items and returns a result for each."""

_STOP = None


class _Job(NamedTuple):
    step: Step[Any, Any]
    item: Any
    done: asyncio.Future[Any]


class Writer:
    """Writes steps to the store; awaiting `write` returns once the step is durable."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="assay-writer", daemon=True)
        self._thread.start()

    async def write(self, step: Step[Item, Result], item: Item) -> Result:
        """Let `step` write `item` along with whatever else waits, in one transaction.

        The same `step` is called once for all items that wait for it in a row. Raises `StoreError`
        when the transaction fails.
        """
        done: asyncio.Future[Result] = self._loop.create_future()
        self._jobs.put(_Job(step, item, done))
        return await done

    def send(self, step: Callable[[sqlite3.Connection], Any]) -> None:
        """Run `step` in a transaction some time soon; nobody waits, a failure is kept quiet.

        For notes about the run, which must not end it.
        """
        done: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(_Job(lambda connection, _: [step(connection)], None, done))

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
            results = self._store.transact(list(_merged(jobs)))
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            failure = error if isinstance(error, StoreError) else StoreError(repr(error))
            self._tell(partial(_fail, jobs, failure))
            return
        self._tell(partial(_resolve, jobs, list(chain.from_iterable(results))))

    def _tell(self, callback: Callable[[], Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits any more
            self._loop.call_soon_threadsafe(callback)


def _merged(jobs: Sequence[_Job]) -> Iterator[Callable[[sqlite3.Connection], Sequence[Any]]]:
    """Yield one step for each row of jobs that have the same: fewer statements, each for more.

    A statement lets go of the GIL, and to get it back beside a busy loop takes milliseconds.
    """
    for step, alike in groupby(jobs, key=attrgetter("step")):
        yield partial(_call, step, [job.item for job in alike])


def _call(
    step: Step[Any, Any], items: Sequence[Any], connection: sqlite3.Connection
) -> Sequence[Any]:
    return step(connection, items)


def _resolve(jobs: Sequence[_Job], results: Sequence[Any]) -> None:
    for job, result in zip(jobs, results, strict=True):
        if not job.done.done():
            job.done.set_result(result)


def _fail(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(error)
            job.done.exception()  # asked for, or asyncio complains where nobody waits any more
