"""Variables that are not settings, checked before whoever reads them falls over them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from assay.core.clock import NOW
from assay.core.errors import ConfigError

OUTSIDE_THE_PLUGIN = frozenset({"ASSAY_DATABASE", "ASSAY_THREADS"})
"""Variables that profiles.yml hands to dbt itself."""

KNOWN_OUTSIDE = OUTSIDE_THE_PLUGIN | {NOW}
"""Those, and what a test tells the clock."""


def check_environment(environ: Mapping[str, str]) -> None:
    """Raise `ConfigError` for a number of threads or a time that is none."""
    _check_threads(environ)
    _check_now(environ)


def _check_threads(environ: Mapping[str, str]) -> None:
    """Raise before dbt does: it ends in a traceback."""
    said = environ.get("ASSAY_THREADS", "").strip()
    if said and not re.fullmatch("0*[1-9][0-9]{0,3}", said):
        message = f"`ASSAY_THREADS` is {said!r}; give a number from 1 on, or unset it."
        raise ConfigError(message)


def _check_now(environ: Mapping[str, str]) -> None:
    """Raise before the first thing is dated by it."""
    said = environ.get(NOW, "").strip()
    try:
        datetime.datetime.fromisoformat(said or "2000-01-01")
    except ValueError:
        message = f"`{NOW}` is {said!r}; give a time, such as 2026-03-01T04:00, or unset it."
        raise ConfigError(message) from None
