"""From findings to proposals: one for each cell, the surest; what no column can hold is left."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache, partial

import duckdb

from assay.core.canonical import canonical_json
from assay.core.clock import now_utc
from assay.project.repairs.assessed import find_normalizations
from assay.project.repairs.majority import LEAST_CONFIDENCE, find_majorities
from assay.project.repairs.rows import FOUND, KeyedRows, keyed
from assay.project.repairs.slips import find_slips
from assay.project.repairs.stated import Stated, value_rules, voters
from assay.project.suggestions import sql
from assay.project.suggestions.dependencies import dependencies
from assay.project.suggestions.detectors import detect
from assay.project.suggestions.profiles import profile
from assay.project.suggestions.relations import Relation
from assay.store.repairs import Repair


def propose(
    connection: duckdb.DuckDBPyConnection, table: Relation, key: str, stated: Stated
) -> list[Repair]:
    """Return the repairs that a table gives reason for, the surest first; nobody is asked.

    Raises `ConfigError` for a key that tells no rows apart, and for columns that are not there.
    """
    rows = keyed(connection, table, key)
    shown = profile(connection, table)
    found = dependencies(connection, shown)
    find_majorities(rows, voters(rows, shown, found, stated))
    find_slips(rows, shown, value_rules(rows, detect(shown, found), stated))
    find_normalizations(rows)
    return list(_proposed(rows))


def _proposed(rows: KeyedRows) -> Iterator[Repair]:
    """Yield the surest finding of each cell; findings that agree make each other surer.

    Where two columns of a row are each found wrong by the other, one of them is, and nobody knows
    which: each keeps its share of what both are sure of.
    """
    against = f"""
        select max(other.confidence) from {FOUND} as other
        where other.row_key = found.row_key and list_contains(found.voters, other.column_name)
            and list_contains(other.voters, found.column_name)
    """
    agreed = f"""
        select row_key, column_name, before, after,
            arg_max(reason, (confidence, reason)) as reason,
            string_agg(distinct rule, '; ' order by rule) as rule,
            1 - product(1 - confidence) as confidence
        from (
            select * replace (
                confidence * confidence / (confidence + coalesce(({against}), 0)) as confidence
            ) from {FOUND} as found
        ) where after is distinct from before group by all
    """
    found = rows.connection.execute(
        f"select * from ({agreed}) where confidence >= {LEAST_CONFIDENCE} "
        "qualify row_number() over (partition by row_key, column_name "
        "order by confidence desc, after) = 1 "
        "order by confidence desc, column_name, row_key"
    ).fetchall()
    now, fits = now_utc(), cache(partial(_fits, rows))
    for row_key, column, before, after, reason, rule, confidence in found:
        if fits(column, after):
            place = (rows.name, rows.key, row_key, column, before, after)
            yield Repair(id_of(*place), *place, reason, rule, round(confidence, 4), now)


def _fits(rows: KeyedRows, column: str, after: str | None) -> bool:
    """Whether a column can hold a value, and shows it as it was written."""
    query = f"select try_cast(? as {rows.columns[column]})::varchar is not distinct from ?"
    return rows.columns[column] == "VARCHAR" or bool(
        sql.one(rows.connection, query, [after] * 2)[0]
    )


def id_of(*place: str | None) -> str:
    """Return the name of a repair: the same cell, before and after have the same one for ever."""
    return hashlib.sha256(canonical_json(list(place)).encode()).hexdigest()[:16]
