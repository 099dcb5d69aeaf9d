"""What a destination holds against what gold is, compared by DuckDB: what differs, is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from assay.core.errors import PublishError
from assay.hosts.duckdb.quoting import quoted
from assay.project.publishing.destinations.contract import (
    CarriedColumn,
    Shipment,
    differing,
    not_alike,
)

_HELD = "assay_held"


def adapted(shipment: Shipment, kinds: Mapping[str, str]) -> Shipment:
    """Return a shipment for a store that has no vectors, and others of `kinds` for some types.

    A vector is a list of numbers there. Times with a zone travel in UTC.
    """
    columns = [
        CarriedColumn(one.name, "FLOAT[]" if one.vector else kinds.get(one.kind, one.kind))
        for one in shipment.columns
    ]
    relation = quoted(f"{shipment.name} as a table")
    chosen = ", ".join(f"{quoted(one.name)}::{one.kind} as {quoted(one.name)}" for one in columns)
    shipment.connection.execute("set timezone = 'UTC'")
    shipment.connection.execute(
        f"create or replace temp view {relation} as select {chosen} from {shipment.relation}"  # noqa: S608
    )
    return replace(shipment, columns=columns, relation=relation)


@contextlib.contextmanager
def held(shipment: Shipment, rows: Any) -> Iterator[None]:
    """Let Arrow be what the destination holds, for `changed` and `gone`.

    Raises `PublishError` where its columns are not those of gold.
    """
    shipment.connection.register(_HELD, rows)
    try:
        _check(shipment)
        yield
    finally:
        shipment.connection.unregister(_HELD)


def everything(shipment: Shipment) -> Any:
    """Return all rows of gold, as Arrow."""
    return _arrow(shipment, f"from {shipment.relation}")


def changed(shipment: Shipment) -> Any:
    """Return the rows of gold that the destination does not hold as they are, as Arrow."""
    columns = ", ".join(quoted(column.name) for column in shipment.columns)
    return _arrow(
        shipment,
        f"select {columns} from {shipment.relation} except select {columns} from {_HELD}",  # noqa: S608
    )


def gone(shipment: Shipment) -> Any:
    """Return the rows that the destination holds and gold, by the key, does not, as Arrow."""
    key = ", ".join(map(quoted, shipment.key))
    columns = ", ".join(quoted(column.name) for column in shipment.columns)
    return _arrow(
        shipment,
        f"select {columns} from {_HELD} anti join {shipment.relation} using ({key})",  # noqa: S608
    )


def gone_keys(shipment: Shipment) -> list[tuple[Any, ...]]:
    """Return the keys of the same rows."""
    key = ", ".join(map(quoted, shipment.key))
    return shipment.connection.execute(
        f"select {key} from {_HELD} anti join {shipment.relation} using ({key})"  # noqa: S608
    ).fetchall()


def _check(shipment: Shipment) -> None:
    described = shipment.connection.execute(f"describe {_HELD}").fetchall()
    found = [(name, kind) for name, kind, *_ in described]
    wanted = [(column.name, column.kind) for column in shipment.columns]
    if difference := differing(found, wanted):
        raise PublishError(not_alike(shipment.name, difference))


def _arrow(shipment: Shipment, query: str) -> Any:
    return shipment.connection.execute(query).to_arrow_table()
