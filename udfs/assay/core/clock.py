"""The time as it is written down: UTC, ISO text, no offset; and spans as a watch shows them."""

from __future__ import annotations

import datetime


def now_utc() -> str:
    """Return the time in UTC as ISO text with microseconds and without an offset."""
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat(sep=" ", timespec="microseconds").removesuffix("+00:00")


def iso(moment: datetime.datetime) -> str:
    """Return an aware `moment` in UTC as ISO text with microseconds and without an offset."""
    utc = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return utc.isoformat(sep=" ", timespec="microseconds")


def stopwatch(seconds: float) -> str:
    """Return a time span as people read it off a watch: `0:47`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
