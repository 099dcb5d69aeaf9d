"""What a value should be because the rows that agree elsewhere agree on it: votes, in SQL.

Each dependency that judges a row votes for the value that most of the row's group has, with the
share of the group that has it; a value that a third of the group has stands. So a row in the wrong
group, whose determinant is what is wrong, is outvoted by the other determinants.
"""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from assay.project.repairs.rows import FOUND, KeyedRows
from assay.project.suggestions import sql
from assay.project.suggestions.dependencies import Dependency
from assay.project.suggestions.rules import GROUP

LEAST_CONFIDENCE = 0.6
MOST_VOTERS = 6
"""So many dependencies of a column vote, the weightiest."""

NEAR = 0.4
"""Texts that differ in at most this share of their letters are spellings of one another: then half
of the doubt is gone."""


def find_majorities(rows: KeyedRows, found: Iterable[Dependency]) -> None:
    """Gather what the dependencies say; those of one dependent column vote together."""
    ordered = sorted(found, key=lambda each: (each.dependent, -each.weight))
    for dependent, group in groupby(ordered, key=lambda each: each.dependent):
        if dependent != rows.key:
            _find(rows, dependent, list(group)[:MOST_VOTERS])


def _find(rows: KeyedRows, dependent: str, voters: Sequence[Dependency]) -> None:
    votes = " union all ".join(_votes(rows, each) for each in voters)
    rows.connection.execute(
        f"""
        insert into {FOUND}
        with votes as ({votes}),
        voted as (
            select row_key, before, after, sum(weight) as weight, list(distinct voter) as voters,
                flatten(list(determinants)) as columns
            from votes group by all
        ),
        judged as (select row_key, count(*) as judges from votes group by 1),
        elected as (
            select * from voted join judged using (row_key)
            qualify row_number() over (partition by row_key order by weight desc, after) = 1
        )
        select row_key, ?, before, after, 'dependency',
            'follows from ' || array_to_string(list_sort(voters), '; '), weight / judges, columns
        from elected
        where after is distinct from before and weight >= {LEAST_CONFIDENCE} * judges
        """,
        [dependent],
    )


def _votes(rows: KeyedRows, voter: Dependency) -> str:
    """Return the SQL of the votes of one dependency: row, value, what it should be, how sure."""
    by = [sql.name(name) for name in voter.determinants]
    at = [f"d{place}" for place in range(len(by))]
    held = ", ".join(f"{name}::varchar as {place}" for name, place in zip(by, at, strict=True))
    known = " and ".join(f"{name} is not null" for name in by)
    group = ", ".join(at)
    columns = ", ".join(map(sql.text, voter.determinants))
    said = sql.text(" and ".join(voter.determinants))
    near = f"(levenshtein(y, usual) <= {NEAR} * length(usual))"
    return f"""
        select row_key, y as before, case when stands then y else usual end as after,
            case when stands then own / (n + 1)
                when coalesce({near}, false) then 1 - (1 - most / (n + 1)) / 2
                else most / (n + 1) end as weight,
            {said} as voter, [{columns}] as determinants
        from (
            select *, 3 * own > n and y is not null as stands
            from (
                select *, count(*) over (partition by {group}, y) as own
                from (
                    select {rows.row_key} as row_key, {held},
                        {sql.name(voter.dependent)}::varchar as y
                    from {rows.table.sql} where {known}
                )
            ) join (
                select {group}, sum(own) as n, max(own) filter (y is not null) as most,
                    arg_max(y, (own, y)) filter (y is not null) as usual
                from (
                    select {held}, {sql.name(voter.dependent)}::varchar as y, count(*) as own
                    from {rows.table.sql} where {known} group by all
                ) group by all
            ) using ({group})
            where n >= {GROUP} and 2 * most > n
        )
    """
