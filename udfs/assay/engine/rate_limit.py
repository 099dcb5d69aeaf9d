"""May a request start now? In flight, pace and per-minute limits, adapted to the server. Pure.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989) and as Netflix'
concurrency-limits library does for calls: a drop takes a tenth off, success adds back slowly.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MINUTE = 60.0
DECREASE = 0.9
WINDOW_SECONDS = 1.0
"""Over how long it is measured what the server takes, and the shortest time between two cuts."""

PACE_GROWTH = 0.02
"""By which share the pace grows after a second without a refusal, twice that after two, …"""

PACE_RECOVERY = 0.5
"""The most by which it grows in a second, and so it does while well below the last refusals."""

SLOWEST_PACE = 0.2
"""Requests a second that are tried even if everything is throttled."""

LANE_PAUSE_SECONDS = 5.0
"""A Retry-After of at least this stops everything; a shorter one only the pack that got it."""


@dataclass(slots=True)
class Limiter:
    """Decides when requests start. Times are seconds of a monotonic clock, handed in.

    `limit` moves below `max_in_flight`: down on refusals and timeouts, up again on success. From
    the first refusal on, starts are spaced as well: at just under the `pace` that the server took,
    then faster: quickly up to near the `ceiling` at which it throttled, feeling the way beyond it.
    """

    max_in_flight: int
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    in_flight: int = 0
    paused_until: float = 0.0
    limit: float = 0.0
    pace: float | None = None
    ceiling: float = 0.0
    _next_start: float = 0.0
    _last_cut: float = float("-inf")
    _last_growth: float = 0.0
    _clean_seconds: int = 0
    _sent: deque[tuple[float, int]] = field(default_factory=deque)
    _tokens: int = 0
    _started: deque[float] = field(default_factory=deque)
    _throttled: deque[float] = field(default_factory=deque)
    _told: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limit = float(self.max_in_flight)

    def has_slot(self) -> bool:
        """Whether another request may be in flight."""
        return self.in_flight < max(1, int(self.limit))

    def wait_seconds(self, now: float) -> float:
        """Return how long until pauses, pace and per-minute limits let another request start."""
        while self._sent and self._sent[0][0] <= now - MINUTE:
            self._tokens -= self._sent.popleft()[1]
        waits = [0.0, self.paused_until - now]
        if self.pace is not None:
            waits.append(self._next_start - now)
        if self._minute_is_full():
            waits.append(self._sent[0][0] + MINUTE - now)
        return max(waits)

    def start(self, now: float, tokens: int) -> None:
        """A request of about `tokens` tokens goes out."""
        self.in_flight += 1
        self._started.append(now)
        _forget(self._started, now)
        self._sent.append((now, tokens))
        self._tokens += tokens
        if self.pace is not None:
            self._next_start = max(now, self._next_start) + 1 / self.pace

    def finish(self) -> None:
        """A request came back, or was given up."""
        self.in_flight -= 1

    def accepted(self, now: float) -> None:
        """The server served a request: room grows back while it is needed."""
        if self.in_flight * 2 >= self.limit:
            self.limit = min(self.max_in_flight, self.limit + 1)
        since = now - max(self._last_growth, self._last_cut)
        if self.pace is not None and since >= WINDOW_SECONDS:
            self._clean_seconds += 1
            growth = min(PACE_GROWTH * self._clean_seconds, PACE_RECOVERY)
            slowly = self.pace + max(0.1, self.pace * growth)
            quickly = min(self.pace * (1 + PACE_RECOVERY), self.ceiling * DECREASE)
            self.pace = max(slowly, quickly)
            self._last_growth = now

    def dropped(self, now: float, *, throttled: bool, latency_seconds: float = 0.0) -> None:
        """A request was throttled (429) or timed out: take a tenth off, at most once a second.

        It counts for the second in which it was sent, so that it is taken from that one's starts.
        """
        if throttled:
            self._throttled.append(now - latency_seconds)
            _forget(self._throttled, now)
        if now - self._last_cut < WINDOW_SECONDS:
            return
        self._last_cut = now
        self.limit = max(1.0, self.limit * DECREASE)
        if throttled:
            self._slow_down(now)

    def pause(self, now: float, seconds: float) -> None:
        """The server said how long to stay away: nothing starts before."""
        if seconds >= LANE_PAUSE_SECONDS:
            self.paused_until = max(self.paused_until, now + seconds)

    def is_told(self, model: str, requests_per_minute: int) -> None:
        """The server says how many requests for a model it takes in a minute."""
        self._told[model] = requests_per_minute

    def restart(self) -> None:
        """After an outage: begin with one request and double with each success that fills it."""
        self.limit = max(1.0, self.max_in_flight / 4)

    def _minute_is_full(self) -> bool:
        limits = [*self._told.values(), self.requests_per_minute]
        requests = min((limit for limit in limits if limit is not None), default=None)
        tokens = self.tokens_per_minute
        return bool(self._sent) and (
            (requests is not None and len(self._sent) >= requests)
            or (tokens is not None and self._tokens >= tokens)
        )

    def _slow_down(self, now: float) -> None:
        """Set the pace to just under what was started in the last second and not throttled."""
        _forget(self._started, now)
        offered = len(self._started) / WINDOW_SECONDS
        throttled = sum(moment > now - WINDOW_SECONDS for moment in self._throttled)
        taken = offered - throttled / WINDOW_SECONDS
        self._clean_seconds = 0
        pace = max(offered, 1.0) if self.pace is None else self.pace
        self.ceiling = max(pace, self.ceiling * DECREASE)
        self.pace = max(SLOWEST_PACE, min(pace, taken * DECREASE if taken >= 1 else pace / 2))


def _forget(moments: deque[float], now: float) -> None:
    """Drop the moments that are out of the window."""
    while moments and moments[0] <= now - WINDOW_SECONDS:
        moments.popleft()
