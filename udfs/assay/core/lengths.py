"""Lengths in schemas: how long a text or a list may be, where a server's grammar can hold it.

They end what a small model would repeat to the limit of the reply. Pure.
"""

from __future__ import annotations

from typing import Any

_KEYWORDS = frozenset({"maxLength", "maxItems"})

MOST = 1_500
"""A longer bound is left out: llama.cpp's grammar takes no more than 2,000 repetitions."""


def text_of(characters: int) -> dict[str, Any]:
    """Return the schema of a text of at most so many characters, and some more."""
    return {"type": "string"} | _bound("maxLength", characters)


def list_of(items: dict[str, Any], most: int) -> dict[str, Any]:
    """Return the schema of a list of at most so many `items`, and some more."""
    return {"type": "array", "items": items} | _bound("maxItems", most)


def without_lengths(schema: Any) -> Any:
    """Return a schema without any length, for servers that refuse them."""
    if isinstance(schema, list):
        return [without_lengths(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: without_lengths(part) for name, part in schema.items() if not _is_bound(name, part)
    }


def _is_bound(name: str, part: Any) -> bool:
    """Whether this is a keyword, and no property of that name."""
    return name in _KEYWORDS and isinstance(part, int)


def _bound(keyword: str, least: int) -> dict[str, int]:
    """Return a bound of at least so much, up to a quarter more; one of few, for few schemas."""
    step = 1 << max(least.bit_length() - 3, 2)
    rounded = -(-least // step) * step
    return {keyword: rounded} if rounded <= MOST else {}
