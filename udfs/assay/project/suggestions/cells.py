"""Which rows do not meet a rule, named by a hash of their key; no value of them."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from assay.project.suggestions import sql
from assay.project.suggestions.profiles import Profile
from assay.project.suggestions.suites import Suggestion


def key_of(profile: Profile) -> tuple[str, ...]:
    """Return the columns that name a row: the first unique one, else all."""
    unique = [column.name for column in profile.columns if column.unique]
    return tuple(unique[:1] or [column.name for column in profile.columns])


def row_key(key: Sequence[str]) -> str:
    """Return the SQL of a row's name: 32 hex digits of SHA-256 over its key as JSON."""
    return (
        f"left(sha256(to_json([{', '.join(f'{sql.name(each)}::varchar' for each in key)}])), 32)"
    )


def cells(
    connection: duckdb.DuckDBPyConnection, profile: Profile, found: Sequence[Suggestion]
) -> Iterator[dict[str, object]]:
    """Yield each wrong cell of each suggestion: number of the issue, column, row key."""
    key = row_key(key_of(profile))
    for number, each in enumerate(found, start=1):
        if not (rule := each.candidate.rule).expectation:
            continue
        query = (
            f"select key from (select {key} as key, {rule.judged} and {rule.wrong} as wrong "
            f"from {profile.table.sql}) where wrong order by key"
        )
        for (row,) in connection.execute(query).fetchall():
            yield {"issue": number, "column": rule.cell, "row_key": row}
