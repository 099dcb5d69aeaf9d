"""The one JSON object in a reply that nothing holds to a shape: prose, fences and thoughts around
it are left out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from assay.core.json_text import MAX_DEPTH, depth
from assay.core.task import Rejected

MOST_STARTS = 200
"""So many braces are looked at: a text of braces alone must not take for ever."""

_THOUGHTS = re.compile(
    r"\A.*?(?:</think(?:ing)?>|\[/THINK\]|<\|channel\|>final<\|message\|>)", re.DOTALL
)
"""Up to the end of thinking; some servers leave out the tag that begins it."""

_FINDER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where a value ends; what it is worth is found out by who reads it."""


def the_one_value(content: str) -> str:
    """Return the text of the one JSON object in `content`; `Rejected` for none, and for several.

    Which of several is meant nobody knows. What stands inside another one is no object of its own.
    """
    if depth(content) > MAX_DEPTH:
        message = "bad_json: nested too deep"
        raise Rejected(message)
    found = list(_objects(without_thoughts(content)))
    if len(found) == 1:
        return found[0]
    message = f"bad_json: {'several JSON objects' if found else 'no JSON object'} in the reply"
    raise Rejected(message)


def without_thoughts(content: str) -> str:
    """Return a reply without what a model thought before it, where it did so aloud."""
    return content if content.lstrip().startswith("{") else _THOUGHTS.sub("", content, count=1)


def _objects(text: str) -> Iterator[str]:
    """Yield the text of each JSON object that stands in no other one."""
    start = text.find("{")
    for _ in range(MOST_STARTS):
        if start < 0:
            return
        end = _end(text, start)
        if end > start:
            yield text[start:end]
        start = text.find("{", max(end, start + 1))


def _end(text: str, start: int) -> int:
    """Return where the object that begins at `start` ends; 0 where none does."""
    try:
        return _FINDER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return 0
