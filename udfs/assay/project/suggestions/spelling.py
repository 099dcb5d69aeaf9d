"""Rare spellings of common values: which are slips of the pen, and which may be right.

Two values are near when the same words stand in them but for a letter or two. Whether the rare one
is a slip its letters say, `sure` where they are unlike those of words; whatever may be a word of
its own, as Iceland beside Ireland, is left to a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assay.project.suggestions.meanings import are_apart, is_name
from assay.providers.local.models.letters import Letters

COMMON_ROWS = 5
TIMES = 8
"""The common spelling has at least so many rows, and so many times those of the rare one."""

TIMES_OF_SURE = 10
"""And so many times before a slip is sure."""

LEAST_LETTERS = 4
"""In shorter words one letter makes another word."""

LONG = 10
"""From this length on two letters of a word may differ."""

UNLIKE = -8.0
"""So much less likely the letters of a slip are, as natural logarithm. Of pairs of towns that
differ in a letter 2 % are below, of typing errors a third."""

TIMES_IF_CARELESS = 20
CARELESS = -5.0
DOUBTFUL = -0.1
LEAST_CARELESS = 3
SHARE_CARELESS = 0.3
"""So many near pairs, and such a share of them, below this make a column carelessly typed: there
a near value is a slip unless it may be another form of the word, or its letters are as
likely. Of pairs of towns a tenth is below."""

FAMILIAR = 30
"""A word that stands in so many values of a column is at home there: what is near it, below the
line of careless columns and in one value alone, is a slip of it in any column."""

WORDLIKE = -4.5
"""Words whose letters are each less likely than this are codes, or of an unknown language: of
them the letters say nothing."""

_LETTERS = Letters()
_STOPS = re.compile(r"[\s.]+")
_TOKENS = re.compile(r"[^\W\d_]+|[0-9]+|[^\w\s.,'’\-]")
"""Words, numbers, and the signs that tell values apart."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A rare value and the common one that it is near, with their rows.

    `words` are the words in which they differ, in lower case, the rare value's first;
    `likelihood` compares their letters: the lower, the less the rare value's are like a word.
    """

    rare: str
    rows: int
    common: str
    common_rows: int
    words: Sequence[tuple[str, str]]
    likelihood: float
    sure: bool = False


def near_pairs(values: Mapping[str, int]) -> list[Pair]:
    """Return the rare ones of `values` (text to rows) that are near a common one, each with it."""
    pairs = list(_pairs(values))
    slips = sum(pair.likelihood <= CARELESS for pair in pairs)
    careless = slips >= max(LEAST_CARELESS, SHARE_CARELESS * len(pairs))
    spread = Counter(word for value in values for word in set(_words(value)))
    return [replace(pair, sure=_is_sure(pair, spread, careless=careless)) for pair in pairs]


def variants_of(values: Mapping[str, int]) -> set[str]:
    """Return the spellings that differ from a commoner one in case, blanks and stops alone."""
    groups: dict[str, list[str]] = defaultdict(list)
    for value in values:
        groups[folded(value)].append(value)
    return {
        value
        for group in groups.values()
        for value in group
        if values[value] < max(values[other] for other in group)
    }


def _pairs(values: Mapping[str, int]) -> Iterator[Pair]:
    common = {value: rows for value, rows in values.items() if rows >= COMMON_ROWS}
    index: dict[str, list[str]] = defaultdict(list)
    for value in common:
        for part in _parts(value.lower()):
            index[part].append(value)
    for value, rows in values.items():
        near = {other for part in _parts(value.lower()) for other in index.get(part, ())}
        often = sorted(near, key=lambda other: (-common[other], other))
        for other in often:
            if common[other] >= TIMES * rows and (words := differing(value, other)):
                yield Pair(value, rows, other, common[other], words, _compared(words))
                break


def _parts(value: str) -> Iterator[str]:
    """Yield three pieces of a text; two that differ in at most two letters share one of them."""
    third = max(1, len(value) // 3)
    yield f"<{value[:third]}"
    yield f">{value[-third:]}"
    middle = len(value) // 2
    for shift in (-2, -1, 0, 1, 2):
        yield f"={value[max(0, middle + shift - 1) : middle + shift + 1]}"


# What is near


def differing(rare: str, common: str) -> list[tuple[str, str]]:
    """Return the words in which two values differ; none where these are no spellings of them."""
    if folded(rare) == folded(common) or is_name(rare):
        return []
    ours, theirs = _tokens(rare), _tokens(common)
    if len(ours) == len(theirs):
        words = [(one, other) for one, other in zip(ours, theirs, strict=True) if one != other]
    else:
        words = [_without_ends(ours, theirs)]
    return words if all(_are_near(_joined(one), _joined(other)) for one, other in words) else []


def _without_ends(ours: list[str], theirs: list[str]) -> tuple[str, str]:
    """Return two texts, given in words, without the words that both begin or end with."""
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    return " ".join(ours), " ".join(theirs)


def _joined(words: str) -> str:
    return words.replace(" ", "")


def _are_near(one: str, other: str) -> bool:
    if min(len(one), len(other)) < LEAST_LETTERS or not (one + other).isalpha():
        return False
    most = 2 if len(other) >= LONG else 1
    return not are_apart(one, other) and distance(one, other, most) <= most


def folded(value: str) -> str:
    """Return a value in lower case, with one blank for any of blanks and full stops."""
    return _STOPS.sub(" ", value.lower()).strip()


def _tokens(value: str) -> list[str]:
    return _TOKENS.findall(value.lower())


def _words(value: str) -> Iterator[str]:
    return (token for token in _tokens(value) if token.isalpha())


def distance(one: str, other: str, most: int) -> int:
    """Return the edits between two words, two letters that changed places being one.

    `most` + 1 stands for any number that is larger.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    earlier: list[int] = []
    before = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        row = [place]
        for at, its in enumerate(other, start=1):
            edits = min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != its))
            if earlier and at > 1 and one[place - 2 : place] == its + other[at - 2]:
                edits = min(edits, earlier[at - 2] + 1)
            row.append(edits)
        if min(row) > most:
            return most + 1
        earlier, before = before, row
    return before[-1]


