"""JSON that others wrote: its depth, its numbers, records as objects, what it says. Pure."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from assay.core.canonical import normalise, scrub
from assay.core.task import Rejected

MAX_DEPTH = 64
"""Deeper JSON is refused before it is parsed: Python's parser would end in a RecursionError."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?')
"""A string, closed or not: to look for the end again from each quote would be quadratic."""


def depth(content: str) -> int:
    """Return an upper bound of the nesting depth: brackets inside strings count as well."""
    if (most := content.count("[") + content.count("{")) <= MAX_DEPTH:
        return most
    at = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", content)):
        at += 1 if bracket in "[{" else -1
        deepest = max(deepest, at)
    return deepest


def whole(digits: str) -> int | float:
    """Return a JSON integer; one with more digits than Python converts as a number near to it."""
    try:
        return int(digits)
    except ValueError:  # sys.get_int_max_str_digits()
        return float(digits)


def read_record(text: str, *, as_written: bool = False) -> dict[str, Any]:
    """Return the JSON object that a text is, or raise `Rejected`.

    With `as_written` its numbers are texts, digit for digit.
    """
    if depth(text) > MAX_DEPTH:
        message = (
            f"the record is nested deeper than {MAX_DEPTH} levels; leave the column out, or "
            "take what is needed out of it in SQL"
        )
        raise Rejected(message)
    try:
        record = (_AS_WRITTEN if as_written else _PLAIN).decode(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        message = "the text is not a record: a JSON object of columns"
        raise Rejected(message)
    return record


def text_of(content: str | None, text: str | None) -> str | None:
    """Return what is asked about in a JSON value: a string itself; `text` for any other value.

    None for null, and where nothing in it is visible: names of fields are not looked at. What is
    too deep to be looked through, or is no JSON, is `text`.
    """
    if content is None or depth(content) > MAX_DEPTH:
        return text
    try:
        value = _AS_WRITTEN.decode(content)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, str) and content.lstrip().startswith('"'):
        return scrub(value)
    return text if _is_visible(value) else None


def pair_of(one: str | None, other: str | None) -> str | None:
    """Return two JSON values as one text, `{"a":…,"b":…}`, the same whichever comes first.

    Their order is that of their hashes, so that no place means anything. None where one is missing
    or nothing in it is visible.
    """
    if one is None or other is None or _is_blank(one) or _is_blank(other):
        return None
    a, b = sorted((one, other), key=lambda value: sha256(value.encode()).digest())
    return f'{{"a":{a},"b":{b}}}'


def _is_blank(content: str) -> bool:
    return normalise(text_of(content, content) or "") == ""


def _is_visible(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_visible, value.values()))
    if isinstance(value, list):
        return any(map(_is_visible, value))
    return value is not None and (not isinstance(value, str) or normalise(value) != "")


_AS_WRITTEN = json.JSONDecoder(parse_int=str, parse_float=str)
_PLAIN = json.JSONDecoder(parse_int=whole)
