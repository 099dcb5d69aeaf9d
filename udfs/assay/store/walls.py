"""Limits that hold over all processes of a store: what may go out, asked before it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Room = Literal["taken", "later", "none"]
"""Whether there was room, which is taken now; whether some may come back; or never."""


@dataclass(frozen=True, slots=True)
class Toll:
    """One request that wants to go out: at whose host, of which run, for how much at most.

    `worst_usd` is None where no price is known. `tokens` are an estimate of its input. The caps
    are those of the run and of a minute; None for none.
    """

    run_id: str
    host: str
    worst_usd: float | None
    tokens: int
    max_cost_usd: float | None = None
    max_requests: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def has_pace(self) -> bool:
        """Whether so many may start in a minute."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    @property
    def has_cap(self) -> bool:
        """Whether the run may cost or send so much."""
        return self.max_cost_usd is not None or self.max_requests is not None


class Walls(Protocol):
    """Counts what all processes of a store send; safe to use from any thread.

    Every verb raises `StoreError` where it cannot be done.
    """

    def enter(self, toll: Toll) -> float:
        """Count a request among those of this minute, and return 0; or in how many seconds to
        ask again, where the minute is full."""

    def reserve(self, toll: Toll) -> Room:
        """Set the worst cost of a request aside, once for all processes that have the run.

        `later` where what living processes have set aside may come back.
        """

    def pay(self, toll: Toll, cost_usd: float | None) -> None:
        """Replace a reservation by what was spent; what is not known counts as all of it."""
