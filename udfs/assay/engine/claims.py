"""Claims and tickets: each key is taken on once, and whoever needs it waits for that one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assay.core.values import Ask


@dataclass(eq=False, slots=True)
class Ticket:
    """What a thread waits on: set once so many asks are settled, or the run has ended.

    Only the loop counts down; any thread may wait.
    """

    remaining: int
    done: threading.Event = field(default_factory=threading.Event)

    def count_down(self) -> None:
        """One ask less to wait for."""
        self.remaining -= 1
        if self.remaining <= 0:
            self.done.set()


@dataclass(eq=False, slots=True)
class Claim:
    """An ask that this process has taken on and not settled.

    `rejections` counts answers that were not valid, `losses` replies that held none for it, and
    `losses_alone` those of them in which it was asked about alone.
    """

    ask: Ask
    tickets: tuple[Ticket, ...] = ()
    rejections: int = 0
    losses: int = 0
    losses_alone: int = 0


class Claims:
    """All open claims by key. `waiting` counts the tickets that are not served yet."""

    def __init__(self) -> None:
        self._open: dict[bytes, Claim] = {}
        self.waiting = 0

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, key: bytes) -> bool:
        return key in self._open

    def get(self, key: bytes) -> Claim | None:
        """Return the open claim on `key`, if there is one."""
        return self._open.get(key)

    def open(self, ask: Ask) -> bool:
        """Take `ask` on; return whether nobody had before."""
        if ask.key in self._open:
            return False
        self._open[ask.key] = Claim(ask)
        return True

    def wait(self, key: bytes, ticket: Ticket) -> None:
        """Let `ticket` wait for the open claim on `key`."""
        claim = self._open[key]
        claim.tickets = (*claim.tickets, ticket)
        self.waiting += 1

    def close(self, key: bytes) -> None:
        """`key` is settled: wake those who wait."""
        claim = self._open.pop(key, None)
        for ticket in claim.tickets if claim else ():
            self.waiting -= 1
            ticket.count_down()

    def abandon(self) -> None:
        """Nothing more will be settled: wake everybody."""
        for claim in self._open.values():
            for ticket in claim.tickets:
                ticket.done.set()
        self._open.clear()
        self.waiting = 0

    def asks(self, keys: Iterable[bytes]) -> Iterator[Ask]:
        """Yield the asks of those of `keys` that are open."""
        for key in keys:
            if (claim := self._open.get(key)) is not None:
                yield claim.ask
