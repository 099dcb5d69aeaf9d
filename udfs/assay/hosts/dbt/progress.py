"""Progress while a run asks: one line that is rewritten on a terminal, one in ten seconds else."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from assay.engine.meter import Reading

READING_SECONDS = 0.5
PLAIN_SECONDS = 10.0
PACE_SECONDS = 10.0
"""Over how long requests a second, and with them the time left, are measured."""

_COLUMNS = 80
"""How wide a terminal is that does not say."""

_SPARE = [re.compile(part) for part in ("^0 ", " tokens$", " in flight$", " stored$", " req/s$")]

ERASE = "\r\x1b[2K"
"""To the beginning of the line, and clear it (ECMA-48, EL)."""


class Pace:
    """Requests and records a second over the last ten seconds. Pure."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Reading]] = deque()

    def add(self, now: float, reading: Reading) -> None:
        """Take note of a reading at `now`, in seconds of a monotonic clock."""
        self._seen.append((now, reading))
        while self._seen[0][0] < now - PACE_SECONDS:
            self._seen.popleft()

    def requests(self) -> float:
        """Requests a second; 0 until there are two readings."""
        return self._rate("requests")

    def seconds_left(self) -> float | None:
        """Seconds until what waits has been sent; None while nothing comes back."""
        rate = self._rate("records")
        return self._seen[-1][1].waiting / rate if rate else None

    def _rate(self, name: str) -> float:
        (since, first), (now, last) = self._seen[0], self._seen[-1]
        passed = now - since
        return (getattr(last, name) - getattr(first, name)) / passed if passed > 0 else 0.0


def line(reading: Reading, pace: Pace) -> str:
    """Return where a run stands in one line: asks, requests, tokens, money and time left."""
    left = pace.seconds_left()
    tokens = reading.input_tokens + reading.output_tokens
    unknown = f" + {reading.unknown_cost:,} unknown" if reading.unknown_cost else ""
    parts = [
        f"{reading.answered:,} answered",
        f"{reading.stored:,} stored",
        f"{reading.failed:,} failed",
        f"{reading.in_flight} in flight",
        f"{pace.requests():.1f} req/s",
        f"{_short(tokens)} tokens",
        f"${reading.cost_usd:,.4f}{unknown}",
        f"{_clock(left)} left" if left is not None else f"{reading.waiting:,} waiting",
    ]
    return f"assay: {' · '.join(parts)}"


def fitted(text: str, columns: int) -> str:
    """Return the line for a terminal of so many columns: one that wraps could not be cleared.

    What is zero goes first, then what can be spared best, then the end of the line.
    """
    parts = text.split(" · ")
    for spare in _SPARE:
        if len(" · ".join(parts)) < columns:
            break
        parts = [part for part in parts if not spare.search(part)]
    kept = " · ".join(parts)
    return kept if len(kept) < columns else f"{kept[: max(0, columns - 2)]}…"


class Ticker:
    """Writes the line while something is asked, from a thread of its own.

    On a terminal it is rewritten in place, and `erase` clears it before anything else is
    written; elsewhere it is an ordinary line, so that the log of a CI run shows it is alive.
    """

    def __init__(
        self,
        read: Callable[[], Reading],
        stream: TextIO,
        plain_seconds: float = PLAIN_SECONDS,
    ) -> None:
        self._read = read
        self._plain_seconds = plain_seconds
        self._stream = stream
        self._terminal = stream.isatty()
        self._shown = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="assay-progress", daemon=True)
        self._thread.start()

    def erase(self) -> None:
        """Clear the line, if it is on the screen."""
        with self._lock:
            if self._shown:
                self._write(ERASE)
                self._shown = False

    def close(self) -> None:
        """Write no more, and leave no half line behind."""
        self._over.set()
        self._thread.join()
        self.erase()

    def _run(self) -> None:
        pace, shown = Pace(), time.monotonic()
        while not self._over.wait(READING_SECONDS):  # a pace takes more readings than lines
            reading, now = self._read(), time.monotonic()
            pace.add(now, reading)
            if not reading.busy:
                self.erase()
            elif self._terminal or now - shown >= self._plain_seconds:
                self._show(line(reading, pace))
                shown = now

    def _show(self, text: str) -> None:
        with self._lock:
            if self._terminal:
                self._write(f"{ERASE}{fitted(text, self._columns())}")
            else:
                self._write(f"{text}\n")
            self._shown = self._terminal

    def _columns(self) -> int:
        """Return how wide the terminal is now; 80 where it does not say."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _COLUMNS
        except (OSError, ValueError):
            return _COLUMNS

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            self._over.set()


def _short(count: int) -> str:
    """999 as it is, 12,345 as 12.3 k, 1,234,567 as 1.2 M."""
    thousands, millions = count / 1_000, count / 1_000_000
    if millions >= 1:
        return f"{millions:.1f} M"
    return f"{thousands:.1f} k" if thousands >= 1 else str(count)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
