"""Repairs of cells: what is proposed, and every decision that was ever made about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields

from assay.store.queries import RepairsOf
from assay.store.repairs import Decision, Repair

_NAMES = [field.name for field in fields(Repair)]
_PROPOSED = len(_NAMES) - 3
"""So many fields are the proposal; the others are those of the last decision."""


def put_repairs(connection: sqlite3.Connection, relation: str, found: Sequence[Repair]) -> None:
    """Put proposals in the place of those of a relation that nobody has decided about."""
    connection.execute(
        "delete from repairs where relation = ? "
        "and id not in (select repair_id from repair_decisions)",
        [relation],
    )
    marks = ", ".join("?" * _PROPOSED)
    connection.executemany(
        f"insert or ignore into repairs ({', '.join(_NAMES[:_PROPOSED])}) values ({marks})",  # noqa: S608
        (astuple(each)[:_PROPOSED] for each in found),
    )


def put_decisions(
    connection: sqlite3.Connection, ids: Iterable[str], decision: Decision, at: str, by: str
) -> None:
    """Append a decision to the record of each repair."""
    connection.executemany(
        "insert into repair_decisions (repair_id, decision, decided_at, decided_by) "
        "values (?, ?, ?, ?)",
        ((each, decision, at, by) for each in ids),
    )


def repairs_of(connection: sqlite3.Connection, query: RepairsOf) -> list[Repair]:
    """Return the repairs of a relation, or all, with their last decision; the surest first."""
    names = ", ".join(f"repairs.{name}" for name in _NAMES[:_PROPOSED])
    found = connection.execute(
        f"select {names}, coalesce(decision, 'proposed'), decided_at, decided_by "  # noqa: S608
        "from repairs left join repair_decisions on place = "
        "(select max(place) from repair_decisions where repair_id = repairs.id) "
        "where ?1 is null or relation = ?1 "
        "order by confidence desc, relation, column_name, row_key, repairs.id",
        [query.relation],
    )
    return [Repair(*row) for row in found]


def forget_repairs(connection: sqlite3.Connection, rows: Iterable[tuple[str, str]]) -> int:
    """Remove the repairs of rows, by relation and key, with what was decided about them."""
    ids = [
        found
        for place in rows
        for found in connection.execute(
            "select id from repairs where relation = ? and row_key = ?", place
        ).fetchall()
    ]
    connection.executemany("delete from repair_decisions where repair_id = ?", ids)
    connection.executemany("delete from repairs where id = ?", ids)
    return len(ids)
