"""How many words a text has, in whatever script it is written. Pure.

A word is what stands between blanks. Scripts that put no blanks between words are counted by
characters: UAX #29, "Unicode Text Segmentation", names them and breaks them at each character for
want of a dictionary; a word of theirs is as long as words of that script are on average.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 24
"""What stands between blanks and is no longer is one word: `state-of-the-art`, `2026-03-04`."""

_EDGES = ".,;:!?\u2026'\"()[]{}*\u00ab\u00bb\u2018\u2019\u201c\u201d\u201e"
"""Punctuation around a word, which makes it no longer."""

_PAIRED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3041-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff66-\uff9f"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff"
)
"""Han, kana, bopomofo, Yi, Tangut, Nushu: two characters a word."""

_SPELLED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0edf\u1000-\u109f\u1780-\u17d3\u17dc-\u17e9"
    "\u1950-\u19df\u1a20-\u1aaf\u1b00-\u1b59\ua980-\ua9ff\uaa60-\uaadf\U00011700-\U0001174f"
)
"""Thai, Lao, Burmese, Khmer, and their like (line breaking class SA, UAX #14): five a word."""

_SYMBOL = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001fbff"
"""Emoji and other pictures: each is a word, with what is joined to it."""

_PIECE = re.compile(
    rf"[{_PAIRED}]{{1,2}}|[{_SPELLED}]{{1,5}}|[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|[{_SYMBOL}][\ufe0f\u20e3\U0001f3fb-\U0001f3ff]{{0,3}}(?:\u200d[{_SYMBOL}]\ufe0f?){{0,9}}"
    rf"|(?P<other>[^\s{_PAIRED}{_SPELLED}{_SYMBOL}]+)"
)
_ALONE = re.compile(r"(?<!\S)\S+(?!\S)")


def word_count(text: str) -> int:
    """Return how many words `text` has."""
    return sum(words for _, words in _pieces(text))


def first_words(text: str, most: int) -> str:
    """Return the start of `text` that has at most `most` words, all of it where it has no more.

    It ends between words; a first one that is longer than a word can be is cut.
    """
    end, room = 0, most
    for found, words in _pieces(text):
        if words > room:
            return text[: end or found.start() + LONGEST].rstrip()
        end, room = found.end(), room - words
    return text


def _pieces(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the parts of a text that are counted, each with the number of its words."""
    for found in _PIECE.finditer(text):
        yield found, 1 if found["other"] is None else _words_of(found)


def _words_of(found: re.Match[str]) -> int:
    """Return the words of a part that is in a script with blanks.

    What is longer than a word is cut at its hyphens, slashes and the like, and what is still too
    long counts for each 24 characters begun. Punctuation is a word where it stands alone.
    """
    piece, least = found[0], -(-len(found[0]) // LONGEST)
    lettered = any(map(str.isalnum, piece))
    if lettered and len(piece.strip(_EDGES)) <= LONGEST and len(piece) <= 2 * LONGEST:
        return 1
    if lettered:
        parts = "".join(" " if _parts(each) else each for each in piece).split()
        return max(least, sum(-(-len(part) // LONGEST) for part in parts))
    alone = _ALONE.match(found.string, found.start(), found.end()) is not None
    return least if alone or least > 1 else 0


def _parts(character: str) -> bool:
    """Whether a character parts words: punctuation, a symbol, or one that is not seen."""
    return unicodedata.category(character)[0] in "PSZC"
