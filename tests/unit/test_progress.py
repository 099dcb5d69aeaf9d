"""The progress line: what it says, and that it gives way on a terminal."""

from __future__ import annotations

import io
import time
from dataclasses import replace

from assay.engine.meter import Reading
from assay.hosts.dbt.progress import ERASE, PACE_SECONDS, Pace, Ticker, fitted, line

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
)


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
    deadline = time.monotonic() + 5
    while text not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_the_line_says_where_the_run_stands() -> None:
    """Asks, requests a second, tokens, money and the time left at the present pace."""
    pace = pace_of((0.0, replace(READING, requests=0, records=1140)), (4.0, READING))
    assert line(READING, pace) == (
        "assay: 1,234 answered · 56 stored · 3 failed · 32 in flight · 20.0 req/s · 1.2 M tokens "
        "· $0.0421 · 0:24 left"
    )


def test_money_that_is_not_known_is_not_left_out() -> None:
    """Requests of unknown cost are counted beside the sum."""
    reading = replace(READING, unknown_cost=7)
    assert "$0.0421 + 7 unknown" in line(reading, pace_of((0.0, reading)))


def test_without_a_pace_there_is_no_time_left() -> None:
    """The first reading cannot tell; it says how many texts wait."""
    assert line(READING, pace_of((0.0, READING))).endswith("600 waiting")


def test_the_pace_forgets_what_was_long_ago() -> None:
    """An outage shows in it after ten seconds."""
    pace = pace_of((0.0, replace(READING, requests=0)), (1.0, READING))
    assert pace.requests() == 80.0
    pace.add(2.0 + PACE_SECONDS, READING)
    assert pace.requests() == 0.0


def test_a_narrow_terminal_gets_a_line_that_does_not_wrap() -> None:
    """Zeros go first; money and the time left stay longest."""
    whole = line(replace(READING, failed=0), pace_of((0.0, READING)))
    narrow, tiny = fitted(whole, 80), fitted(whole, 20)

    assert fitted(whole, len(whole) + 1) == whole
    assert "0 failed" not in narrow
    assert (len(narrow) < 80, "$0.0421 · 600 waiting" in narrow) == (True, True)
    assert (len(tiny) < 20, tiny.startswith("assay: 1,234")) == (True, True)


def test_on_a_terminal_the_line_is_rewritten_and_gives_way() -> None:
    """Nothing of it is left when something else is written, and none at the end."""
    screen = Screen()
    ticker = Ticker(lambda: READING, screen)
    until(screen, "1,234 answered")
    ticker.erase()
    assert screen.getvalue().startswith(f"{ERASE}assay: 1,234 answered")
    assert screen.getvalue().endswith(ERASE)
    ticker.close()


def test_a_plain_line_knows_its_pace_too() -> None:
    """Lines are rarer than the readings that a pace is made of."""
    log, started = io.StringIO(), time.monotonic()

    def reading() -> Reading:
        sent = int((time.monotonic() - started) * 100)
        return replace(READING, requests=sent, records=sent)

    ticker = Ticker(reading, log, plain_seconds=1.2)
    until(log, "\n")
    ticker.close()
    assert "· 0.0 req/s" not in log.getvalue()
    assert log.getvalue().endswith(" left\n")
    assert log.getvalue().count("\n") == 1


def test_nothing_is_shown_while_nothing_is_asked() -> None:
    """A build without AI looks as it always did."""
    screen = Screen()
    ticker = Ticker(lambda: replace(READING, waiting=0, in_flight=0), screen)
    time.sleep(1.2)
    ticker.close()
    assert screen.getvalue() == ""


def test_a_stream_that_is_gone_ends_the_line_and_not_the_run() -> None:
    """Somebody closed the terminal."""
    screen = Screen()
    screen.close()
    Ticker(lambda: READING, screen).close()
