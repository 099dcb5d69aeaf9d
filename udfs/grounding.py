"""Where a text says a value: case and white space may differ, and nothing else. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

_BLANKS = re.compile(r"\s+")
_SAME = {"\u0130": "i", "\u0131": "i", "\ufb05": "\ufb06"}
"""Cases of one letter that Unicode keeps apart: i with and without its dot, two ligatures."""


class Source:
    """A text in which many values are looked for: it is folded once, whatever their number."""

    def __init__(self, text: str) -> None:
        self._text = text

    def spelling(self, value: str) -> str | None:
        """Return `value`, which is not blank, as the text spells it first; None if it does not."""
        if value in self._text:
            return value
        wanted = " ".join(value.split()).translate(_FOLD)
        if (start := self._folded.find(wanted)) < 0:
            return None
        last = start + len(wanted) - 1
        return self._text[self._place(start) : self._place(last) + 1]

    @cached_property
    def _folded(self) -> str:
        return _BLANKS.sub(" ", self._text).translate(_FOLD)

    @cached_property
    def _gaps(self) -> tuple[list[int], list[int]]:
        """Where blanks were left out of the folded text, and how many there are up to each."""
        runs = [run.span() for run in _BLANKS.finditer(self._text) if run.end() - run.start() > 1]
        left_out = list(accumulate(end - start - 1 for start, end in runs))
        ends = [end - out for (_, end), out in zip(runs, left_out, strict=True)]
        return ends, left_out

    def _place(self, folded: int) -> int:
        """Return where the character at a place of the folded text stands in the text."""
        ends, left_out = self._gaps
        before = bisect_right(ends, folded)
        return folded + (left_out[before - 1] if before else 0)


class _Fold(dict[int, str]):
    """One character for one, so that places stay; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(character: str) -> str:
    """Return the form in which the cases of a character are the same."""
    if (known := _SAME.get(character)) is not None:
        return known
    forms = (character.casefold(), character.lower())
    return next((form for form in forms if len(form) == 1), character)


_FOLD = _Fold()
