"""Patience: how long a thread waits for locks that other processes hold on the store."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

BUSY_SECONDS = 60
HURRIED_SECONDS = 1.0
TRY_SECONDS = 0.25
"""SQLite's own waiting cannot be cut short, so it is done in tries."""


class Patience:
    """Tries again while another process holds the lock: for a minute, or hardly in a hurry."""

    def __init__(self) -> None:
        self._until = math.inf

    def hurry(self) -> None:
        """Let nobody wait longer than `HURRIED_SECONDS` from now; what is free is still taken."""
        self._until = min(self._until, time.monotonic() + HURRIED_SECONDS)

    def relax(self) -> None:
        """Take time again."""
        self._until = math.inf

    def run(self, action: Callable[[], T]) -> T:
        """Return what `action` returns, which is called again while SQLite says that it is busy.

        Its connection must wait `TRY_SECONDS` at a time. Raises SQLite's error in the end.
        """
        limit = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return action()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= min(limit, self._until):
                    raise


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether somebody else holds a lock, whichever of SQLite's extended codes says so."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
