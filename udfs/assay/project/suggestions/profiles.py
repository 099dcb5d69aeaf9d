"""What DuckDB counts of a table: types, NULLs, ranges, shapes, common values, keys.

Large tables are sampled, with a fixed seed; what is counted of a rule later is counted over all
rows. Nothing here decides what is wrong.
"""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from assay.project.suggestions import sql
from assay.project.suggestions.relations import Relation

SAMPLE_ROWS = 100_000
SAMPLE_CELLS = 3_000_000
"""A table of more rows, or more cells, is profiled from a sample."""

MOST_VALUES = 5_000
"""Of a text column so many of the commonest values are looked at."""

MOST_TEMPLATES = 40
MARKERS = (
    "",
    "-",
    "--",
    "?",
    "n/a",
    "na",
    "n.a.",
    "#n/a",
    "<na>",
    "nan",
    "none",
    "nil",
    "null",
    "(null)",
    "tbd",
    "unknown",
)
"""What people and programs write where there is no value, in lower case."""

NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
"""A plain number, in the syntax that RE2 and Python share."""

SAMPLE = "assay_suggest_sample"
_LONGEST_VALUE = 300
"""Of longer values neither templates nor values are counted: free text has none."""

Family = Literal["number", "time", "text", "boolean", "other"]
_FAMILIES: Mapping[Family, str] = {
    "number": r"^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)",
    "time": r"^(DATE|TIMESTAMP)",
    "text": r"^(VARCHAR|ENUM|UUID)",
    "boolean": r"^BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the numbers of a column lie; of times the days since 1970."""

    least: float
    low: float
    middle: float
    high: float
    most: float


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What was counted of one column in the sampled rows.

    `templates` are values with each run of digits as one `9`, `exact` with each digit as `9`, the
    commonest first; `values` are the commonest values; all three for texts alone. `plain` is how
    many texts are plain numbers, `markers` which values stand for none, `unique` whether no value
    is there twice.
    """

    name: str
    type: str
    family: Family
    rows: int
    nulls: int
    distinct: int
    spread: Spread | None = None
    templates: Mapping[str, int] | None = None
    exact: Mapping[str, int] | None = None
    values: Mapping[str, int] | None = None
    plain: int = 0
    markers: Mapping[str, int] | None = None
    longest: int = 0

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def unique(self) -> bool:
        """Whether each row has a value of its own."""
        return 0 < self.rows == self.distinct


@dataclass(frozen=True, slots=True)
class Profile:
    """What was counted of a table: `rows` all of them, `sampled` those that were looked at.

    `repeats` of all rows are in each column like another one that counts.
    """

    table: Relation
    rows: int
    sampled: int
    columns: tuple[ColumnProfile, ...]
    repeats: int = 0

    @property
    def unread(self) -> tuple[ColumnProfile, ...]:
        """The columns of whose values nothing was looked at but how many there are."""
        return tuple(each for each in self.columns if each.family == "other" and each.filled)

    def column(self, name: str) -> ColumnProfile:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


def family_of(kind: str) -> Family:
    """Return what can be counted of a DuckDB type."""
    if kind.endswith("]"):
        return "other"
    return next((name for name, form in _FAMILIES.items() if re.match(form, kind)), "other")


def profile(connection: duckdb.DuckDBPyConnection, table: Relation) -> Profile:
    """Return the profile of a table; its sample stays behind as a temporary table."""
    described = connection.execute(f"describe select * from {table.sql}").fetchall()
    rows = sql.one(connection, f"select count(*) from {table.sql}")[0]
    size = max(1, min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, len(described))))
    _sample(connection, table, size if rows > size else None)
    sampled = min(rows, size)
    columns = [_column(connection, name, str(kind), sampled) for name, kind, *_ in described]
    repeats = _repeats(connection, table) if _may_repeat(columns) else 0
    return Profile(table, rows, sampled, tuple(columns), repeats)


def _may_repeat(columns: Sequence[ColumnProfile]) -> bool:
    """Whether alike rows would mean something: two columns hold values, and none is a key."""
    filled = [column for column in columns if column.filled]
    return len(filled) > 1 and not any(column.unique for column in columns)


def _repeats(connection: duckdb.DuckDBPyConnection, table: Relation) -> int:
    """Return how many rows have another one before them that is alike in each column."""
    everything = f"select distinct * from {table.sql}"
    repeats = f"select (select count(*) from {table.sql}) - count(*) from ({everything})"
    return int(sql.one(connection, repeats)[0])


def _sample(connection: duckdb.DuckDBPyConnection, table: Relation, size: int | None) -> None:
    """Keep the rows that are looked at; the seed gives the same ones only with one thread."""
    some = f" using sample reservoir({size} rows) repeatable (1)" if size else ""
    connection.execute(f"create or replace temp table {SAMPLE} as select * from {table.sql}{some}")


def _column(
    connection: duckdb.DuckDBPyConnection, name: str, kind: str, rows: int
) -> ColumnProfile:
    quoted, family = sql.name(name), family_of(kind)
    filled, distinct = sql.one(
        connection,
        f"select count({quoted}), count(distinct {quoted}) from {SAMPLE}",
    )
    counted: dict[str, Any] = {}
    if family == "text" and filled:
        counted = _texts(connection, f"{quoted}::varchar")
    number = as_number(name, family, counted.get("plain", 0))
    if number is not None and filled:
        counted["spread"] = _spread(connection, number)
    return ColumnProfile(name, kind, family, rows, rows - filled, distinct, **counted)


def as_number(name: str, family: Family, plain: int) -> str | None:
    """Return the SQL that yields a column as a number; None where it holds none."""
    quoted = sql.name(name)
    if family == "number":
        return f"{quoted}::double"
    if family == "time":
        return f"epoch({quoted}) / 86400"
    return f"try_cast({quoted} as double)" if family == "text" and plain else None


def _spread(connection: duckdb.DuckDBPyConnection, number: str) -> Spread | None:
    found = sql.one(
        connection,
        f"select min(n), quantile_cont(n, [0.25, 0.5, 0.75]), max(n) "
        f"from (select {number} as n from {SAMPLE}) where isfinite(n)",
    )
    if found[0] is None:
        return None
    low, middle, high = found[1]
    return Spread(found[0], low, middle, high, found[2])


def _texts(connection: duckdb.DuckDBPyConnection, value: str) -> dict[str, Any]:
    connection.execute(
        "create or replace temp table assay_suggest_values as "
        f"select {value} as v, count(*) as n from {SAMPLE} "
        "where v is not null group by 1"
    )
    short = f"from assay_suggest_values where length(v) <= {_LONGEST_VALUE}"
    marked = f"from assay_suggest_values where lower(trim(v)) in {sql.texts(MARKERS)}"
    plain, longest = sql.one(
        connection,
        "select coalesce(sum(n) filter (regexp_full_match(trim(v), ?)), 0)::bigint, "
        "max(length(v)) from assay_suggest_values",
        [NUMBER],
    )
    most = "group by 1 order by 2 desc, 1 limit"
    templates = f"select regexp_replace(v, '[0-9]+', '9', 'g'), sum(n)::bigint {short} {most}"
    exact = f"select regexp_replace(v, '[0-9]', '9', 'g'), sum(n)::bigint {short} {most}"
    return {
        "plain": plain,
        "longest": longest,
        "templates": _counts(connection, f"{templates} {MOST_TEMPLATES}"),
        "exact": _counts(connection, f"{exact} {MOST_TEMPLATES}"),
        "values": _counts(
            connection, f"select v, n {short} order by 2 desc, 1 limit {MOST_VALUES}"
        ),
        "markers": _counts(connection, f"select v, n {marked} order by 2 desc, 1"),
    }


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(connection.execute(query).fetchall())
