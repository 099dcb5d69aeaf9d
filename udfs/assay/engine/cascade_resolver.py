"""Where a run looks its questions up: those that one model answers about whole texts, those of a
cascade, those that are asked chunk by chunk, and those whose answers are at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from assay.core.cascade import Cascade
from assay.core.errors import ConfigError
from assay.core.task import Task
from assay.core.values import Outcome
from assay.engine.at_hand import AtHandColumn, is_at_hand
from assay.engine.cascade_column import CascadeColumn, Side
from assay.engine.chunked_column import ChunkedColumn
from assay.engine.lookup import Resolver, Texts
from assay.engine.loop import Engine
from assay.engine.state import RunState
from assay.functions import parse_cascade
from assay.providers import EMBEDDED


class LookedUpColumn(Protocol):
    """A column that is not looked up text by text under one key; the verbs are a resolver's."""

    def ask(self, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking for what is not known and waiting for it."""

    def gather(self, texts: Texts, origin: str) -> None:
        """Take on what is not known of `texts`, without waiting for it."""

    def count(self, texts: Texts) -> Sequence[Outcome | None]:
        """Tell the censuses of `texts`, and return what is known of them."""

    def peek(self, texts: Texts) -> Sequence[Outcome | None]:
        """Return the outcomes that are known, and count the rows as they stand."""

    def glance(self, texts: Texts) -> Sequence[Outcome | None]:
        """As `peek`; nothing is counted."""


class CascadeResolver(Resolver):
    """A `Resolver` of other columns, too; `embedded` gives that of the embedded models."""

    def __init__(self, engine: Engine, run: RunState, embedded: Callable[[], Resolver]) -> None:
        super().__init__(engine, run)
        self._embedded = embedded
        self._columns: dict[str, LookedUpColumn] = {}

    def register(self, spec: str) -> str:
        """Return the handle of what a macro wrote as JSON; raises as that of `Resolver`."""
        cascade = parse_cascade(spec)
        return super().register(spec) if cascade is None else self.bind_any(cascade)

    def bind(self, task: Task) -> str:
        """Return the handle of a task, which may be asked chunk by chunk, or not at all."""
        if task.by_chunks is None:
            handle = super().bind(task)
            if is_at_hand(question := self.question(handle)):
                self._columns.setdefault(handle, AtHandColumn(question))
            return handle
        of_chunk, tokens = task.by_chunks
        side = Side(self, super().bind(of_chunk))
        self._questions[task.handle] = side.question
        self._columns[task.handle] = ChunkedColumn(side, tokens, self._run)
        return task.handle

    def bind_any(self, asked: Task | Cascade) -> str:
        """Return the handle of a task or a cascade; where both sides are one, of its task.

        Raises `ConfigError` as `register` does, and for a cheap side that says not how sure it is.
        """
        if isinstance(asked, Task):
            return self.bind(asked)
        dear = Side(self, self.bind(asked.task_for(asked.to)))
        names = asked.cheap or (asked.task.model or EMBEDDED.name,)
        cheap = [self._side(asked, name) for name in names]
        if dear.who in [side.who for side in cheap]:
            return dear.handle
        self._check_confidence(asked, cheap)
        if asked.handle not in self._columns:
            self._questions[asked.handle] = dear.question
            store = self._engine.store
            self._columns[asked.handle] = CascadeColumn(asked, dear, cheap, store, self._run)
        return asked.handle

    def _side(self, cascade: Cascade, name: str) -> Side:
        if name != EMBEDDED.name:
            return Side(self, self.bind(cascade.task_for(name)))
        embedded = self if self._settings.answerer.free else self._embedded()
        return Side(embedded, embedded.bind(cascade.task_for(None)))

    def _check_confidence(self, cascade: Cascade, cheap: list[Side]) -> None:
        is_asked = cheap[0].resolver is self and self._settings.traits.remote
        if len(cheap) == 1 and is_asked and not self._settings.logprobs:
            message = (
                f"ai_{cascade.task.kind}: the cascade cannot tell how sure "
                f"{cheap[0].question.model!r} is; set `ASSAY_LOGPROBS=true` where the endpoint "
                f"gives log probabilities, or name two models as `cheap`, or {EMBEDDED.name!r}."
            )
            raise ConfigError(message)

    def ask(self, handle: str, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking for what is not known and waiting for it."""
        column = self._columns.get(handle)
        return super().ask(handle, texts) if column is None else column.ask(texts)

    def gather(self, handle: str, texts: Texts, origin: str = "") -> None:
        """Take on what is not known of `texts`, for `origin`, without waiting for it."""
        column = self._columns.get(handle)
        if column is None:
            super().gather(handle, texts, origin)
        else:
            column.gather(texts, origin)

    def count(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Tell the censuses of `texts`, and return what is known of them; nothing is asked."""
        column = self._columns.get(handle)
        return super().count(handle, texts) if column is None else [*column.count(texts)]

    def peek(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Return the outcomes that are known, and count the rows as they stand."""
        column = self._columns.get(handle)
        return super().peek(handle, texts) if column is None else [*column.peek(texts)]

    def glance(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """As `peek`; nothing is counted."""
        column = self._columns.get(handle)
        return super().glance(handle, texts) if column is None else [*column.glance(texts)]

    def all_counted(self) -> None:
        """A statement was counted: tell the censuses what its cascades would draw."""
        for column in self._columns.values():
            if isinstance(column, CascadeColumn):
                column.count_drawn()
