"""Which column is never above another: pairs of times, and of numbers named as opposites."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

import duckdb

from assay.project.suggestions import rules, sql
from assay.project.suggestions.profiles import SAMPLE, ColumnProfile, Profile
from assay.project.suggestions.rules import SuggestionRule

OPPOSITES = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("low", "high"),
    ("lower", "upper"),
    ("start", "end"),
    ("begin", "end"),
    ("first", "last"),
    ("from", "to"),
)
MOST_TIMES = 8
LEAST_ROWS = 20
LEAST_SHARE = 0.95
LEAST_BELOW = 0.5
"""So many of the rows must be in order, and so many truly below: else they are the same."""


def comparisons(
    connection: duckdb.DuckDBPyConnection, profile: Profile
) -> Iterator[SuggestionRule]:
    """Yield a rule for each pair of columns that is nearly always in order."""
    for low, high in _pairs(profile):
        a, b = sql.name(low.name), sql.name(high.name)
        both, ordered, below = sql.one(
            connection,
            f"select count(*), count(*) filter ({a} <= {b}), count(*) filter ({a} < {b}) "
            f"from {SAMPLE} where {a} is not null and {b} is not null",
        )
        enough = both >= LEAST_ROWS and ordered >= LEAST_SHARE * both
        if enough and below >= LEAST_BELOW * both:
            yield rules.ordered(low.name, high.name)


def _pairs(profile: Profile) -> Iterator[tuple[ColumnProfile, ColumnProfile]]:
    times = [column for column in profile.columns if column.family == "time"][:MOST_TIMES]
    yield from ((low, high) for low, high in permutations(times, 2) if low.type == high.type)
    numbers = {_words(column.name): column for column in profile.columns if _is_number(column)}
    for words, low in numbers.items():
        for place, word in enumerate(words):
            for one, other in OPPOSITES:
                twin = (*words[:place], other, *words[place + 1 :])
                if word == one and twin in numbers:
                    yield low, numbers[twin]


def _is_number(column: ColumnProfile) -> bool:
    return column.family == "number"


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case: `minPrice` and `min_price` are alike."""
    return tuple(re.findall(r"[a-z]+|[0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
