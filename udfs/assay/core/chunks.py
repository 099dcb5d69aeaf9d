"""A text in chunks that a model can take, each with its place. Pure.

Where a chunk ends is decided by what stands there, so that a changed paragraph changes the chunk
that it is in, and seldom another.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from assay.core.pages import page_at, pages_of

_BYTES = 4
"""Of UTF-8 in an estimated token, as `estimate_tokens` has it."""

_BOUNDS = tuple(
    map(
        re.compile,
        (r"\n\s*\n", r"\n", r"[.!?\u2026][\"')\u201d\u2019]*\s|[\u3002\uff01\uff1f]", r"\s"),
    )
)
"""What a chunk may end with, the best first: paragraphs, lines, sentences, words."""

_SEEN = 48
"""So many characters before a bound say how good it is, which depends on nothing else."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text: `id` is 32 hex digits over what stands in it, `page` is from 1 and None
    without pages, `position` counts characters from the beginning of the text."""

    id: str
    page: int | None
    position: int
    text: str


def chunks_of(text: str, tokens: int, overlap: int = 0) -> Iterator[Chunk]:
    """Yield the chunks of a text, of at most so many estimated tokens and none over two pages.

    About `overlap` tokens of each begin the next one of its page as well. Of several chunks with
    the same text each has an id of its own; blank ones are left out.
    """
    seen: Counter[str] = Counter()
    for begin, end in pages_of(text):
        for start, stop in cuts(text[begin:end], tokens, overlap):
            piece = text[begin + start : begin + stop]
            if piece.strip():
                id_ = _id(piece, seen[piece])
                seen[piece] += 1
                yield Chunk(id_, page_at(text, begin + start), begin + start, piece)


def cuts(text: str, tokens: int, overlap: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where chunks of at most `tokens` begin and end, `overlap` of each in the next one."""
    start = 0
    while start < len(text):
        end = _end(text, start, tokens)
        yield start, end
        if end == len(text):
            return
        start = max(end - _tail(text[:end], overlap), start + 1)


def _end(text: str, start: int, tokens: int) -> int:
    """Return where a chunk ends: at the best bound in its second half, if there is one.

    Of several as good as each other it is the one with the smallest hash: two texts that differ
    before a place soon come to the same bounds behind it.
    """
    last = start + _head(text[start : start + _BYTES * tokens], tokens)
    if last >= len(text):
        return len(text)
    for bound in _BOUNDS:
        ends = [found.end() for found in bound.finditer(text, (start + last) // 2, last)]
        if ends:
            return min(ends, key=lambda end: _digest(text[max(0, end - _SEEN) : end]))
    return last


def _head(text: str, tokens: int) -> int:
    """Return how many characters of a text have at most so many tokens, at least one."""
    kept = text.encode("utf-8", "replace")[: _BYTES * tokens]
    return max(1, len(kept.decode("utf-8", "ignore")))


def _tail(text: str, tokens: int) -> int:
    """Return how many characters at the end of a text have at most so many tokens."""
    if not tokens:
        return 0
    kept = text[-_BYTES * tokens :].encode("utf-8", "replace")[-_BYTES * tokens :]
    return len(kept.decode("utf-8", "ignore"))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()


def _id(text: str, number: int) -> str:
    """Return a key of a chunk: the same for the same text, of each time that it stands there."""
    return hashlib.sha256(f"{number}:{text}".encode("utf-8", "replace")).hexdigest()[:32]
