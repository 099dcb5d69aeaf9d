"""Which column follows from which: approximate functional dependencies, found in a sample.

A dependency X → Y is measured on the groups of rows that share a value of X: the share of rows
whose Y is the group's commonest, against the same share with Y shuffled (chance). Rows in groups
of fewer than three say nothing.
"""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb

from assay.core.extras import Later
from assay.project.suggestions import sql
from assay.project.suggestions.profiles import SAMPLE, ColumnProfile, Profile

if TYPE_CHECKING:
    import numpy as np

    _Codes = np.ndarray[Any, np.dtype[np.int64]]
else:
    np = Later("numpy", "gates", "To look for dependencies")

LEAST_GROUP = 3
LEAST_GROUPS = 4
LEAST_ROWS = 20
LEAST_SHARE = 0.85
"""Of the rows that are judged so many follow; what is kept is judged anew over the whole table."""

LEAST_EXCESS = 0.8
LEAST_EXCESS_OF_PAIRS = 0.9
"""How much of the way from chance to certainty a dependency must have gone."""

MOST_REPEATED = 0.6
"""Of the rows that do not follow, the share that may agree with another one of their group."""

SEARCH_ROWS = 20_000
MOST_COLUMNS = 60
MOST_FOR_PAIRS = 14
"""Of wider tables the columns with the most repeated values are searched; pairs of columns as
determinants only among so many."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """`determinants` determine `dependent` in the share `holds` of the `judged` rows."""

    determinants: tuple[str, ...]
    dependent: str
    judged: int
    holds: float
    excess: float

    @property
    def weight(self) -> float:
        """How much it explains; what it gets wrong tells more than how many rows it judges."""
        return self.judged * self.excess**4


def dependencies(
    connection: duckdb.DuckDBPyConnection, profile: Profile
) -> tuple[Dependency, ...]:
    """Return the dependencies of a profiled table, the weightiest of a column first."""
    eligible = _eligible(profile)
    if len(eligible) <= 1 or profile.sampled < LEAST_ROWS:
        return ()
    rows = f"(select distinct * from {SAMPLE} order by all)" if profile.repeats else SAMPLE
    codes = _codes(connection, [column.name for column in eligible], rows)
    return tuple(sorted(_found(codes), key=lambda found: (found.dependent, -found.weight)))


def _eligible(profile: Profile) -> list[ColumnProfile]:
    """Return the columns whose values come back, the most often repeated first."""
    repeated = [
        column
        for column in profile.columns
        if column.family != "other" and 1 < column.distinct <= 0.7 * column.filled
    ]
    return sorted(repeated, key=lambda column: column.distinct)[:MOST_COLUMNS]


def _codes(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], rows: str
) -> dict[str, _Codes]:
    """Return the columns as numbers that stand for their values, as text; -1 for NULL.

    Of rows that are alike in all columns of the table one is taken: the others say nothing more.
    """
    texts = ", ".join(f"{sql.name(name)}::varchar as {sql.name(name)}" for name in names)
    table = connection.sql(f"select {texts} from {rows} limit {SEARCH_ROWS}").to_arrow_table()
    codes: dict[str, _Codes] = {}
    for place, name in enumerate(names):
        encoded = table.column(place).combine_chunks().dictionary_encode()
        codes[name] = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes


def _found(codes: dict[str, _Codes]) -> Iterator[Dependency]:
    singles = {
        (x, y): found
        for x in codes
        for y in codes
        if x != y and (found := _measured((x,), codes[x], y, codes[y])) is not None
    }
    yield from singles.values()
    if len(codes) > MOST_FOR_PAIRS * 2:
        return
    for y in codes:
        if any(dependent == y for _, dependent in singles):
            continue
        others = [x for x in codes if x != y][-MOST_FOR_PAIRS:]
        for pair in combinations(others, 2):
            joint = _joint(codes[pair[0]], codes[pair[1]])
            if (found := _measured(pair, joint, y, codes[y])) is not None:
                yield found


def _joint(first: _Codes, second: _Codes) -> _Codes:
    both = first * (int(second.max()) + 1) + second
    both[(first < 0) | (second < 0)] = -1
    codes: _Codes = np.unique(both, return_inverse=True)[1] - int((both < 0).any())
    return codes


def _measured(names: tuple[str, ...], x: _Codes, dependent: str, y: _Codes) -> Dependency | None:
    """Return the dependency where it holds well enough, better than by chance, and as a rule.

    Errors are scattered. Where most of the rows that do not follow agree with another such row of
    their group, the group has two values, and nothing is wrong with either.
    """
    known = (x >= 0) & (y >= 0)
    x, y = x[known], y[known]
    real = _followed(x, y)
    if real.groups < LEAST_GROUPS or real.judged < LEAST_ROWS:
        return None
    astray = real.judged - real.follow
    if astray > (1 - LEAST_SHARE) * real.judged or real.repeated > MOST_REPEATED * astray:
        return None
    chance = _followed(x, np.random.default_rng(0).permutation(y)).follow / real.judged
    holds = real.follow / real.judged
    excess = (holds - chance) / (1 - chance) if chance < 1 else 0.0
    if excess < (LEAST_EXCESS if len(names) == 1 else LEAST_EXCESS_OF_PAIRS):
        return None
    return Dependency(names, dependent, real.judged, holds, excess)


@dataclass(frozen=True, slots=True)
class _Followed:
    """Counts over the groups of x that are large enough: the groups, and rows.

    A row follows when its y is the commonest of its group; `repeated` are those that do not, and
    are not alone with their y either.
    """

    groups: int = 0
    judged: int = 0
    follow: int = 0
    repeated: int = 0


def _followed(x: _Codes, y: _Codes) -> _Followed:
    if not len(x):
        return _Followed()
    width = int(y.max()) + 1
    cells, counts = np.unique(x * width + y, return_counts=True)
    owner = cells // width
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    sizes, most = np.add.reduceat(counts, starts), np.maximum.reduceat(counts, starts)
    large = sizes >= LEAST_GROUP
    lengths = np.diff(np.r_[starts, len(cells)])
    astray = np.repeat(large, lengths) & (counts < np.repeat(most, lengths)) & (counts > 1)
    return _Followed(
        int(large.sum()),
        int(sizes[large].sum()),
        int(most[large].sum()),
        int(counts[astray].sum()),
    )
