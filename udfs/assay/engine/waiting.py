"""Why nothing is sent just now, in the few words of a progress line. Pure."""

from __future__ import annotations

from assay.core.clock import stopwatch
from assay.core.errors import CallError
from assay.engine.breaker import Breaker
from assay.engine.rate_limit import Limiter

TOLD_AFTER_SECONDS = 3.0
"""What takes less is the rhythm of a limit, and no news."""


def named(error: CallError) -> str:
    """Return what a request has met: `HTTP 429`, `no connection`, `no reply`."""
    if error.status is not None:
        return f"HTTP {error.status}"
    return "no connection" if error.silent else "no reply"


def reason(
    limiter: Limiter, breaker: Breaker, trouble: str, outage_seconds: float, now: float
) -> str:
    """Return what is waited for and how long; blank where requests come and go.

    `trouble` is what the last request that failed has met, `outage_seconds` how long a run waits
    for a server, `now` is of a monotonic clock.
    """
    paused = limiter.paused_until - now
    if paused > 0:
        return f"waiting: {trouble or 'the server'}, {stopwatch(paused)}"
    down = breaker.down_for(now)
    if trouble and (breaker.is_open or down >= TOLD_AFTER_SECONDS):
        return f"{trouble} for {stopwatch(down)} of {stopwatch(outage_seconds)}"
    wait = limiter.wait_seconds(now)
    if wait >= TOLD_AFTER_SECONDS:
        return f"waiting: limit by the minute, {stopwatch(wait)}"
    return ""
