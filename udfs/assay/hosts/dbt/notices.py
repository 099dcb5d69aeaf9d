"""Warnings of the engine, said as dbt says its own."""

from __future__ import annotations

import logging
from collections.abc import Callable

_LOG = logging.getLogger("assay")


class _ToDbt(logging.Handler):
    """Hands warnings on; there is one in a process, whatever runs follow each other in it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


def hear(say: Callable[[str], None]) -> None:
    """Let `say` have each warning from now on, in place of standard error."""
    _LOG.handlers[:] = [_ToDbt(say)]
    _LOG.propagate = False
