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
    """Gather what one column should be; only rows of which a voter says otherwise are counted."""
    places = range(len(voters))
    opinions = ", ".join(
        f"opinions_{place} as materialized ({_opinions(rows, each)}), "
        f"votes_{place} as ({_votes(rows, each, place)})"
        for place, each in enumerate(voters)
    )
    against = " union ".join(
        f"select row_key from votes_{place} where after is distinct from before"
        for place in places
    )
    votes = " union all ".join(
        f"select * from votes_{place} semi join contested using (row_key)" for place in places
    )
    rows.connection.execute(
        f"""
        insert into {FOUND}
        with {opinions},
        contested as materialized ({against}),
        votes as materialized ({votes}),
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


def _opinions(rows: KeyedRows, voter: Dependency) -> str:
    """Return the SQL of what a voter says of each value in each group, and how sure it is."""
    names = [f"{sql.name(name)}::varchar" for name in voter.determinants]
    held = ", ".join(f"{name} as d{place}" for place, name in enumerate(names))
    group = ", ".join(f"d{place}" for place in range(len(names)))
    known = " and ".join(f"{name} is not null" for name in names)
    return f"""
        select {group}, y, case when stands then y else usual end as after,
            case
                when stands then own / (n + 1)
                when levenshtein(y, usual) <= {NEAR} * length(usual)
                    then 1 - (1 - most / (n + 1)) / 2
                else most / (n + 1)
            end as weight
        from (
            select *, 3 * own > n and y is not null as stands from (
                select *, sum(own) over (partition by {group}) as n,
                    max(own) filter (y is not null) over (partition by {group}) as most,
                    arg_max(y, (own, y)) filter (y is not null) over (partition by {group})
                        as usual
                from (
                    select {held}, {sql.name(voter.dependent)}::varchar as y, count(*) as own
                    from {rows.table.sql} where {known} group by all
                )
            ) where n >= {GROUP} and 2 * most > n
        )
    """


def _votes(rows: KeyedRows, voter: Dependency, place: int) -> str:
    """Return the SQL of the votes of a voter: row, value, what it should be, how sure, who."""
    same = " and ".join(
        f"held.{sql.name(name)}::varchar = opinion.d{at}"
        for at, name in enumerate(voter.determinants)
    )
    said = sql.text(" and ".join(voter.determinants))
    columns = ", ".join(map(sql.text, voter.determinants))
    return f"""
        select held.{sql.name(rows.key)}::varchar as row_key, opinion.y as before, opinion.after,
            opinion.weight, {said} as voter, [{columns}] as determinants
        from {rows.table.sql} as held inner join opinions_{place} as opinion
            on {same} and held.{sql.name(voter.dependent)}::varchar is not distinct from opinion.y
    """
