"""What leaves when a provider is asked: names, types, counts, shapes; never a value.

In a shape A stands for a capital letter, a for another letter, 9 for a digit, and `¤` for whatever
is not ASCII otherwise; punctuation and blanks stay. Runs of a class are cut short.
"""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import duckdb

from assay.project.suggestions import sql
from assay.project.suggestions.candidates import Candidate
from assay.project.suggestions.profiles import SAMPLE, ColumnProfile, Profile

SAMPLE_ROWS = 5
MOST_SHAPES = 5
LONGEST_RUN = 5
LONGEST_SHAPE = 40
WIDE = 60
"""Of tables with more columns no sample is shown."""

_QUOTED = re.compile(r"'(?:[^']|'')*'(?:, )?")
"""A value of an ENUM, as the type of a column names it that holds one inside."""


def document(
    connection: duckdb.DuckDBPyConnection, profile: Profile, found: Sequence[Candidate]
) -> str:
    """Return the profile, its candidates and a redacted sample as the text that is asked about."""
    shown: dict[str, Any] = {
        "table": f"{profile.table.schema}.{profile.table.name}",
        "rows": profile.rows,
        "sampled": profile.sampled,
        "columns": [_column(column) for column in profile.columns],
        "candidates": [_candidate(each) for each in found],
        "sample": _sample(connection, profile),
    }
    return json.dumps(shown, ensure_ascii=True)


def shape(value: object) -> str | None:
    """Return the shape of a value; None for NULL."""
    if value is None:
        return None
    letters = "".join(_class(letter) for letter in str(value)[: 4 * LONGEST_SHAPE])
    runs = ["".join(run)[:LONGEST_RUN] for _, run in groupby(letters)]
    return "".join(runs)[:LONGEST_SHAPE]


def _class(letter: str) -> str:
    if letter.isupper():
        return "A"
    if letter.isalpha():
        return "a"
    if letter.isnumeric():
        return "9"
    return letter if letter.isascii() and letter.isprintable() else "¤"


def _column(column: ColumnProfile) -> dict[str, Any]:
    spread = column.spread
    return {
        "name": column.name,
        "type": _QUOTED.sub("", column.type) if column.family != "text" else "VARCHAR",
        "null_share": _share(column.nulls, column.rows),
        "distinct": column.distinct,
        "unique": column.unique,
        "longest": column.longest,
        "magnitudes": spread and [_magnitude(spread.least), _magnitude(spread.most)],
        "shapes": _shapes(column.values or {}, column.filled),
    }


def _shapes(values: Mapping[str, int], filled: int) -> dict[str, float]:
    shapes: Counter[str] = Counter()
    for value, rows in values.items():
        shapes[shape(value) or ""] += rows
    return {form: _share(rows, filled) for form, rows in shapes.most_common(MOST_SHAPES)}


def _magnitude(number: float) -> str:
    """Return the power of ten of a number, with its sign: `-10^3`."""
    if not number or not math.isfinite(number):
        return "0"
    return f"{'-' if number < 0 else ''}10^{math.floor(math.log10(abs(number)))}"


def _candidate(candidate: Candidate) -> dict[str, Any]:
    rule = candidate.rule
    return {
        "id": candidate.id,
        "kind": rule.kind,
        "expectation": rule.expectation,
        "columns": list(rule.columns),
        "claim": rule.claim,
        "judged": candidate.judged,
        "wrong": candidate.wrong,
    }


def _sample(connection: duckdb.DuckDBPyConnection, profile: Profile) -> list[list[str | None]]:
    if len(profile.columns) > WIDE:
        return []
    names = ", ".join(f"{sql.name(column.name)}::varchar" for column in profile.columns)
    query = f"select {names} from {SAMPLE} limit {SAMPLE_ROWS}"
    return [[shape(value) for value in row] for row in connection.execute(query).fetchall()]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
