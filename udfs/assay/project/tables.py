"""What is served to dbt: the tables of the store as Arrow, and those that are counted then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

import pyarrow as pa

from assay.core.errors import ConfigError
from assay.project.counting import CascadeUse, cascades_in
from assay.store import TABLES, Ledger, Repair, Use, queries

_UNSERVED = frozenset({"text", "sql"})
"""Columns of the store that never become part of the warehouse: inputs of failed asks; code."""

_TYPES = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64(), "BLOB": pa.string()}

_SAVINGS = {
    **dict.fromkeys(("invocation_id", "started_at", "kind", "prompt_hash", "model"), "TEXT"),
    **dict.fromkeys(("row_count", "stored", "repeated", "failed"), "INTEGER"),
    **dict.fromkeys(("answer_cost_usd", "saved_usd"), "REAL"),
}
_CASCADE_USES = {
    **dict.fromkeys(("cascade", "invocation_id", "started_at"), "TEXT"),
    **dict.fromkeys(("kept_rows", "asked_rows"), "INTEGER"),
    "saved_usd": "REAL",
}
_REPAIRS = {field.name: "TEXT" for field in fields(Repair)} | {"confidence": "REAL"}

Row = tuple[Any, ...]


def table_of(store: Ledger, name: str) -> pa.Table:
    """Return a table of the store, typed even when it is empty, or one that is counted now.

    Raises `ConfigError` for any other.
    """
    if name in _COUNTED:
        columns, count = _COUNTED[name]
        return _table(columns, count(store))
    if name not in TABLES:
        known = ", ".join([*TABLES, *_COUNTED])
        message = f"The store has no table {name!r}; it has {known}."
        raise ConfigError(message)
    columns, rows = store.rows(name)
    table = _table(columns, rows)
    return table.drop_columns([column for column in columns if column in _UNSERVED])


def _table(columns: Mapping[str, str], rows: Sequence[Row]) -> pa.Table:
    values = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    types = [(name, _TYPES[kind.upper()]) for name, kind in columns.items()]
    return pa.Table.from_pydict(values, schema=pa.schema(types))


def _savings(store: Ledger) -> list[Row]:
    """Return what the rows of each question of each run saved."""
    return [_saving(use) for use in store.read(queries.Uses())]


def _saving(use: Use) -> Row:
    return (
        *(use.invocation_id, use.started_at, use.kind, use.prompt_hash, use.model),
        *(use.rows, use.stored, use.repeated, use.failures, use.answer_usd, use.saved_usd),
    )


def _cascade_uses(store: Ledger) -> list[Row]:
    """Return what each cascade did in each run."""
    return [_cascade_use(use) for use in cascades_in(store)]


def _cascade_use(use: CascadeUse) -> Row:
    return (
        *(use.learnt.cascade, use.invocation_id, use.started_at),
        *(use.kept, use.asked_on, use.saved_usd),
    )


def _repairs(store: Ledger) -> list[Row]:
    """Return every repair with its last decision."""
    return [astuple(each) for each in store.read(queries.RepairsOf())]


_COUNTED: Mapping[str, tuple[Mapping[str, str], Callable[[Ledger], list[Row]]]] = {
    "savings": (_SAVINGS, _savings),
    "cascade_uses": (_CASCADE_USES, _cascade_uses),
    "repairs": (_REPAIRS, _repairs),
}
"""Tables that are no tables of the store, by name: their columns, and what counts them."""
