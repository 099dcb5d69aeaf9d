"""Which repairs belong to a subject: those of the rows of it that are still in the warehouse."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from assay.project.erasure import Subject, hits
from assay.project.suggestions import sql
from assay.store import Repair


def repaired_rows(
    connection: duckdb.DuckDBPyConnection, subject: Subject, found: Sequence[Repair]
) -> list[tuple[str, str]]:
    """Return relation and key of the rows of a subject of which repairs are on record.

    Rows that only say the same as the subject count where no column names it.
    """
    named = replace(subject, texts=frozenset()) if subject.is_named else subject
    keys = {(each.relation, each.key_column) for each in found}
    rows = {(each.relation, each.row_key) for each in found}
    mine = {
        (relation, str(key))
        for hit in hits(connection, named, views=True)
        for relation, column in keys
        if relation == hit.table
        for (key,) in connection.execute(
            f"select {sql.name(column)}::varchar from {hit.relation} where {hit.condition}"
        ).fetchall()
    }
    mine |= {
        (each.relation, each.row_key)
        for each in found
        if (each.key_column, each.row_key) == (subject.column, subject.value)
    }
    return sorted(mine & rows)
