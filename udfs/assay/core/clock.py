"""What time it is, and how it is written down: UTC, ISO text, no offset; spans as on a watch."""

from __future__ import annotations

import datetime
import os

NOW = "ASSAY_NOW"
"""The variable with the time that it is taken to be, for tests of what ages: ISO text, UTC."""


def now() -> datetime.datetime:
    """Return the time, aware and in UTC; that of `ASSAY_NOW` where it is set."""
    if said := os.environ.get(NOW, "").strip():
        moment = datetime.datetime.fromisoformat(said)
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return datetime.datetime.now(datetime.UTC)


def now_utc() -> str:
    """Return the time in UTC as ISO text with microseconds and without an offset."""
    return iso(now())


def iso(moment: datetime.datetime) -> str:
    """Return an aware `moment` in UTC as ISO text with microseconds and without an offset."""
    utc = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return utc.isoformat(sep=" ", timespec="microseconds")


def stopwatch(seconds: float) -> str:
    """Return a time span as people read it off a watch: `0:47`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
