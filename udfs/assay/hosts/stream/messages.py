"""Messages as values: where each came from, what it held, and how far a batch of them goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a topic; `at_ms` is its timestamp, in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> tuple[int, int]:
        """Partition and offset, by which a message of a topic is known."""
        return (self.partition, self.offset)

    @property
    def source(self) -> str:
        """Where it came from, as the header `assay-source` says it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Produced:
    """A message to produce. `kind` is `routed`, `dead` or `unanswered`."""

    kind: str
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = field(default=())


def ends_of(messages: Iterable[Message]) -> dict[int, int]:
    """Return the offset to commit of each partition: the one behind the last message."""
    ends: dict[int, int] = {}
    for message in messages:
        ends[message.partition] = max(ends.get(message.partition, 0), message.offset + 1)
    return ends


def oldest_seconds(messages: Iterable[Message], now_ms: float) -> float:
    """Return how old the oldest message is; 0 where none has a time."""
    times = [message.at_ms for message in messages if message.at_ms > 0]
    return max(0.0, (now_ms - min(times)) / 1000) if times else 0.0
