"""One terminal for two writers: our progress line gives way to whatever dbt logs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from dbt_common.events.event_manager_client import get_event_manager

from assay.engine.meter import Reading
from assay.hosts.dbt.progress import Ticker


class _GiveWay:
    """Stands first among dbt's loggers and clears the progress line; writes nothing itself."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker

    def filter(self, _event: Any) -> bool:
        """Every event may be written by one of the others."""
        return True

    def write_line(self, _event: Any) -> None:
        """Clear the line before the others write."""
        self._ticker.erase()

    def flush(self) -> None:
        """Nothing is held back."""


def show_progress(read: Callable[[], Reading]) -> Ticker:
    """Return a running ticker on standard error that gives way to dbt's log."""
    ticker = Ticker(read, sys.stderr)
    get_event_manager().loggers.insert(0, _GiveWay(ticker))  # type: ignore[arg-type]
    return ticker
