"""What dbt prints after Ctrl-C: a sentence on what was kept, in place of its traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from dbt.cli import requires
from dbt.events.types import MainEncounteredError, MainStackTrace

from assay.hosts.dbt.extending import extend
from assay.hosts.dbt.interrupts import interrupts


def end_with_a_sentence() -> None:
    """Let dbt end a run that was interrupted with what `interrupts` says of it."""
    extend(requires, "fire_event", _fire)


def _fire(fire: Callable[..., Any], event: Any, *arguments: Any, **options: Any) -> Any:
    """dbt tells of whatever ends a command while it handles the exception."""
    if isinstance(sys.exception(), KeyboardInterrupt):
        if isinstance(event, MainStackTrace):
            return None
        if isinstance(event, MainEncounteredError):
            event = MainEncounteredError(exc=interrupts.said())
    return fire(event, *arguments, **options)
