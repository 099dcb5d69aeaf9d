"""Delivering: what is current now goes to a destination, is counted there, and then stays."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError, PublishError
from assay.core.plural import counted
from assay.hosts.duckdb.quoting import quoted
from assay.project.publishing.destinations.contract import (
    CarriedColumn,
    Destination,
    Shipment,
    travelling,
)
from assay.project.publishing.publish import SNAPSHOT, Published, alone_in

Keys = Mapping[str, Sequence[str]]
"""The tables that are delivered, each with the columns of its key."""

RECORD = "deliveries.jsonl"
"""In the folder of the publications: a line for each table that was delivered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A table that a destination holds now: all its rows, and what changed there."""

    table: str
    rows: int
    written: int
    deleted: int


def chosen_keys(keys: Keys, names: Sequence[str]) -> Keys:
    """Return the tables that are delivered, each with its key: those named, or all of gold.

    Raises `ConfigError` for a name that gold has not, and for a table without a key.
    """
    for name in names:
        if name not in keys:
            message = f"'{name}' is no table of gold; there are {', '.join(keys)}."
            raise ConfigError(message)
    chosen = {name: keys[name] for name in names or keys}
    without = [name for name, key in chosen.items() if not key]
    if without:
        message = (
            f"{', '.join(without)} cannot be delivered without a key; name the column that "
            "identifies a row as `unique_key` of the model, or test it with `unique` and "
            "`not_null`; or name the tables that have a key."
        )
        raise ConfigError(message)
    return chosen


def deliver(done: Published, keys: Keys, destination: Destination, name: str) -> list[Delivery]:
    """Let a destination hold the tables of a publication that are in `keys`, and no other rows.

    Raises `PublishError` when it cannot be done, or when the destination does not hold as many
    rows as gold; it then holds what it held before. `name` is what people call it.
    """
    folder = done.folder.parent
    with alone_in(folder), contextlib.ExitStack() as stack:
        try:
            snapshot = stack.enter_context(
                duckdb.connect(str(done.folder / SNAPSHOT), read_only=True)
            )
            shipments = [_shipment(snapshot, done, table, key) for table, key in keys.items()]
            deliveries = _delivered(destination, shipments)
            _note(folder / RECORD, done, name, deliveries)
        except _errors(destination) as error:
            raise PublishError(_said(error)) from error
    return deliveries


def _errors(destination: Destination) -> tuple[type[Exception], ...]:
    return (OSError, duckdb.Error, PublishError, *destination.errors)


def _delivered(destination: Destination, shipments: Sequence[Shipment]) -> list[Delivery]:
    with destination:
        deliveries = []
        for shipment in shipments:
            change = destination.replace(shipment)
            _check(shipment, destination.count(shipment.name))
            delivery = Delivery(shipment.name, shipment.rows, change.written, change.deleted)
            deliveries.append(delivery)
        destination.keep()
    return deliveries


def _check(shipment: Shipment, held: int) -> None:
    if held != shipment.rows:
        message = (
            f"{shipment.name} has {counted(held, 'row')} there and {shipment.rows:,} in gold; "
            "see who else writes to it, drop it there, and publish again"
        )
        raise PublishError(message)


def _shipment(
    snapshot: duckdb.DuckDBPyConnection, done: Published, name: str, key: Sequence[str]
) -> Shipment:
    """Return a table of a publication as it travels, once its key is known to be one."""
    rows = _key_rows(snapshot, name, key)
    described = snapshot.execute(f"describe {quoted(name)}").fetchall()
    columns = [travelling(column, kind) for column, kind, *_ in described]
    chosen = ", ".join(f"{sql} as {quoted(column.name)}" for column, sql in columns)
    _check_vectors(snapshot, name, [column for column, _ in columns if column.vector])
    relation = quoted(f"{name} on its way")
    snapshot.execute(f"create temp view {relation} as select {chosen} from {quoted(name)}")  # noqa: S608
    said = done.manifest
    return Shipment(
        name,
        key,
        [column for column, _ in columns],
        rows,
        snapshot,
        relation,
        published_at=str(said["published_at"]),
        content_hash=str(said["tables"][name]["content_hash"]),
    )


def _key_rows(snapshot: duckdb.DuckDBPyConnection, name: str, key: Sequence[str]) -> int:
    """Return how many rows a table has; raise `PublishError` where its key does not tell them."""
    columns = list(map(quoted, key))
    blank = " or ".join(f"{column} is null" for column in columns)
    rows, told, blanks = snapshot.execute(
        f"select count(*), count(distinct ({', '.join(columns)})), "  # noqa: S608
        f"count(*) filter (where {blank}) from {quoted(name)}"
    ).fetchall()[0]
    if blanks or told != rows:
        message = (
            f"{' and '.join(key)} is no key of {name}: of {counted(rows, 'row')} "
            f"{blanks:,} have none, and {told:,} differ; test it with `unique` and `not_null`"
        )
        raise PublishError(message)
    return int(rows)


def _check_vectors(
    snapshot: duckdb.DuckDBPyConnection, name: str, vectors: Sequence[CarriedColumn]
) -> None:
    """Raise `PublishError` for a number that no store takes, or that one would make NULL."""
    for column in vectors:
        finite = f"list_sum({quoted(column.name)}::DOUBLE[])"
        query = f"select 1 from {quoted(name)} where not isfinite({finite}) limit 1"  # noqa: S608
        if snapshot.execute(query).fetchall():
            message = (
                f"{name} has a vector with a number that is not finite in {column.name}; mend its "
                "model"
            )
            raise PublishError(message)


def _note(record: Path, done: Published, name: str, deliveries: Sequence[Delivery]) -> None:
    """Write down what was delivered where."""
    now = datetime.datetime.now(datetime.UTC).isoformat()
    told = {"delivered_at": now, "publication": done.folder.name, "destination": name}
    with record.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(told | asdict(one)) + "\n" for one in deliveries)


def _said(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") + "."
