"""The word pieces of BERT (English, without case): what MiniLM reads, and a list of English words.

`vocabulary.txt.gz` is the `vocab.txt` of BERT base uncased, one piece a line, by Google under the
Apache License 2.0; a piece that begins with `##` goes on with a word, the others begin one.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("vocabulary.txt.gz")
_SHORTEST = 3
_FIRST_WORD = 1996
"""Special pieces, digits, letters and signs come before it."""


@lru_cache(maxsize=1)
def pieces() -> tuple[str, ...]:
    """Return all 30,522 pieces, each at the place that is its number."""
    return tuple(gzip.decompress(_FILE.read_bytes()).decode().split("\n")[:-1])


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Return 21,000 words of three letters and more that are frequent in English texts.

    Names and some words of other languages are among them.
    """
    return frozenset(
        piece
        for piece in pieces()[_FIRST_WORD:]
        if len(piece) >= _SHORTEST and piece.isascii() and piece.isalpha()
    )
