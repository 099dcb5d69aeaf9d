"""The recorder: what the loop wants on disk, awaited until it is there."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assay.core.clock import iso, now_utc
from assay.core.settings import Settings
from assay.core.task import Task
from assay.core.values import Ask, Attempt, Failure, Outcome, Served, Status, Use
from assay.engine import retry
from assay.store import (
    Granted,
    Landing,
    Store,
    StoredAnswer,
    Writer,
    failed_attempts,
    landing_of,
    put_failures,
    put_landings,
    put_look,
    put_run,
    put_served,
    put_statement,
    put_stop,
    release,
)


@dataclass(frozen=True, slots=True)
class Burial:
    """Asks that are given up, what they become, and why, by key."""

    asks: Sequence[Ask]
    status: Status
    reasons: Mapping[bytes, str]


class Recorder:
    """Writes attempts, answers and failures; nothing is settled before its write returned."""

    def __init__(self, store: Store, writer: Writer, *, store_inputs: bool = False) -> None:
        self.owner = store.owner.name
        self._store = store
        self._store_inputs = store_inputs
        self._writer = writer
        self._known_prompts: set[str] = set()
        self._unbegun: dict[str, Callable[[sqlite3.Connection], None]] = {}

    def begun(self, run_id: str, settings: Settings, *, builds: bool) -> None:
        """Write down that a run began: at once, or one that `builds` nothing once it `asks`."""
        now = now_utc()

        def begin(connection: sqlite3.Connection) -> None:
            put_run(connection, run_id, settings, now)
            if not builds:
                put_look(connection, run_id)

        self._unbegun[run_id] = begin
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
        self._writer.send(lambda connection: put_statement(connection, key, sql))

    def stopped(self, run_id: str, cause: str, message: str) -> None:
        """Write down what ended a run early."""
        self._writer.send(lambda connection: put_stop(connection, run_id, cause, message))

    def served(self, run_id: str, served: Mapping[Use, Served]) -> None:
        """Write down what became of each question of a run, in place of what was said before.

        Not of a run that only looks, unless it has asked.
        """
        if run_id not in self._unbegun:
            self._writer.send(lambda connection: put_served(connection, run_id, served))

    async def written(self) -> None:
        """Return once everything that was handed over so far is written."""
        await self._writer.write(_nothing, None)

    def release(self, keys: Sequence[bytes] | None = None) -> None:
        """Let other processes have `keys`, or all that this one holds; it asks them no more."""
        self._writer.send(lambda connection: release(connection, self.owner, keys))

    def note(self, attempt: Attempt) -> None:
        """Write down that `attempt` is about to be sent; survives the end of this process."""
        self._store.owner.journal.note(attempt)

    async def claim(self, keys: Sequence[bytes]) -> Granted:
        """Lease those of `keys` that nobody has settled or holds."""
        if not keys:
            return Granted(frozenset(), {})
        return await self._writer.write(self._claim, keys)

    def keep(
        self, attempt: Attempt, asks: Sequence[Ask], answers: Mapping[bytes, Outcome]
    ) -> Landing:
        """Write down what `attempt` brought, and return it for `write`; survives a kill."""
        stored = [StoredAnswer(ask, answers[ask.key]) for ask in asks if ask.key in answers]
        landing = landing_of(attempt, stored, self._new_tasks(asks))
        self._store.owner.journal.keep(landing)
        return landing

    async def write(self, landing: Landing, burial: Burial | None = None) -> list[Failure]:
        """Put an attempt and what came of it into the store; return the failures that it leaves.

        All in one transaction that is queued before anything is awaited: whoever is cancelled
        from here on loses no answer.
        """
        failures = await self._writer.write(self._land, (landing, burial))
        self._store.owner.journal.stored(landing)
        self._known_prompts.update(prompt_hash for prompt_hash, *_ in landing.tasks)
        return failures

    async def write_failed(self, attempt: Attempt, burial: Burial | None = None) -> list[Failure]:
        """Put an attempt that brought no answer into the store; return the failures it leaves."""
        tasks = self._new_tasks(burial.asks if burial else ())
        return await self.write(landing_of(attempt, tasks=tasks), burial)

    def _new_tasks(self, asks: Sequence[Ask]) -> list[Task]:
        tasks = {ask.question.task.prompt_hash: ask.question.task for ask in asks}
        return [task for name, task in tasks.items() if name not in self._known_prompts]

    def _claim(
        self, connection: sqlite3.Connection, waiting: Sequence[Sequence[bytes]]
    ) -> list[Granted]:
        now = now_utc()
        return [self._store.owner.claim(connection, keys, now) for keys in waiting]

    def _land(
        self,
        connection: sqlite3.Connection,
        waiting: Sequence[tuple[Landing, Burial | None]],
    ) -> list[list[Failure]]:
        put_landings(connection, [landing for landing, _ in waiting])
        return [self._bury(connection, burial) for _, burial in waiting]

    def _bury(self, connection: sqlite3.Connection, burial: Burial | None) -> list[Failure]:
        if burial is None or not burial.asks:
            return []
        failures = self._failures(connection, burial)
        put_failures(connection, failures)
        return failures

    def _failures(self, connection: sqlite3.Connection, burial: Burial) -> list[Failure]:
        """Return the failures that asks become, counting the runs in which they failed."""
        earlier = failed_attempts(connection, [ask.key for ask in burial.asks])
        moment = datetime.datetime.now(datetime.UTC)
        failures = [
            _failure(ask, burial, earlier.get(ask.key, 0) + 1, moment) for ask in burial.asks
        ]
        if not self._store_inputs:
            return failures
        return [
            replace(failure, text=ask.text)
            for ask, failure in zip(burial.asks, failures, strict=True)
        ]


def _nothing(_: sqlite3.Connection, waiting: Sequence[None]) -> Sequence[None]:
    return waiting


def _failure(ask: Ask, burial: Burial, failed_runs: int, moment: datetime.datetime) -> Failure:
    due = retry.next_try_at(burial.status, failed_runs, moment)
    return Failure(
        key=ask.key,
        kind=ask.question.task.kind,
        model=ask.question.model,
        host=ask.question.host,
        prompt_hash=ask.question.task.prompt_hash,
        status=burial.status,
        error=burial.reasons[ask.key],
        failed_runs=failed_runs,
        failed_at=iso(moment),
        next_try_at=iso(due) if due else None,
    )
