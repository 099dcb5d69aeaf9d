"""The limiter: in flight, pace and per-minute limits over a clock that the test turns."""

from __future__ import annotations

import pytest

from assay.engine.breaker import FAILURES_TO_OPEN, FEW_IN_A_ROW, LATELY_SECONDS, Breaker
from assay.engine.rate_limit import LANE_PAUSE_SECONDS, SLOWEST_PACE, Limiter


def offered(limiter: Limiter, rate: float, seconds: int) -> tuple[int, int]:
    """Send what may be sent to a server that takes `rate` a second; what it took and refused."""
    taken, refused = [0] * seconds, 0
    for tick in range(seconds * 1000):
        now = tick / 1000
        if not limiter.has_slot() or limiter.wait_seconds(now) > 0:
            continue
        limiter.start(now, 1)
        limiter.finish()
        if taken[int(now)] < rate:
            taken[int(now)] += 1
            limiter.accepted(now)
        else:
            limiter.dropped(now, throttled=True)
            refused += 1
    return sum(taken), refused


@pytest.mark.parametrize(("rate", "share"), [(5, 0.1), (30, 0.05), (200, 0.05)])
def test_b02_the_pace_settles_just_below_what_the_server_takes(rate: int, share: float) -> None:
    """At least 80 % of it over half a minute; few are refused, one now and then to find out."""
    taken, refused = offered(Limiter(32), rate, 30)
    assert taken >= 0.8 * 30 * rate
    assert refused <= share * taken


def test_b02_refusals_of_a_burst_do_not_count_against_what_was_sent_after_it() -> None:
    """They come in later than they were sent, and belong to the second of their requests."""
    limiter = Limiter(64)
    for _ in range(60):
        limiter.start(0.0, 1)
    limiter.dropped(0.2, throttled=True, latency_seconds=0.2)
    for _ in range(29):
        limiter.dropped(0.4, throttled=True, latency_seconds=0.4)
    for _ in range(20):
        limiter.start(0.5, 1)
    limiter.dropped(1.25, throttled=True, latency_seconds=0.5)
    assert limiter.pace == pytest.approx((20 - 1) * 0.9)


def test_b12_after_a_second_of_refusals_the_pace_recovers_in_seconds() -> None:
    """It climbs quickly to near where it was refused, and slowly from there on."""
    limiter = Limiter(32)
    for _ in range(32):
        limiter.start(0.0, 1)
    for _ in range(32):
        limiter.finish()
    for place in range(32):
        limiter.dropped(place / 1000, throttled=True)
    for moment in (1.5, 3.0, 4.5):
        limiter.dropped(moment, throttled=True)
    slow = limiter.pace or 0.0
    for second in range(6, 18):
        limiter.accepted(float(second))
    assert slow <= 5
    assert (limiter.pace or 0.0) >= 5 * slow


def test_b05_a_pace_that_was_set_too_low_does_not_stay() -> None:
    """Without refusals it grows faster and faster: thirtyfold within half a minute."""
    limiter = Limiter(4)
    limiter.start(0.0, 1)
    limiter.dropped(0.0, throttled=True)
    low = limiter.pace or 0.0
    for second in range(2, 32):
        limiter.accepted(float(second))
    assert (limiter.pace or 0.0) >= 30 * low


def test_b02_a_server_that_refuses_everything_is_still_asked() -> None:
    """Now and then, or nobody would notice that it is back."""
    limiter = Limiter(4)
    offered(limiter, 0, 60)
    assert limiter.pace == SLOWEST_PACE


def test_b13_no_more_than_the_limit_are_in_flight() -> None:
    """The third has to wait for the first."""
    limiter = Limiter(2)
    limiter.start(0.0, 1)
    assert limiter.has_slot()
    limiter.start(0.0, 1)
    assert not limiter.has_slot()
    limiter.finish()
    assert limiter.has_slot()


@pytest.mark.parametrize(("seconds", "waits"), [(LANE_PAUSE_SECONDS, 5.0), (4.9, 0.0), (0.0, 0.0)])
def test_b01_a_long_wait_pauses_everything_a_short_one_only_its_pack(
    seconds: float, waits: float
) -> None:
    """Five seconds make the difference."""
    limiter = Limiter(4)
    limiter.pause(100.0, seconds)
    assert limiter.wait_seconds(100.0) == waits


def test_the_requests_of_a_minute_are_counted() -> None:
    """The third starts when the first is a minute old."""
    limiter = Limiter(4, requests_per_minute=2)
    limiter.start(0.0, 1)
    limiter.start(20.0, 1)
    assert limiter.wait_seconds(30.0) == 30.0
    assert limiter.wait_seconds(60.0) == 0.0


def test_what_the_server_states_is_kept_where_it_is_less_than_what_is_set() -> None:
    """The smallest limit of all models, and the requests before it was known count."""
    limiter = Limiter(max_in_flight=10, requests_per_minute=3)
    limiter.start(0.0, 1)
    limiter.is_told("one", 2)
    limiter.is_told("other", 500)
    assert limiter.wait_seconds(1.0) == 0
    limiter.start(1.0, 1)
    assert limiter.wait_seconds(1.0) == 59.0


def test_refusals_do_not_open_the_breaker() -> None:
    """A server that says 429 is up; that it serves nothing is still noted."""
    breaker = Breaker()
    for second in range(2 * FAILURES_TO_OPEN):
        breaker.failed(float(second), throttled=True)
    assert not breaker.is_open
    assert breaker.down_for(30.0) == 30.0


def test_a_server_serves_while_it_has_served_lately() -> None:
    """Failures beside it do not change that; time does, unless little was asked since."""
    breaker = Breaker()
    assert not breaker.serves(0.0)
    breaker.succeeded(10.0)
    for _ in range(FEW_IN_A_ROW - 1):
        breaker.failed(11.0, throttled=False)
    assert breaker.serves(10.0 + LATELY_SECONDS)
    breaker.failed(11.0, throttled=True)
    assert breaker.serves(11.0)
    assert not breaker.serves(10.0 + LATELY_SECONDS)
