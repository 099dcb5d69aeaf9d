"""Rare spellings of common values: one or two letters off, and far fewer rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

COMMON_ROWS = 5
TIMES = 8
"""The common spelling has at least so many rows, and so many times those of the rare one."""

LEAST_LETTERS = 4
"""In shorter texts one letter makes another word."""

LONG = 9
"""From this length on two letters may differ."""


_STOPS = re.compile(r"[\s.]+")
_SHORT = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,2}(?![^\W\d_])|[0-9]+")
"""Digits, and words of one or two letters."""


def typos_of(values: Mapping[str, int]) -> dict[str, str]:
    """Return the rare spellings among `values` (text to rows), each with its common one.

    Texts that differ in a digit, or in a word of one or two letters, are different things.
    """
    common = {value: rows for value, rows in values.items() if rows >= COMMON_ROWS}
    index: dict[str, list[str]] = defaultdict(list)
    for value in common:
        for part in _parts(value):
            index[part].append(value)
    found = {}
    for value, rows in values.items():
        near = {other for part in _parts(value) for other in index.get(part, ())}
        near = {
            other for other in near if common[other] >= TIMES * rows and _is_typo(value, other)
        }
        if near:
            found[value] = max(near, key=lambda other: common[other])
    return found


def variants_of(values: Mapping[str, int]) -> set[str]:
    """Return the spellings that differ from a commoner one in case, blanks and stops alone."""
    groups: dict[str, list[str]] = defaultdict(list)
    for value in values:
        groups[_folded(value)].append(value)
    return {
        value
        for group in groups.values()
        for value in group
        if values[value] < max(values[other] for other in group)
    }


def _parts(value: str) -> Iterator[str]:
    """Yield three pieces of a text; two that differ in at most two letters share one of them."""
    third = max(1, len(value) // 3)
    yield f"<{value[:third]}"
    yield f">{value[-third:]}"
    middle = len(value) // 2
    for shift in (-2, -1, 0, 1, 2):
        yield f"={value[max(0, middle + shift - 1) : middle + shift + 1]}"


def _is_typo(rare: str, common: str) -> bool:
    if min(len(rare), len(common)) < LEAST_LETTERS or _folded(rare) == _folded(common):
        return False
    if _SHORT.findall(rare) != _SHORT.findall(common):
        return False
    most = 2 if len(common) >= LONG else 1
    return _distance(rare, common, most) <= most


def _folded(value: str) -> str:
    return _STOPS.sub(" ", value.lower()).strip()


def _distance(one: str, other: str, most: int) -> int:
    """Return the edit distance of two texts; `most` + 1 for any that is larger."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        row = [place]
        for at, its in enumerate(other, start=1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != its)))
        if min(row) > most:
            return most + 1
        before = row
    return before[-1]
