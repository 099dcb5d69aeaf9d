"""Claims and tickets: each key is taken on once, and whoever needs it waits for that one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assay.core.values import Ask, Outcome
from assay.engine.state import RunState


@dataclass(eq=False, slots=True)
class Ticket:
    """What a thread of a run waits on: set once so many asks are settled, or the run has ended.

    Only the loop fills it in; any thread may wait. It holds the outcomes that it waited for,
    whatever is forgotten elsewhere meanwhile.
    """

    run: RunState
    remaining: int
    outcomes: dict[bytes, Outcome] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def take(self, key: bytes, outcome: Outcome) -> None:
        """One ask less to wait for."""
        self.outcomes[key] = outcome
        self.remaining -= 1
        if self.remaining <= 0:
            self.done.set()


@dataclass(eq=False, slots=True)
class Claim:
    """An ask that a run has taken on and not settled: this run sends it, and pays for it.

    `rejections` counts answers that were not valid, `losses` replies that held none for it, and
    `losses_alone` those of them in which it was asked about alone.
    """

    ask: Ask
    run: RunState
    tickets: tuple[Ticket, ...] = ()
    rejections: int = 0
    losses: int = 0
    losses_alone: int = 0

    @property
    def runs(self) -> Iterator[RunState]:
        """The run that sends the ask, and those that wait for it; some more than once."""
        yield self.run
        for ticket in self.tickets:
            yield ticket.run

    @property
    def has_heir(self) -> bool:
        """Whether a run that can still buy waits for what this one sends."""
        return any(
            ticket.run is not self.run and not ticket.run.is_spent for ticket in self.tickets
        )


Wanted = Mapping[Ticket, Sequence[Ask]]
"""What threads wait for, and nobody has taken on."""


class Claims:
    """All open claims by key, of all runs."""

    def __init__(self) -> None:
        self._open: dict[bytes, Claim] = {}

    def __len__(self) -> int:
        return len(self._open)

    def get(self, key: bytes) -> Claim | None:
        """Return the open claim on `key`, if there is one."""
        return self._open.get(key)

    def open(self, ask: Ask, run: RunState) -> Claim:
        """Let `run` take on an ask that nobody has."""
        claim = self._open[ask.key] = Claim(ask, run)
        run.open_asks += 1
        return claim

    def is_open(self, claim: Claim) -> bool:
        """Whether a claim was neither settled nor dropped."""
        return self._open.get(claim.ask.key) is claim

    def of(self, run: RunState) -> list[Ask]:
        """Return what a run has taken on."""
        return [claim.ask for claim in self._open.values() if claim.run is run]

    def wait(self, claim: Claim, ticket: Ticket) -> None:
        """Let `ticket` wait for an open claim."""
        claim.tickets = (*claim.tickets, ticket)
        claim.run.waiting += 1

    def settle(self, key: bytes, outcome: Outcome) -> None:
        """Tell all that wait for `key` what became of it; a failure is one of their runs."""
        if (claim := self._close(key)) is None:
            return
        if outcome.status != "ok":
            for run in claim.runs:
                run.failures.setdefault(key, outcome)
        for ticket in claim.tickets:
            ticket.take(key, outcome)

    def forget(self, asks: Iterable[Ask]) -> None:
        """Let go of asks that nobody waits for and that are not settled: they are due again."""
        for ask in asks:
            if (claim := self._open.get(ask.key)) is not None and not claim.tickets:
                self._close(ask.key)

    def give_up(self, run: RunState, asks: Iterable[Ask], reason: str) -> Wanted:
        """Let `run` attempt `asks` no more; return those that threads of other runs wait for.

        What another run can still buy `run` waits for, too: it costs it nothing.
        """
        closed = [claim for ask in asks if (claim := self._close(ask.key)) is not None]
        for claim in closed:
            if claim.has_heir:
                continue
            key, model = claim.ask.key, claim.ask.question.model
            outcome = run.failures[key] = Outcome("not_attempted", error=reason, model=model)
            for ticket in claim.tickets:
                if ticket.run is run:
                    ticket.take(key, outcome)
        return _wanted(run, closed)

    def drop(self, run: RunState) -> tuple[list[bytes], Wanted]:
        """A run ends: wake its threads; return what it had taken on, and what others wait for."""
        for claim in self._open.values():
            self._wake(claim, run)
        closed = [claim for claim in self._open.values() if claim.run is run]
        for claim in closed:
            self._close(claim.ask.key)
        return [claim.ask.key for claim in closed], _wanted(run, closed)

    def _close(self, key: bytes) -> Claim | None:
        if (claim := self._open.pop(key, None)) is not None:
            claim.run.waiting -= len(claim.tickets)
            claim.run.open_asks -= 1
        return claim

    def _wake(self, claim: Claim, run: RunState) -> None:
        for ticket in claim.tickets:
            if ticket.run is run:
                ticket.done.set()
        left = tuple(ticket for ticket in claim.tickets if ticket.run is not run)
        claim.run.waiting -= len(claim.tickets) - len(left)
        claim.tickets = left


def _wanted(run: RunState, closed: Iterable[Claim]) -> Wanted:
    """Return what is waited for; tickets of `run` come last, so that others take it on."""
    wanted: dict[Ticket, list[Ask]] = {}
    for claim in closed:
        for ticket in claim.tickets:
            if ticket.run is not run or claim.has_heir:
                wanted.setdefault(ticket, []).append(claim.ask)
    return dict(sorted(wanted.items(), key=lambda each: each[0].run is run))
