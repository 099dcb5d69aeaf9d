"""Readers: from what a model wrote for a field to the one form of its type, which SQL can cast.

The form may be another where nothing is lost and nothing is guessed: 12.0 and "12" are the
integer 12, a moment at midnight is a date. 12.5 is no integer, and "1.234" is no number: it may be
a thousand and more.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from collections.abc import Callable
from typing import Literal

from pydantic import JsonValue

FieldType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
Value = str | int | float | bool

_INT64 = 2**63
_EXACT = 2**53
"""From here on a double does not tell one whole number from the next."""

_DOUBLE = sys.float_info.max
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
"""A point before three digits: where the comma is decimal it parts the thousands."""

_WEEK = re.compile(r"[0-9]{4}-?W[0-9]{2}(?!-?[0-9])")
"""A week is no day: Python takes it for its Monday."""

_MIDNIGHT = datetime.time()


def _text(raw: JsonValue) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _integer(raw: JsonValue) -> int | None:
    number = _spelled_number(raw)
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXACT:
        number = int(number)
    if isinstance(number, int) and not isinstance(number, bool) and -_INT64 <= number < _INT64:
        return number
    return None


def _number(raw: JsonValue) -> float | None:
    number = _spelled_number(raw)
    valid = isinstance(number, int | float) and not isinstance(number, bool)
    return number if valid and abs(number) <= _DOUBLE else None  # type: ignore[arg-type,return-value]


def _spelled_number(raw: JsonValue) -> JsonValue:
    """Return the number that a text spells as JSON does; anything else as it is."""
    if isinstance(raw, str) and _NUMBER.fullmatch(raw) and not _GROUPED.fullmatch(raw):
        number: int | float = json.loads(raw)
        return number
    return raw


def _boolean(raw: JsonValue) -> bool | None:
    said = {"true": True, "false": False}.get(raw.lower()) if isinstance(raw, str) else raw
    return said if isinstance(said, bool) else None


def _date(raw: JsonValue) -> str | None:
    if not isinstance(raw, str) or _WEEK.match(raw):
        return None
    try:
        return datetime.date.fromisoformat(raw).isoformat()
    except ValueError:
        moment = _moment(raw)
        return moment.date().isoformat() if moment and moment.time() == _MIDNIGHT else None


def _timestamp(raw: JsonValue) -> str | None:
    """Return the wall time that the text gives: SQL's TIMESTAMP has no time zone."""
    moment = _moment(raw) if isinstance(raw, str) and not _WEEK.match(raw) else None
    return moment.isoformat() if moment else None


def _moment(raw: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(raw).replace(tzinfo=None)
    except ValueError:
        return None


READERS: dict[FieldType, Callable[[JsonValue], Value | None]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
"""For each type: its value in normal form, None for what is not of the type."""
