"""What the gates of each run counted: one row for each expectation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True, slots=True)
class GateRow:
    """One row of `gate_results`: an expectation, what it counted, and why it is red, if it is.

    `reasons` is blank for a green one. No value of the data is in it.
    """

    invocation_id: str
    gate: str
    suite: str
    place: int
    expectation: str
    column_name: str
    threshold: str
    minimum_evaluated: int
    row_count: int | None
    evaluated: int | None
    unexpected: int | None
    unexpected_share: float | None
    success: bool
    error: str | None
    reasons: str
    checked_at: str


_NAMES = [field.name for field in fields(GateRow)]
_COLUMNS = ", ".join(_NAMES)


def put_gate_rows(connection: sqlite3.Connection, rows: Iterable[GateRow]) -> None:
    """Record what a gate counted; the same gate of the same run replaces what it said before."""
    marks = ", ".join("?" * len(_NAMES))
    statement = f"insert or replace into gate_results ({_COLUMNS}) values ({marks})"  # noqa: S608
    connection.executemany(statement, map(astuple, rows))


def gate_rows(connection: sqlite3.Connection, invocation_id: str) -> list[GateRow]:
    """Return what the gates of a run counted, gate by gate in the order in which they ran."""
    query = (
        f"select {_COLUMNS} from gate_results where invocation_id = ? "  # noqa: S608
        "order by checked_at, gate, suite, place"
    )
    return [GateRow(*row) for row in connection.execute(query, [invocation_id])]
