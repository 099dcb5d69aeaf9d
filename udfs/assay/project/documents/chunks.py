"""A text in pieces that a model can take, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 2_000
OVERLAP = 200


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text: `page` is from 1, None without pages; `position` counts characters
    from the beginning of the page, or of the text."""

    page: int | None
    position: int
    text: str


def chunks_of(text: str, pages: Iterable[tuple[int, str]]) -> Iterator[Chunk]:
    """Cut each page by itself, so that a piece has one page; without pages the whole text."""
    places: list[tuple[int | None, str]] = [*pages]
    for page, written in places or [(None, text)]:
        for start, end in _cuts(written):
            if written[start:end].strip():
                yield Chunk(page, start, written[start:end])


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where pieces begin and end: at most `LONGEST`, and `OVERLAP` of one in the next."""
    start = 0
    while start < len(text):
        end = _end(text, start)
        yield start, end
        if end == len(text):
            return
        start = max(end - OVERLAP, start + 1)


def _end(text: str, start: int) -> int:
    """Where a piece ends: after a paragraph, a line or a word in its second half, if there is."""
    end = start + LONGEST
    if end >= len(text):
        return len(text)
    for mark in ("\n\n", "\n", " "):
        at = text.rfind(mark, start + LONGEST // 2, end)
        if at >= 0:
            return at + len(mark)
    return end
