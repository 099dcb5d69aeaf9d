"""A run: what is asked under one budget, from any number of threads; `Session.run` begins one."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from assay.core.canonical import canonical_json
from assay.core.cascade import Cascade
from assay.core.errors import ConfigError, RunError
from assay.core.events import Streamed
from assay.core.task import Task
from assay.core.values import Ask, Outcome
from assay.core.vectors import numbers_of
from assay.engine.cascade_resolver import CascadeResolver
from assay.engine.lookup import Resolver, Texts, chunks_of
from assay.engine.loop import Engine
from assay.engine.meter import Reading
from assay.engine.state import RunState
from assay.functions import check_examples, parse_task
from assay.providers.vectors import dimensions_of, embedding_model
from assay.store import Store


class Run:
    """Asks under a budget of its own; use it as a context manager, or `close` it.

    Runs of one session know each other's answers: what two of them need at once is asked once,
    by the run that came first, which pays for it. Ends with `close`; what it asked is in the
    store.
    """

    def __init__(
        self, engine: Engine, state: RunState, beside: Callable[[], Run] | None = None
    ) -> None:
        self._engine = engine
        self._state = state
        self._beside = beside
        self._embedded: Run | None = None
        self._lock = threading.Lock()
        self.resolver = CascadeResolver(engine, state, self._embedded_resolver)
        """Looks chunks of texts up and asks for the rest: what a host calls, row by row."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def id(self) -> str:
        """The name of the run in the ledger (`invocation_id` in its tables)."""
        return self._state.run_id

    @property
    def indexes(self) -> Path:
        """The folder of the indexes of searches."""
        return self._state.settings.indexes

    @property
    def store(self) -> Store:
        """The store of the session."""
        return self._engine.store

    @property
    def spend(self) -> Reading:
        """What the run has sent, got and paid so far.

        `requests` that have ended, `input_tokens` and `output_tokens` as replies say, `cost_usd`
        in US dollars, `unknown_cost` requests on top whose price or usage is not known;
        `answered`, `failed` and `stored` (found in the store) count asks.
        """
        return self._engine.progress(self._state)

    @property
    def stopped(self) -> RunError | None:
        """What has ended the run early, or None; a run that is closed is over as well."""
        return self._state.stopped

    def ask(self, task: Task | Cascade, texts: Texts) -> list[Outcome]:
        """Return an outcome for each of `texts`, in their order; None and blank are `skipped`.

        Each different text is asked about once, and not at all where the store has the answer. A
        text that has no answer has a `status` other than `ok`, and an `error`. Blocks until all
        are there. Raises `BudgetError` where more is needed than the run has left (nothing of it
        is sent, unless `over_budget` is `spend`), `QuotaError` and `ConfigError` where no further
        request can succeed, `StoreError` where answers cannot be kept, `Cancelled` once the run
        was cancelled or is over. What was answered before is kept. Of a `Cascade` the texts are
        the column: those that calibrate it are drawn from the first that it is asked about.
        """
        _check(task, texts)
        handle = self.resolver.bind_any(task)
        chunks = chunks_of(texts)
        self.begin_gather()
        try:
            for chunk in chunks:
                self.resolver.gather(handle, chunk)
        finally:
            self.end_gather()
        return [outcome for chunk in chunks for outcome in self.resolver.ask(handle, chunk)]

    def embed(self, texts: Texts, model: str | None = None) -> list[array[float] | None]:
        """Return the vector of each of `texts`, in their order; None where there is no text.

        `model` is `wordllama` or `minilm`, which are embedded, or one of the endpoint; without it
        that of the settings. None also for a text to which no vector came. Raises as `ask` does.
        """
        settings = self._state.settings
        name = embedding_model(settings, model)
        spec = {"kind": "embed", "dimensions": dimensions_of(settings, name), "model": name}
        found = [outcome.value for outcome in self.ask(parse_task(canonical_json(spec)), texts)]
        return [None if value is None else numbers_of(value[1:-1]) for value in found]

    def cancel(self) -> None:
        """Stop: nothing more is sent, and threads that wait get `Cancelled`; from any thread."""
        self._engine.cancel(self._state)
        if self._embedded is not None:
            self._embedded.cancel()

    def close(self) -> None:
        """End the run: return once nothing of it is under way; safe to call twice."""
        if self._embedded is not None:  # first: what this one says of its rows is to stay
            self._embedded.close()
        self._engine.end(self._state)

    def harvest(self) -> None:
        """Take in what batches have answered since; a run that asks does so by itself first.

        Returns once all that came is in the store, and what failed is asked again or waits for
        the next batch. Raises as `ask` does.
        """
        self._engine.harvest(self._state)

    def hand_over(self) -> None:
        """Return once what this run has put into batches is at the endpoint; `close` does so too.

        Raises as `ask` does; what was not handed over is kept, and the next run does it.
        """
        self._engine.hand_over(self._state)

    def cancel_batches(self, batch_ids: Sequence[str]) -> None:
        """Call batches of the store off; what they have done is fetched by the next harvest.

        Raises as `ask` does, and `CallError` where the endpoint does not answer.
        """
        self._engine.cancel_batches(batch_ids)

    def _embedded_resolver(self) -> Resolver:
        """Return who asks the embedded models for this run; begun when it is first needed."""
        with self._lock:
            if self._beside is None:
                return self.resolver
            if self._embedded is None:
                self._embedded = self._beside()
            return self._embedded.resolver

    # For hosts

    def begin_gather(self, origin: str = "") -> None:
        """A statement is about to gather for `origin`: packs wait until they are full."""
        self._engine.begin_gather(self._state, origin)

    def end_gather(self) -> None:
        """The statement has gathered all: packs go out as they are."""
        self.resolver.recheck()
        self._engine.end_gather(self._state)

    def await_all(self, asks: Sequence[Ask]) -> None:
        """Return once every ask is settled; raise the `RunError` that has stopped the run."""
        self._engine.await_all(self._state, asks)

    def known(self, key: bytes) -> Outcome | None:
        """Return what is remembered of an ask: an answer, or its failure in this run."""
        return self._engine.answers.get(key) or self._state.failures.get(key)

    def built(self, key: str, sql: str) -> None:
        """Keep SQL that asks, as a build has compiled it, by what it is in dbt."""
        self._engine.built(key, sql)

    def streamed(self, batch: Streamed) -> None:
        """Let whoever watches know of a batch of a stream."""
        self._state.tell(batch)

    def note_served(self) -> None:
        """Return once the store has what became of each question of the run so far."""
        self._engine.note_served(self._state)


def _check(task: Task | Cascade, texts: Texts) -> None:
    if isinstance(texts, str):
        message = "`texts` is one text; put it into a list."
        raise ConfigError(message)
    if not isinstance(task, Task | Cascade):
        message = f"{task!r} is no task; use one such as `assay.Classify(labels=[...])`."
        raise ConfigError(message)
    check_examples(task.task if isinstance(task, Cascade) else task)
