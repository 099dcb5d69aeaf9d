"""Admission: which asks are taken on, and when a text is complete enough to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.values import Ask, Outcome
from assay.engine.claims import Claims, Ticket
from assay.engine.queue import Backlog, GroupKey
from assay.engine.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Batch:
    """Asks that one thread handed over: with a ticket to wait for, or gathered for a dbt node."""

    asks: Sequence[Ask]
    ticket: Ticket | None
    thread: int
    node: str = ""


@dataclass(eq=False, slots=True)
class _Round:
    """What one DuckDB thread has gathered since it came back to the first task of its chunk."""

    handles: set[str] = field(default_factory=set)
    groups: list[GroupKey] = field(default_factory=list)


class Admission:
    """Claims new asks in this process, leases them in the store, and queues them by text.

    Shares `settled`, `claims` and `backlog` with the dispatcher, on whose loop it runs.
    """

    def __init__(
        self,
        recorder: Recorder,
        settled: dict[bytes, Outcome],
        claims: Claims,
        backlog: Backlog,
    ) -> None:
        self._recorder = recorder
        self._settled = settled
        self._claims = claims
        self._backlog = backlog
        self._rounds: dict[int, _Round] = {}

    def forget(self) -> None:
        """A run begins: no thread is in the middle of a chunk."""
        self._rounds.clear()

    async def admit(self, batches: Sequence[Batch | None]) -> list[Ask]:
        """Lease all new asks at once, then take the batches on in their order.

        None among the batches means that nothing gathers any more. Returns the asks that another
        process holds; they are claimed here too, and settle when that one does.
        """
        asks = (ask for batch in batches if batch for ask in batch.asks)
        wanted = {ask.key: ask for ask in asks if self._is_new(ask.key)}
        ours = await self._lease(list(wanted))
        held = [ask for key, ask in wanted.items() if key not in ours and self._is_new(key)]
        for batch in batches:
            if batch is not None:
                self._take_on(batch, ours)
            if batch is None or batch.ticket is not None:
                self._rounds.clear()
                self._backlog.ripen_all()
        return held

    async def claim_again(
        self, asks: Sequence[Ask]
    ) -> tuple[Mapping[bytes, Outcome], Sequence[Ask]]:
        """Take over those of held `asks` that are free; return what is settled, and the rest."""
        granted = await self._recorder.claim([ask.key for ask in asks])
        for ask in asks:
            if ask.key in granted.ours:
                self._backlog.add(ask, ripe=True)
        gone = granted.ours | granted.settled.keys()
        return granted.settled, [ask for ask in asks if ask.key not in gone]

    def _is_new(self, key: bytes) -> bool:
        return key not in self._settled and key not in self._claims

    async def _lease(self, keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return which of `keys` are ours to ask; what others settled meanwhile is settled."""
        if not keys:
            return frozenset()
        granted = await self._recorder.claim(keys)
        for key, outcome in granted.settled.items():
            self._settled.setdefault(key, outcome)
        return granted.ours

    def _take_on(self, batch: Batch, ours: frozenset[bytes]) -> None:
        round_ = None if batch.ticket else self._round_of(batch)
        for ask in batch.asks:
            if ask.key in self._settled:
                if batch.ticket is not None:
                    batch.ticket.count_down()
                continue
            if self._claims.open(ask) and ask.key in ours:
                key = self._backlog.add(ask, ripe=round_ is None)
                if round_ is not None:
                    round_.groups.append(key)
            if batch.ticket is not None:
                self._claims.wait(ask.key, batch.ticket)

    def _round_of(self, batch: Batch) -> _Round:
        """Return the round of a thread; seeing a task again means its last chunk is complete."""
        round_ = self._rounds.setdefault(batch.thread, _Round())
        handles = {ask.question.task.handle for ask in batch.asks}
        if handles & round_.handles:
            self._backlog.ripen(round_.groups)
            round_ = self._rounds[batch.thread] = _Round()
        round_.handles |= handles
        return round_
