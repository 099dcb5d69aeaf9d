"""Rules with what they count over the whole table: what an issue rests on."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from assay.project.suggestions import rules, sql
from assay.project.suggestions.comparisons import comparisons
from assay.project.suggestions.dependencies import dependencies
from assay.project.suggestions.detectors import detect
from assay.project.suggestions.profiles import Profile
from assay.project.suggestions.references import references
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.rules import SuggestionRule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule, how many rows it judges, and how many of those do not meet it."""

    id: str
    rule: SuggestionRule
    judged: int
    wrong: int


def candidates(connection: duckdb.DuckDBPyConnection, profile: Profile) -> list[Candidate]:
    """Return what a profiled table gives reason to expect, counted over all its rows."""
    found = [
        *detect(profile, dependencies(connection, profile)),
        *comparisons(connection, profile),
        *references(connection, profile),
        *_repeated(profile),
    ]
    return list(_counted(connection, profile.table, found))


def _repeated(profile: Profile) -> Iterator[SuggestionRule]:
    if profile.repeats:
        names = [column.name for column in profile.columns]
        yield rules.repeated(names, profile.repeats, profile.rows)


def counted(
    connection: duckdb.DuckDBPyConnection, table: Relation, rule: SuggestionRule
) -> tuple[int, int]:
    """Return how many rows of a table a rule judges, and how many of them do not meet it."""
    judged, wrong = sql.one(
        connection,
        "select count(*) filter (judged), count(*) filter (judged and wrong) from ("
        f"select {rule.judged} as judged, {rule.wrong} as wrong from {table.sql})",
    )
    return judged, wrong


def _counted(
    connection: duckdb.DuckDBPyConnection, table: Relation, found: Sequence[SuggestionRule]
) -> Iterator[Candidate]:
    for number, rule in enumerate(found, start=1):
        yield Candidate(f"c{number}", rule, *counted(connection, table, rule))
