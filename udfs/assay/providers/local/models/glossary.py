"""Looking words of other languages up by how they begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 4
_COMPOUND = range(9, 41)
_COMPOUND_HEAD = 3
_INFLECTION = 3


class Glossary:
    """The English of words, from `beginnings`: English word to the beginnings, separated by
    blanks, of the words that mean it; with `$` whole words."""

    def __init__(self, beginnings: Mapping[str, str]) -> None:
        self._english = {
            beginning: english
            for english, listed in beginnings.items()
            for beginning in listed.split()
        }
        self._longest = max(map(len, self._english))

    def of_text(self, text: str) -> list[str]:
        """The English of the words of a text in lower case that are known, in order."""
        found = (self.of_word(word) for word in _WORD.findall(text))
        return [word for word in found if word is not None]

    def of_word(self, word: str) -> str | None:
        """The English of a word: by the whole, by its beginning, or by the end of a compound."""
        if whole := self._english.get(f"{word}$"):
            return whole
        if begun := self._longest_begun(word):
            return begun
        if len(word) not in _COMPOUND:
            return None
        parts = (word[start:] for start in range(_COMPOUND_HEAD, len(word) - _SHORTEST + 1))
        return next((known for part in parts if (known := self._compound_end(part))), None)

    def _longest_begun(self, word: str) -> str | None:
        lengths = range(min(len(word), self._longest), _SHORTEST - 1, -1)
        return self._first(word[:length] for length in lengths)

    def _compound_end(self, part: str) -> str | None:
        """The English of a word of which only an inflection of up to three letters is left."""
        lengths = range(len(part), max(_SHORTEST, len(part) - _INFLECTION) - 1, -1)
        return self._first(part[:length] for length in lengths)

    def _first(self, beginnings: Iterable[str]) -> str | None:
        return next((known for one in beginnings if (known := self._english.get(one))), None)
