"""Progress of a run in a line: rewritten on a terminal, an ordinary one in ten seconds else."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from assay.core.clock import stopwatch
from assay.engine.meter import Reading

READING_SECONDS = 0.5
PLAIN_SECONDS = 10.0
PACE_SECONDS = 10.0
"""Over how long requests a second, and with them the time left, are measured."""

_COLUMNS = 80
"""How wide a terminal is that does not say."""

_SPARE = [re.compile(part) for part in (" tokens$", " req/s$", r"^[\d,]+ of [\d,]+$", " failed$")]

IN_SHORT = "--in-short"
"""The argument by which a build of ours asks its dbt for the line, and for failures and warnings
alone; dbt's log file has its own lines."""

ERASE = "\r\x1b[2K"
"""To the beginning of the line, and clear it (ECMA-48, EL)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where dbt is: `done` of `total` nodes, and the names of those that run, the oldest first.

    `doing` is what it does while none runs; blank where that is nothing to be told.
    """

    doing: str = ""
    done: int = 0
    total: int = 0
    running: tuple[str, ...] = ()


NOWHERE = Standing()


class Pace:
    """Requests and asks a second over the last ten seconds. Pure."""

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
        """Seconds until all that is taken on is settled; None while nothing comes back."""
        rate = self._rate("settled")
        return self._seen[-1][1].open_asks / rate if rate else None

    def _rate(self, name: str) -> float:
        (since, first), (now, last) = self._seen[0], self._seen[-1]
        passed = now - since
        return (getattr(last, name) - getattr(first, name)) / passed if passed > 0 else 0.0


def line(place: Standing, reading: Reading, pace: Pace) -> str:
    """Return where a run stands in one line: nodes, model, answers, rate, money, time left.

    Where nothing is sent just now it says why in place of the time left. Blank where there is
    nothing to tell.
    """
    parts = [f"{place.done:,} of {place.total:,}"] if place.total else []
    if who := _named(place.running, reading) or place.doing:
        parts.append(who)
    if reading.busy:
        parts += _asking(reading, pace)
    return " · ".join(parts)


def _named(running: Sequence[str], reading: Reading) -> str:
    """Return what runs now; of several those that ask, where any does."""
    asking = [name for name in running if name in reading.origins] if reading.busy else []
    first, *more = asking or running or reading.origins[-1:] or [""]
    return f"{first} and {len(more)} more" if more else first


def _asking(reading: Reading, pace: Pace) -> list[str]:
    left = pace.seconds_left()
    tokens = reading.input_tokens + reading.output_tokens
    parts = {
        f"{reading.settled:,} of {reading.taken_on:,} answers": True,
        f"{reading.failed:,} failed": reading.failed,
        f"{pace.requests():.1f} req/s": True,
        f"{_short(tokens)} tokens": tokens,
        _money(reading): reading.cost_usd or reading.unknown_cost,
        reading.waits_for: True,
        f"{stopwatch(left or 0)} left": left is not None and not reading.waits_for,
    }
    return [part for part, is_told in parts.items() if part and is_told]


def _money(reading: Reading) -> str:
    unknown = f" + {reading.unknown_cost:,} unknown" if reading.unknown_cost else ""
    return f"${reading.cost_usd:,.4f}{unknown}"


def fitted(text: str, columns: int) -> str:
    """Return the line for a terminal of so many columns: one that wraps could not be cleared.

    What can be spared best goes first, then the end of the line.
    """
    parts = text.split(" · ")
    for spare in _SPARE:
        if len(" · ".join(parts)) < columns:
            break
        parts = [part for part in parts if not spare.search(part)]
    kept = " · ".join(parts)
    return kept if len(kept) < columns else f"{kept[: max(0, columns - 2)]}…"


class Ticker:
    """Writes the line that `tell` has at a moment, from a thread of its own; none while blank.

    On a terminal it is rewritten in place, and `erase` clears it before anything else is
    written; elsewhere it is an ordinary line, so that the log of a CI run shows it is alive.
    `tell` is asked more often than a line is written: a pace takes more readings than that.
    """

    def __init__(
        self,
        tell: Callable[[float], str],
        stream: TextIO,
        plain_seconds: float = PLAIN_SECONDS,
    ) -> None:
        self._tell = tell
        self._plain_seconds = plain_seconds
        self._stream = stream
        self._terminal = stream.isatty()
        self._shown = False
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="assay-progress", daemon=True)
        self._thread.start()

    def erase(self) -> None:
        """Clear the line, if it is on the screen."""
        with self._lock:
            if self._shown:
                self._write(ERASE)
                self._shown = False

    def above(self, write: Callable[[], object]) -> None:
        """Let `write` write what stays, with no line of ours in its way."""
        with self._lock:
            self.erase()
            write()

    def close(self) -> None:
        """Write no more, and leave no half line behind."""
        self._over.set()
        self._thread.join()
        self.erase()

    def _run(self) -> None:
        shown = time.monotonic()
        while not self._over.wait(READING_SECONDS):
            now = time.monotonic()
            text = self._tell(now)
            if not text:
                self.erase()
            elif self._terminal or now - shown >= self._plain_seconds:
                self._show(text)
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
