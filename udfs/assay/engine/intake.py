"""Admission: which asks are taken on, and when a text is complete enough to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.core.values import Ask, Outcome
from assay.engine.answers import Answers
from assay.engine.claims import Claim, Claims, Ticket
from assay.engine.recorder import Recorder
from assay.engine.state import Round, RunState


@dataclass(frozen=True, slots=True)
class Batch:
    """Asks of a run that one thread handed over, with a ticket to wait for or gathered.

    One without asks says that no statement of the run gathers any more. `origin` names what the
    asks were gathered for, such as a dbt node.
    """

    run: RunState
    asks: Sequence[Ask] = ()
    ticket: Ticket | None = None
    thread: int = 0
    origin: str = ""

    @property
    def completes(self) -> bool:
        """Whether nothing further is expected about the texts that were gathered so far."""
        return not self.asks or self.ticket is not None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What is settled already, and by run the asks that another process holds.

    Those are claimed here too, and settle when that one settles them.
    """

    settled: Mapping[bytes, Outcome]
    held: Mapping[RunState, Sequence[Ask]]


@dataclass(eq=False, slots=True)
class _Taken:
    """What was taken on of a batch: new claims, and the runs that ask what it waits for."""

    batch: Batch
    new: list[Claim]
    senders: set[RunState]


class Admission:
    """Claims new asks in this process, leases them in the store, and queues them by text.

    Shares `answers` and `claims` with the dispatcher, on whose loop it runs.
    """

    def __init__(self, recorder: Recorder, answers: Answers, claims: Claims) -> None:
        self._recorder = recorder
        self._answers = answers
        self._claims = claims

    async def admit(self, batches: Sequence[Batch]) -> Admitted:
        """Claim what is new in all batches, lease it at once, and queue it in their order.

        What is claimed before the lease is asked for is nobody else's meanwhile; whose run ends
        meanwhile is not queued.
        """
        taken = [self._take_on(batch) for batch in batches]
        new = [claim for one in taken for claim in one.new]
        granted = await self._recorder.claim([claim.ask.key for claim in new])
        for one in taken:
            _queue(one, granted.ours, self._claims)
        held: dict[RunState, list[Ask]] = {}
        for claim in new:
            key = claim.ask.key
            known = key in granted.ours or key in granted.settled
            if not known and self._claims.is_open(claim):
                held.setdefault(claim.run, []).append(claim.ask)
        return Admitted(granted.settled, held)

    async def claim_again(
        self, run: RunState, asks: Sequence[Ask]
    ) -> tuple[Mapping[bytes, Outcome], Sequence[Ask]]:
        """Take over those of held `asks` that are free; return what is settled, and the rest."""
        granted = await self._recorder.claim([ask.key for ask in asks])
        for ask in asks:
            if ask.key in granted.ours:
                run.backlog.add(ask, ripe=True)
        gone = granted.ours | granted.settled.keys()
        return granted.settled, [ask for ask in asks if ask.key not in gone]

    def _take_on(self, batch: Batch) -> _Taken:
        run, ticket = batch.run, batch.ticket
        taken = _Taken(batch, [], {run})
        for ask in batch.asks:
            outcome = self._answers.get(ask.key)
            if outcome is None or outcome.is_due(run.began_at):
                outcome = run.failures.get(ask.key)
            if outcome is not None:
                if ticket is not None:
                    ticket.take(ask.key, outcome)
                continue
            if (claim := self._claims.get(ask.key)) is None:
                claim = self._claims.open(ask, run)
                taken.new.append(claim)
            if ticket is not None:
                self._claims.wait(claim, ticket)
                taken.senders.add(claim.run)
        return taken


def _queue(taken: _Taken, ours: frozenset[bytes], claims: Claims) -> None:
    """Let what is ours of a batch wait with the rest of its run."""
    batch, run = taken.batch, taken.batch.run
    round_ = None if batch.completes else _round_of(batch)
    for claim in taken.new:
        if claim.ask.key in ours and claims.is_open(claim):
            key = run.backlog.add(claim.ask, ripe=round_ is None)
            if round_ is not None:
                round_.groups.append(key)
    if batch.completes:
        for sender in taken.senders:
            sender.ripen()


def _round_of(batch: Batch) -> Round:
    """Return the round of a thread; seeing a task again means its last chunk is complete."""
    rounds, backlog = batch.run.rounds, batch.run.backlog
    round_ = rounds.setdefault(batch.thread, Round())
    handles = {ask.question.task.handle for ask in batch.asks}
    if handles & round_.handles:
        backlog.ripen(round_.groups)
        round_ = rounds[batch.thread] = Round()
    round_.handles |= handles
    return round_
