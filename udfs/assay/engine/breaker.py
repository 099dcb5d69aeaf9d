"""When the server fails as a whole: a retry budget and a circuit breaker. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_TO_OPEN = 10
"""So many failures in a row, without one success, and the server counts as down."""

PROBE_SECONDS = 5.0
"""While it is down, one request in this time asks whether it is back."""


LATELY_SECONDS = 5.0
"""A server that served a request within this time is up, whatever fails beside it."""

FEW_IN_A_ROW = 5
"""Fewer that were not served since the last one that was say nothing about the server."""


@dataclass(slots=True)
class RetryBudget:
    """Retries are paid for by successes, so that they cannot double the load of a sick server.

    After Google's Site Reliability Engineering, chapter 21 (Handling Overload): a client's retries
    stay a fraction of its requests. A retry without credit waits; it is never dropped.
    """

    credit: float = 20.0
    earned: float = 0.5
    drip_per_second: float = 1.0
    most: float = 100.0
    _dripped_at: float | None = None

    def earn(self) -> None:
        """A request succeeded."""
        self.credit = min(self.most, self.credit + self.earned)

    def spend(self, now: float) -> float:
        """Take one retry and return how many seconds it has to wait for its credit."""
        since = now - (now if self._dripped_at is None else self._dripped_at)
        self._dripped_at = now
        self.credit = min(self.most, self.credit + since * self.drip_per_second) - 1
        return max(0.0, -self.credit / self.drip_per_second)


@dataclass(slots=True)
class Breaker:
    """Closed while the server works, open while it is down; probes tell when it is back.

    Times are seconds of a monotonic clock, handed in.
    """

    failures: int = 0
    unserved: int = 0
    failing_since: float | None = None
    succeeded_at: float | None = None
    _next_probe: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server counts as down."""
        return self.failures >= FAILURES_TO_OPEN

    def wait_seconds(self, now: float) -> float:
        """Return how long until a request may start."""
        return max(0.0, self._next_probe - now) if self.is_open else 0.0

    def start(self, now: float) -> None:
        """A request goes out; while open it is the probe, and the next one has to wait."""
        if self.is_open:
            self._next_probe = now + PROBE_SECONDS

    def serves(self, now: float) -> bool:
        """Whether the server has served a request lately, or little was asked of it since.

        At the end of a run there is nothing beside the last requests that could be served.
        """
        if self.succeeded_at is None:
            return False
        return self.unserved < FEW_IN_A_ROW or now - self.succeeded_at < LATELY_SECONDS

    def succeeded(self, now: float) -> bool:
        """The server served a request; return whether this ends an outage."""
        was_open = self.is_open
        self.failures = self.unserved = 0
        self.failing_since = None
        self.succeeded_at = now
        return was_open

    def failed(self, now: float, *, throttled: bool) -> None:
        """The server failed a request: no connection, no reply, or a status that says so.

        One that `throttled` for its limits is up; only that it serves nothing is noted.
        """
        self.unserved += 1
        if self.failing_since is None:
            self.failing_since = now
        if throttled:
            return
        self.failures += 1
        if self.failures == FAILURES_TO_OPEN:
            self._next_probe = now + PROBE_SECONDS

    def down_for(self, now: float) -> float:
        """Return for how many seconds nothing but failures has come."""
        return 0.0 if self.failing_since is None else now - self.failing_since
