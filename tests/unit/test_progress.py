"""The progress line: what it says, and that it gives way on a terminal."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import Any

import pytest

from assay.engine.breaker import FAILURES_TO_OPEN, Breaker
from assay.engine.meter import Reading
from assay.engine.rate_limit import Limiter
from assay.engine.waiting import reason
from assay.hosts.dbt.progress import (
    ERASE,
    NOWHERE,
    PACE_SECONDS,
    Pace,
    Standing,
    Ticker,
    fitted,
    line,
)

READING = Reading(
    answered=1234,
    failed=3,
    stored=56,
    requests=80,
    records=1240,
    input_tokens=1_200_000,
    output_tokens=34_567,
    cost_usd=0.0421,
    waiting=600,
    in_flight=32,
    open_asks=600,
)

TEXT = "47 of 131 · silver_b"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def pace_of(*readings: tuple[float, Reading]) -> Pace:
    """A pace that has seen these."""
    pace = Pace()
    for now, reading in readings:
        pace.add(now, reading)
    return pace


def until(stream: io.StringIO, text: str) -> None:
    """Wait until `text` is written; the caller's assertion says when it never is."""
    deadline = time.monotonic() + 60
    while text not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)


def told(reading: Reading, pace: Pace, place: Standing = NOWHERE) -> str:
    """The line, with a reading that asks for two models."""
    return line(place, replace(reading, origins=("silver_a", "silver_b")), pace)


def test_the_line_says_where_the_run_stands() -> None:
    """Nodes, the model that asks, answers of all, requests a second, money, the time left."""
    pace = pace_of((0.0, replace(READING, requests=0, answered=1134)), (4.0, READING))
    place = Standing("dbt", 47, 131, ("test_x", "silver_b"))
    assert told(READING, pace, place) == (
        "47 of 131 · silver_b · 1,237 of 1,837 answers · 3 failed · 20.0 req/s · 1.2 M tokens · "
        "$0.0421 · 0:24 left"
    )


def test_the_line_says_why_it_waits() -> None:
    """In place of a time left that nobody knows."""
    pace = pace_of((0.0, replace(READING, answered=0)), (4.0, READING))
    said = told(replace(READING, waits_for="waiting: HTTP 429, 0:12"), pace)
    assert said.endswith("$0.0421 · waiting: HTTP 429, 0:12")


def test_while_nothing_is_asked_it_names_what_runs() -> None:
    """The oldest of several; and what dbt does where none runs."""
    pace = pace_of((0.0, Reading()))
    assert line(Standing("dbt", 3, 9, ("a", "b", "c")), Reading(), pace) == "3 of 9 · a and 2 more"
    assert line(Standing("reading the project"), Reading(), pace) == "reading the project"
    assert line(NOWHERE, Reading(), pace) == ""


def test_nothing_that_is_zero_is_told() -> None:
    """No failure, no token, no cent."""
    said = told(Reading(answered=1, open_asks=2, in_flight=1), pace_of((0.0, Reading())))
    assert said == "silver_b · 1 of 3 answers · 0.0 req/s"


def test_money_that_is_not_known_is_not_left_out() -> None:
    """Requests of unknown cost are counted beside the sum."""
    reading = replace(READING, unknown_cost=7)
    assert "$0.0421 + 7 unknown" in told(reading, pace_of((0.0, reading)))


def test_the_pace_forgets_what_was_long_ago() -> None:
    """An outage shows in it after ten seconds."""
    pace = pace_of((0.0, replace(READING, requests=0)), (1.0, READING))
    assert pace.requests() == 80.0
    pace.add(2.0 + PACE_SECONDS, READING)
    assert pace.requests() == 0.0


def test_a_narrow_terminal_gets_a_line_that_does_not_wrap() -> None:
    """Tokens go first; money and the time left stay longest."""
    pace = pace_of((0.0, replace(READING, answered=1134)), (4.0, READING))
    whole = told(READING, pace, Standing("dbt", 47, 131))
    narrow, tiny = fitted(whole, 80), fitted(whole, 20)

    assert fitted(whole, len(whole) + 1) == whole
    assert "tokens" not in narrow
    assert (len(narrow) < 80, "$0.0421 · 0:24 left" in narrow) == (True, True)
    assert (len(tiny) < 20, tiny.startswith("silver_b · 1,237")) == (True, True)


@pytest.mark.parametrize(
    ("limiter", "breaker", "trouble", "said"),
    [
        ({"paused_until": 112.0}, {}, "HTTP 429", "waiting: HTTP 429, 0:12"),
        (
            {},
            {"failures": FAILURES_TO_OPEN, "failing_since": -30.0},
            "HTTP 500",
            "HTTP 500 for 2:10 of 3:00",
        ),
        ({}, {"failing_since": 96.0}, "no reply", "no reply for 0:04 of 3:00"),
        ({}, {"failing_since": 99.0}, "HTTP 500", ""),
        ({}, {}, "HTTP 500", ""),
    ],
    ids=["told", "down", "failing", "a_moment", "served"],
)
def test_a_reason_to_wait_is_told_with_its_time(
    limiter: dict[str, Any], breaker: dict[str, Any], trouble: str, said: str
) -> None:
    """What a server has asked for, and how long a run still hopes."""
    found = reason(Limiter(4, **limiter), Breaker(**breaker), trouble, 180.0, 100.0)
    assert found == said


def test_the_limit_by_the_minute_is_a_reason_to_wait() -> None:
    """Where it is ours."""
    limiter = Limiter(4, requests_per_minute=1)
    limiter.start(100.0, 10)
    assert reason(limiter, Breaker(), "", 180.0, 110.0) == "waiting: limit by the minute, 0:50"


def test_on_a_terminal_the_line_is_rewritten_and_gives_way() -> None:
    """Nothing of it is left when something else is written, and none at the end."""
    screen = Screen()
    ticker = Ticker(lambda _now: TEXT, screen)
    until(screen, TEXT)
    ticker.erase()
    assert screen.getvalue().startswith(f"{ERASE}{TEXT}")
    assert screen.getvalue().endswith(ERASE)
    ticker.close()


def test_elsewhere_a_line_is_rare_and_stays() -> None:
    """It is asked for more often than it is written."""
    log, asked = io.StringIO(), [0]

    def tell(_now: float) -> str:
        asked[0] += 1
        return TEXT

    ticker = Ticker(tell, log, plain_seconds=1.2)
    until(log, "\n")
    ticker.close()
    assert log.getvalue() == f"{TEXT}\n"
    assert asked[0] > 1


def test_what_stays_is_written_above_the_line() -> None:
    """The line is cleared first, and comes back."""
    screen = Screen()
    ticker = Ticker(lambda _now: TEXT, screen)
    until(screen, TEXT)
    ticker.above(lambda: screen.write("Error   a\n"))
    ticker.close()
    assert f"{TEXT}{ERASE}Error   a\n" in screen.getvalue()


def test_nothing_is_shown_while_there_is_nothing_to_tell() -> None:
    """A build without AI looks as it always did."""
    screen = Screen()
    ticker = Ticker(lambda _now: "", screen)
    time.sleep(1.2)
    ticker.close()
    assert screen.getvalue() == ""


def test_a_stream_that_is_gone_ends_the_line_and_not_the_run() -> None:
    """Somebody closed the terminal."""
    screen = Screen()
    screen.close()
    Ticker(lambda _now: TEXT, screen).close()
