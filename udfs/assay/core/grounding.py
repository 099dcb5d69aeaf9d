"""Where a text says a value: case, white space and typography may differ, nothing else. Pure."""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from functools import cached_property
from html import unescape
from typing import NamedTuple

_SAME = {
    "\u0130": "i",
    "\u0131": "i",
    **dict.fromkeys(
        "\u2018\u2019\u201a\u201b\u2039\u203a\u02b9\u02bb\u02bc\u02bd\u2032\u00b4`", "'"
    ),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e\u301f\u02ba", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d", "-"),
}
"""What Unicode keeps apart and people do not: i with and without its dot, quotes, dashes."""

_TYPOGRAPHIC = frozenset(
    ("wide", "narrow", "noBreak", "compat", "font", "isolated", "final", "initial", "medial")
)
"""Compatibility decompositions that change how a character looks, not what it says (UAX #44)."""

_BLANK = r"(?:\s|&(?:amp;)*(?:nbsp|#160|#[xX][aA]0);)+"
_ENTITY = r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_ONLY_BLANK = re.compile(_BLANK)
_HALF_WIDTH = "[\uff66-\uff9d][\uff9e\uff9f]"
_LAST_WIDE = 0xFFFF
"""No typographic form beyond this is longer than one character."""

_DIGITS = re.compile(r"\d+")
_MARK = "\x00"
"""Stands around each number, so that none is found inside a longer one."""


class _Region(NamedTuple):
    """Part of a text that is folded to another number of characters: from and to, in both."""

    folded: int
    folded_end: int
    start: int
    end: int


class Source:
    """A text in which many values are looked for: it is folded once, whatever their number."""

    def __init__(self, text: str) -> None:
        self._text = text

    def spelling(self, value: str) -> str | None:
        """Return `value`, which is not blank, as the text spells it first; None if it does not.

        A number is only found whole: 12345 is not in 9912345.
        """
        if _marked(value) in self._marked:
            return value
        place = self.place(value)
        return None if place is None else self._text[place[0] : place[1]]

    def place(self, value: str) -> tuple[int, int] | None:
        """Return where the text says `value` first, as from and to; None if it does not."""
        wanted = _marked(_fold(value).strip())
        if not wanted or (found := self._marked_fold.find(wanted)) < 0:
            return None
        start = found - self._marked_fold.count(_MARK, 0, found)
        last = start + len(wanted) - wanted.count(_MARK) - 1
        return self._region(start).start, self._region(last).end

    @cached_property
    def _marked(self) -> str:
        return _marked(self._text)

    @cached_property
    def _marked_fold(self) -> str:
        return _marked(_fold(self._text))

    @cached_property
    def _regions(self) -> list[_Region]:
        """The parts that are longer or shorter when they are folded, in order."""
        found: list[_Region] = []
        moved = 0
        for part in _uneven().finditer(self._text):
            start, end = part.span()
            if (length := len(_even(part))) != end - start:
                found.append(_Region(start + moved, start + moved + length, start, end))
                moved += length - (end - start)
        return found

    def _region(self, folded: int) -> _Region:
        """Return what the character at a place of the folded text stands for in the text."""
        before = bisect_right(self._regions, folded, key=lambda region: region.folded)
        if not before:
            return _Region(folded, folded + 1, folded, folded + 1)
        region = self._regions[before - 1]
        if folded < region.folded_end:
            return region
        place = region.end + folded - region.folded_end
        return _Region(folded, folded + 1, place, place + 1)


def _marked(text: str) -> str:
    return _DIGITS.sub(rf"{_MARK}\g<0>{_MARK}", text)


def _fold(text: str) -> str:
    """Return the form in which two spellings of a text are the same."""
    return _uneven().sub(_even, text).translate(_FOLD)


@functools.cache
def _uneven() -> re.Pattern[str]:
    """Return what finds each part of a text that is folded to another number of characters."""
    letters = [each for each in map(chr, range(0x80, _LAST_WIDE)) if len(_plain(each)) > 1]
    return re.compile(f"{_BLANK}|{_ENTITY}|{_HALF_WIDTH}|[\u00ad{''.join(letters)}]")


def _even(found: re.Match[str]) -> str:
    """Return what stands for a part that may be written with more or fewer characters."""
    part = found[0]
    if _ONLY_BLANK.fullmatch(part):
        return " "
    return _unescaped(part) if part[0] == "&" else _plain(part)


def _unescaped(entity: str) -> str:
    """Return the character of an HTML entity, be it escaped once or again; what is none stays."""
    while (text := unescape(entity)) != entity:
        entity = text
    return _plain(entity) if len(entity) == 1 else entity


def _plain(part: str) -> str:
    """Return a character, or two of half width, without what is typography only.

    Width, ligatures, presentation forms; a soft hyphen is nothing.
    """
    if part == "\u00ad" or part.isspace() or part in _SAME:
        return "" if part == "\u00ad" else part
    tag = unicodedata.decomposition(part[0]).partition(">")[0].removeprefix("<")
    plain = unicodedata.normalize("NFKC", part) if tag in _TYPOGRAPHIC else part
    return part if plain[0] == " " else plain


class _Fold(dict[int, str]):
    """One character for one, so that places stay; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(character: str) -> str:
    """Return the form in which the cases of a character, or of a digit, are the same."""
    plain = _plain(character)
    character = plain if len(plain) == 1 else character
    if (known := _SAME.get(character)) is not None:
        return known
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    forms = (character.casefold(), character.lower())
    return next((form for form in forms if len(form) == 1), character)


_FOLD = _Fold()
