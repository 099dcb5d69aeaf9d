"""May a pack go out now? In flight, requests and tokens a minute, money and requests a run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(slots=True)
class Limiter:
    """Counts what is in flight and what went out in the last minute; never sleeps itself.

    Times are seconds of a monotonic clock, handed in by the caller.
    """

    max_in_flight: int
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    in_flight: int = 0
    paused_until: float = 0.0
    _sent: deque[tuple[float, int]] = field(default_factory=deque)
    _tokens: int = 0

    def has_slot(self) -> bool:
        """Whether another request may be in flight."""
        return self.in_flight < self.max_in_flight

    def wait_seconds(self, now: float) -> float:
        """Return how long until the per-minute limits and pauses let another request start."""
        self._forget(now)
        waits = [self.paused_until - now]
        if self.requests_per_minute and len(self._sent) >= self.requests_per_minute:
            waits.append(self._sent[0][0] + MINUTE - now)
        if self.tokens_per_minute and self._tokens >= self.tokens_per_minute:
            waits.append(self._sent[0][0] + MINUTE - now)
        return max(0.0, *waits)

    def start(self, now: float, tokens: int) -> None:
        """A request of about `tokens` tokens goes out."""
        self.in_flight += 1
        self._sent.append((now, tokens))
        self._tokens += tokens

    def finish(self) -> None:
        """A request came back, or was given up."""
        self.in_flight -= 1

    def pause(self, until: float) -> None:
        """The server said when to come back: nothing starts before."""
        self.paused_until = max(self.paused_until, until)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - MINUTE:
            self._tokens -= self._sent.popleft()[1]


@dataclass(slots=True)
class Budget:
    """The wall of one run: worst costs are reserved before sending and settled after."""

    max_cost_usd: float | None = None
    max_requests: int | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    requests: int = 0

    def allows(self, worst_usd: float | None) -> bool:
        """Whether a request that costs at most `worst_usd` fits; an unknown cost fits no cap."""
        if self.max_requests is not None and self.requests >= self.max_requests:
            return False
        if self.max_cost_usd is None:
            return True
        if worst_usd is None:
            return False
        return self.spent_usd + self.reserved_usd + worst_usd <= self.max_cost_usd

    def reserve(self, worst_usd: float | None) -> None:
        """Set the worst cost of a request aside; call `settle` with the same figure later."""
        self.requests += 1
        self.reserved_usd += worst_usd or 0.0

    def settle(self, worst_usd: float | None, cost_usd: float | None) -> None:
        """Replace a reservation by what was spent; unknown means all of it."""
        self.reserved_usd -= worst_usd or 0.0
        self.spent_usd += (worst_usd or 0.0) if cost_usd is None else cost_usd
