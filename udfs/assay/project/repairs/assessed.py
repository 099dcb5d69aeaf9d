"""The normal forms that `ai_assess` gave: each is a finding where the row still has the value."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterator

from assay.project.repairs.rows import FOUND, KeyedRows
from assay.project.suggestions import sql

CHANGES = 'normalizations STRUCT(field VARCHAR, "from" VARCHAR, "to" VARCHAR)[]'
OF_A_BARE_ANSWER = 0.7
"""How sure an answer is taken to be that does not say so."""


def find_normalizations(rows: KeyedRows) -> None:
    """Gather the normalizations in every column of assessments, plain or in an envelope."""
    for changes, sure, column in _assessments(rows):
        for name in rows.columns:
            if name not in (rows.key, column):
                _find(rows, changes, sure, name, f"ai_assess: {column}")


def _assessments(rows: KeyedRows) -> Iterator[tuple[str, str, str]]:
    """Yield the SQL of a list of changes and of how sure it is, and the column that has them."""
    for name, kind in rows.columns.items():
        if CHANGES not in kind:
            continue
        column, plain = sql.name(name), str(OF_A_BARE_ANSWER)
        if kind.startswith('STRUCT("value"'):
            yield f"{column}.value.normalizations", f"coalesce({column}.confidence, {plain})", name
        else:
            yield f"{column}.normalizations", plain, name


def _find(rows: KeyedRows, changes: str, sure: str, column: str, rule: str) -> None:
    value = f"{sql.name(column)}::varchar"
    rows.connection.execute(
        f"insert into {FOUND} "
        "select row_key, ?, before, change.\"to\", 'normalization', ?, sure, null "
        f"from (select {rows.row_key} as row_key, {value} as before, {sure} as sure, "
        f"unnest({changes}) as change from {rows.table.sql}) "
        'where lower(change.field) = lower(?) and change."from" = before',
        [column, rule, column],
    )
