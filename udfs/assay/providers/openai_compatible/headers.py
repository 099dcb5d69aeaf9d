"""What reply headers ask of us: how long to wait, at what pace to go. Pure."""

from __future__ import annotations

import datetime
import email.utils
import math
import re
from collections.abc import Mapping


def retry_after_seconds(
    headers: Mapping[str, str], now: datetime.datetime | None = None
) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` ask for; None if they do not.

    Seconds, fractions and HTTP dates are read; zero, negative, NaN and other text mean nothing.
    The forms are those of RFC 9110, section 10.2.3, and of the OpenAI API.
    """
    if (milliseconds := _positive(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _positive(value)) is not None:
        return seconds
    return _until(value, now or datetime.datetime.now(datetime.UTC))


def stated_pace(headers: Mapping[str, str]) -> int | None:
    """Return how many requests the server says to take in a minute; None where it does not."""
    said = headers.get("x-ratelimit-limit-requests", "")
    return int(said) or None if re.fullmatch("[0-9]{1,9}", said) else None


def _positive(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _until(value: str | None, now: datetime.datetime) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):  # the latter for a number too big for a year or an hour
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - now).total_seconds()
    return seconds if seconds > 0 else None