# What is sure


def _compared(words: Sequence[tuple[str, str]]) -> float:
    """Return how much likelier the letters of the rare words are than those of the common ones.

    The common ones are scaled to the length of the rare; 0 where the letters say nothing.
    """
    return sum(_compared_word(*pair) for pair in words if not _are_alike(*pair))


def _compared_word(rare: str, common: str) -> float:
    a_letter = _likelihood(common) / len(_joined(common))
    if a_letter < WORDLIKE or _LETTERS.knows(rare):
        return 0.0
    return _likelihood(rare) - a_letter * len(_joined(rare))


def _likelihood(words: str) -> float:
    return sum(map(_LETTERS.likelihood, words.split(" ")))


def _is_sure(pair: Pair, spread: Mapping[str, int], *, careless: bool) -> bool:
    """Whether a rare value is a slip: by its letters, or by those of the column's other ones."""
    alone = all(spread[rare] <= 1 for rare, _ in pair.words)
    familiar = all(spread[common] >= FAMILIAR for _, common in pair.words)
    if alone and familiar and pair.likelihood <= CARELESS:
        return True
    if pair.common_rows < TIMES_OF_SURE * pair.rows:
        return False
    edits = sum(max(1, distance(_joined(one), _joined(two), 2)) for one, two in pair.words)
    if pair.likelihood <= UNLIKE * edits:
        return True
    likely = pair.likelihood > DOUBTFUL or any(_may_be_right(*words) for words in pair.words)
    return careless and alone and not likely and pair.common_rows >= TIMES_IF_CARELESS * pair.rows


def _may_be_right(rare: str, common: str) -> bool:
    """Whether a word is known, or another with letters before or behind it, or with accents."""
    shorter, longer = sorted((rare, common), key=len)
    put = shorter != longer and (longer.startswith(shorter) or longer.endswith(shorter))
    return _LETTERS.knows(rare) or put or _are_alike(rare, common)


def _are_alike(one: str, other: str) -> bool:
    """Whether words differ in their accents and in the blanks between them alone."""
    return _plain(one) == _plain(other)


def _plain(words: str) -> str:
    apart = unicodedata.normalize("NFKD", _joined(words))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
