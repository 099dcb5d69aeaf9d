"""Pages of a text: a form feed begins one, or ends it, as programs write that read PDF. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_FEED = "\f"


def paged(texts: Iterable[str]) -> str:
    """Return pages as one text: each begins with a form feed, and on a line of its own."""
    return "\n".join(f"{_FEED}{text}" for text in texts)


def page_at(text: str, place: int) -> int | None:
    """Return the page, from 1, of a character of `text`; None where no form feed is in it."""
    if _FEED not in text:
        return None
    return text.count(_FEED, 0, place + 1) + (not text.startswith(_FEED))


def pages_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each page begins and ends, without its form feed."""
    return (found.span() for found in re.finditer(rf"[^{_FEED}]+", text))
