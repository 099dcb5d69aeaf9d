"""Windows of a budget: spans of time that begin at the same moments for every process. Pure."""

from __future__ import annotations

import datetime
import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_LONGEST = 31 * 86400


def seconds_of(span: object) -> float:
    """Return the seconds of `90s`, `15m`, `1h` or `1d`, or of a number of seconds."""
    if isinstance(span, int | float) and not isinstance(span, bool) and 1 <= span <= _LONGEST:
        return float(span)
    found = _SPAN.fullmatch(str(span))
    if found is not None and (seconds := int(found[1]) * _UNITS[found[2]]) <= _LONGEST:
        return float(seconds)
    message = f"{span!r} is no span of time; write 90s, 15m, 1h or 1d, at most 31d"
    raise ValueError(message)


def begin_of(now: datetime.datetime, seconds: float) -> datetime.datetime:
    """Return when the window began that `now` is in; windows are counted from 1970 in UTC."""
    return datetime.datetime.fromtimestamp(now.timestamp() // seconds * seconds, datetime.UTC)


def run_name(model: str, begin: datetime.datetime) -> str:
    """Return what the ledger calls a window of a stream; the same for all its members."""
    return f"stream-{model}-{begin:%Y%m%dT%H%M%SZ}"
