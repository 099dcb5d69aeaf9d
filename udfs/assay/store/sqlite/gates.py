"""What the gates of each run counted: one row for each expectation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, fields

from assay.store.queries import GateRows, GateSums
from assay.store.records import GateRow

_NAMES = [field.name for field in fields(GateRow)]
_COLUMNS = ", ".join(_NAMES)


def put_gate_rows(connection: sqlite3.Connection, rows: Iterable[GateRow]) -> None:
    """Record what a gate counted; the same gate of the same run replaces what it said before."""
    marks = ", ".join("?" * len(_NAMES))
    statement = f"insert or replace into gate_results ({_COLUMNS}) values ({marks})"  # noqa: S608
    connection.executemany(statement, map(astuple, rows))


def gate_rows(connection: sqlite3.Connection, query: GateRows) -> list[GateRow]:
    """Return what the gates of a run counted, gate by gate in the order in which they ran."""
    found = connection.execute(
        f"select {_COLUMNS} from gate_results where invocation_id = ? "  # noqa: S608
        "order by checked_at, gate, suite, place",
        [query.invocation_id],
    )
    return [GateRow(*row) for row in found]


def gate_sums(connection: sqlite3.Connection, _: GateSums) -> list[tuple[str, str, str, int, int]]:
    """Return invocation, gate, suite, expectations and red ones of each suite in each run."""
    return connection.execute(
        "select invocation_id, gate, suite, count(*), count(*) filter (where reasons <> '') "
        "from gate_results group by 1, 2, 3 order by max(checked_at)"
    ).fetchall()
