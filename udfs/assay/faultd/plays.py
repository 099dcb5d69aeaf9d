"""What a scenario is given and what it gives back: a call, and the play that goes on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .answers import Answer
from .chats import Chat

Parts = tuple[tuple[int, str], ...]
"""Positions of records with a property each."""


class Ending(Enum):
    """What becomes of the connection after the last byte."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Play:
    """Bytes and pauses (seconds) in order, how it ends, and what it counts as.

    `status` is 0 where no status line is sent. `whole` says that a client which waits gets a
    complete HTTP reply. `billed` says that the model worked: latency and tokens count.
    `sound` lists the positions of the records that a client must be able to accept from it,
    `partly` the good properties of records that are not good in whole.
    """

    steps: tuple[bytes | float, ...]
    status: int = 200
    ending: Ending = Ending.KEEP
    whole: bool = True
    billed: bool = False
    sound: tuple[int, ...] = ()
    partly: Parts = ()
    completion_tokens: int = 0
    slowdown: float = 1.0
    name: str = ""


@dataclass(slots=True)
class Memory:
    """What one scenario remembers between requests."""

    seen: int = 0
    began: float = -1.0
    level: float = 0.0
    filled_at: float = 0.0
    faulted: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """One request as a scenario sees it; `now` is monotonic seconds, `params` are complete."""

    chat: Chat
    sequence: int
    now: float
    created: int
    seed: int
    sink: str
    answer: Answer
    params: Mapping[str, str]
    memory: Memory
    delegate: Callable[[str, Mapping[str, str]], Play]

    def text(self, name: str) -> str:
        """A parameter as it was written."""
        return self.params[name]

    def number(self, name: str) -> float:
        """A parameter as a number."""
        return float(self.params[name])

    def whole(self, name: str) -> int:
        """A parameter as a whole number."""
        return int(float(self.params[name]))

    def elapsed(self) -> float:
        """Seconds since this scenario saw its first request."""
        return self.now - self.memory.began

    def answers(self) -> list[dict[str, Any]]:
        """The good answer of each record, in the order of the records."""
        properties = self.chat.contract.properties
        return [
            {"id": record.id}
            | {name: self.answer(record.text, schema) for name, schema in properties.items()}
            for record in self.chat.records
        ]
