"""The recorder: what the loop wants on disk, awaited until it is there."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TypeVar

from assay.core.clock import iso, now, now_utc
from assay.core.settings import Settings
from assay.core.sources import text_alone
from assay.core.task import Task
from assay.core.values import (
    Ask,
    Attempt,
    Failure,
    Judged,
    Mode,
    Outcome,
    Pack,
    Served,
    Status,
    Use,
)
from assay.engine import retry, rungs
from assay.store import (
    BatchPack,
    BatchRow,
    Filling,
    Granted,
    Landing,
    Store,
    StoredAnswer,
    Writer,
    landing_of,
    task_row,
)
from assay.store.queries import Query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Burial:
    """Asks that are given up, what they become, and why, by key."""

    asks: Sequence[Ask]
    status: Status
    reasons: Mapping[bytes, str]


def burials(pack: Pack, judged: Judged, hopeless: Sequence[Ask]) -> Iterator[Burial]:
    """Yield what a reply leaves without an answer: `hopeless` asks, declined and unclear ones."""
    yield Burial(hopeless, "invalid", judged.rejected)
    declined = [ask for ask in pack.asks if ask.key in judged.declined]
    yield Burial(declined, "unsupported", judged.declined)
    unclear = [ask for ask in pack.asks if ask.key in judged.unclear]
    yield Burial(unclear, "unclear", judged.unclear)


class Recorder:
    """Writes attempts, answers and failures; nothing is settled before its write returned."""

    def __init__(self, store: Store, writer: Writer, *, store_inputs: bool = False) -> None:
        self.owner = store.owner
        self.store = self._store = store
        self._store_inputs = store_inputs
        self._writer = writer
        self._known_prompts: set[str] = set()
        self._unbegun: dict[str, Callable[[], None]] = {}

    def begun(self, run_id: str, settings: Settings, *, builds: bool) -> None:
        """Write down that a run began: at once, or one that `builds` nothing once it `asks`."""
        begin = self._store.begin_run
        self._unbegun[run_id] = partial(begin, run_id, settings, now_utc(), builds=builds)
        if builds:
            self.asks(run_id)

    def asks(self, run_id: str) -> None:
        """A run asks: it is on record from now on."""
        if (begin := self._unbegun.pop(run_id, None)) is not None:
            self._writer.send(begin)

    def ended(self, run_id: str, served: Mapping[Use, Served]) -> None:
        """Write down what became of each question of a run that is over."""
        self.served(run_id, served)
        self._unbegun.pop(run_id, None)

    def built(self, key: str, sql: str) -> None:
        """Write down SQL that asks, as a build has compiled it."""
        self._writer.send(partial(self._store.note_statement, key, sql))

    def rungs(self, settings: Settings) -> dict[str, Mode]:
        """Return the modes in which models were found to stand of late."""
        return {name: rung.mode for name, rung in rungs.remembered(settings, self._store).items()}

    def stands(self, settings: Settings, model: str, mode: Mode) -> None:
        """Write down in which mode a model was found to stand."""
        rung = rungs.found(settings, model, mode)
        self._writer.send(partial(self._store.note_rung, rung))

    def stopped(self, run_id: str, cause: str, message: str) -> None:
        """Write down what ended a run early."""
        self._writer.send(partial(self._store.stop_run, run_id, cause, message))

    def served(self, run_id: str, served: Mapping[Use, Served]) -> None:
        """Write down what became of each question of a run, in place of what was said before.

        Not of a run that only looks, unless it has asked, and not of one that served nothing: the
        embedded models may have been asked in its name beside another.
        """
        if served and run_id not in self._unbegun:
            self._writer.send(partial(self._store.note_served, run_id, served))

    async def written(self) -> None:
        """Return once everything that was handed over so far is written."""
        await self._writer.write(_nothing, None)

    def release(self, keys: Sequence[bytes] | None = None) -> None:
        """Let other processes have `keys`, or all that this one holds; it asks them no more."""
        self._writer.send(partial(self._store.release, keys))

    def note(self, attempt: Attempt) -> None:
        """Write down that `attempt` is about to be sent; survives the end of this process."""
        self._store.journal.note(attempt)

    async def claim(self, keys: Sequence[bytes]) -> Granted:
        """Lease those of `keys` that nobody has settled or holds."""
        if not keys:
            return Granted(frozenset(), {})
        return await self._writer.write(self._store.claim, keys)

    def keep(
        self, attempt: Attempt, asks: Sequence[Ask], answers: Mapping[bytes, Outcome]
    ) -> Landing:
        """Write down what `attempt` brought, and return it for `write`; survives a kill."""
        landing = self.landing(attempt, asks, answers)
        self._store.journal.keep(landing)
        return landing

    def landing(
        self,
        attempt: Attempt,
        asks: Sequence[Ask],
        answers: Mapping[bytes, Outcome],
        pack: str = "",
    ) -> Landing:
        """Return what `attempt` brought for `write`; `pack` names a request of a batch."""
        stored = [StoredAnswer(ask, answers[ask.key]) for ask in asks if ask.key in answers]
        return replace(landing_of(attempt, stored, self._new_tasks(asks)), pack=pack)

    async def write(self, landing: Landing, *buried: Burial) -> list[Failure]:
        """Put an attempt and what came of it into the store; return the failures that it leaves.

        All in one transaction that is queued before anything is awaited: whoever is cancelled
        from here on loses no answer.
        """
        landing = self._with_failures(landing, buried)
        failures = await self._writer.write(self._store.land, landing)
        self._store.journal.stored(landing)
        self._known_prompts.update(prompt_hash for prompt_hash, *_ in landing.tasks)
        return failures

    async def write_failed(
        self, attempt: Attempt, burial: Burial | None = None, pack: str = ""
    ) -> list[Failure]:
        """Put an attempt that brought no answer into the store; return the failures it leaves."""
        buried = () if burial is None else (burial,)
        asks = [ask for one in buried for ask in one.asks]
        return await self.write(self.landing(attempt, asks, {}, pack), *buried)

    # Batches

    def read(self, query: Query[T]) -> T:
        """Return what a named query finds, at once."""
        return self._store.read(query)

    async def put_packs(
        self, batch: BatchRow, packs: Sequence[BatchPack], asks: Sequence[Ask]
    ) -> None:
        """Write packs of a batch down, which ask `asks`; from now on they are the batch's."""
        tasks = [task_row(task, now_utc()) for task in self._new_tasks(asks)]
        await self._writer.write(self._store.put_packs, Filling(batch, packs, tasks))

    async def take_batch(self, batch_id: str) -> bool:
        """Let this process work on a batch; return whether it may."""
        return await self._writer.write(self._store.take_batch, batch_id)

    async def leave_batch(self, batch_id: str) -> None:
        """Let other processes work on a batch."""
        await self._writer.write(self._store.leave_batch, batch_id)

    async def note_batch(self, batch: BatchRow) -> None:
        """Write down how far a batch is."""
        await self._writer.write(self._store.note_batch, batch)

    async def reclaim(self, names: Sequence[str]) -> None:
        """Take packs out of their batch; what they ask is this process's."""
        await self._writer.write(self._store.reclaim, names)

    def _new_tasks(self, asks: Sequence[Ask]) -> list[Task]:
        tasks = {ask.question.task.prompt_hash: ask.question.task for ask in asks}
        return [task for name, task in tasks.items() if name not in self._known_prompts]

    def _with_failures(self, landing: Landing, buried: Sequence[Burial]) -> Landing:
        """Return a landing with the asks that are given up, and when they are due again."""
        moment = now()
        kept = self._store_inputs
        failures = [
            _failure(ask, burial, moment, keeps_text=kept)
            for burial in buried
            for ask in burial.asks
        ]
        due: dict[str, list[str]] = {
            burial.status: [*_due(burial.status, moment)] for burial in buried if burial.asks
        }
        later: dict[str, list[str]] = {
            status: [iso(each) for each in retry.rechecks_at(status, moment)]
            for status in {burial.status for burial in buried}
        }
        return replace(landing, failures=failures, due=due, later=later)


def _nothing(waiting: Sequence[None]) -> Sequence[None]:
    return waiting


def _failure(ask: Ask, burial: Burial, moment: datetime.datetime, *, keeps_text: bool) -> Failure:
    """Return what an ask becomes, as if it failed for the first time: the store knows better."""
    return Failure(
        key=ask.key,
        kind=ask.question.task.kind,
        model=ask.question.model,
        host=ask.question.host,
        prompt_hash=ask.question.task.prompt_hash,
        status=burial.status,
        error=burial.reasons[ask.key],
        failed_runs=1,
        failed_at=iso(moment),
        next_try_at=None,
        text=text_alone(ask.text) if keeps_text else None,
    )


def _due(status: Status, moment: datetime.datetime) -> Iterator[str]:
    """Yield when an ask is due again after the first run in which it fails, after the second..."""
    for failed_runs in count(1):
        if (due := retry.next_try_at(status, failed_runs, moment)) is None:
            return
        yield iso(due)
