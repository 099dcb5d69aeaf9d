"""A DuckLake: its catalog is one file, and all tables of a delivery change in one transaction.

Rows are merged on the key; only those that differ are written, as Parquet beside the catalog.
Every snapshot before can be read.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from assay.core.errors import ConfigError, PublishError
from assay.hosts.duckdb.extensions import load_extension
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.publishing.destinations.contract import (
    MARK,
    Replacement,
    Shipment,
    differing,
    not_alike,
    not_ours,
)
from assay.project.publishing.destinations.held import adapted

_LAKE = "lake"
_GIVEN = "given"


class DuckLake:
    """A `Destination`: the catalog of a DuckLake in `FILE`, its rows in `FILE.files`."""

    errors: tuple[type[Exception], ...] = (OSError, duckdb.Error)

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Self:
        self._connection = duckdb.connect(
            ":memory:", config={"autoinstall_known_extensions": False}
        )
        try:
            load_extension(self._connection, "ducklake", "ducklake", "Publishing to a DuckLake")
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._connection.execute(
                f"attach {literal(f'ducklake:{self._file}')} as {_LAKE} "
                f"(data_path {literal(f'{self._file}.files/')}); use {_LAKE}; begin"
            )
        except ConfigError:
            self._connection.close()
            raise
        except duckdb.Error as error:
            self._connection.close()
            message = f"{self._file} cannot be opened: {str(error).splitlines()[0].rstrip('.')}"
            raise PublishError(message) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(duckdb.TransactionException):  # it was kept
            self._connection.execute("rollback")
        self._connection.close()

    def replace(self, shipment: Shipment) -> Replacement:
        """Merge what is new or differs and delete what is gone."""
        shipment = adapted(shipment, {})
        self._make(shipment)
        rows = shipment.connection.execute(f"from {shipment.relation}").to_arrow_table()
        self._connection.register(_GIVEN, rows)
        try:
            return Replacement(self._do(_merge(shipment)), self._do(_delete(shipment)))
        finally:
            self._connection.unregister(_GIVEN)

    def count(self, name: str) -> int:
        """Return how many rows a table has, by this transaction."""
        return int(self._rows(f"select count(*) from {quoted(name)}")[0][0])  # noqa: S608

    def keep(self) -> None:
        """Commit."""
        self._connection.execute("commit")

    def _make(self, shipment: Shipment) -> None:
        """Make the table where it is not there; raise `PublishError` where it is another."""
        name = quoted(shipment.name)
        found = self._rows(
            "select comment from duckdb_tables() "  # noqa: S608
            f"where database_name = '{_LAKE}' and table_name = {literal(shipment.name)}"
        )
        if not found:
            described = ", ".join(f"{quoted(one.name)} {one.kind}" for one in shipment.columns)
            self._connection.execute(f"create table {name} ({described})")
            self._connection.execute(f"comment on table {name} is {literal(MARK)}")
            return
        if found[0][0] != MARK:
            raise PublishError(not_ours(shipment.name))
        held = [(column, kind) for column, kind, *_ in self._rows(f"describe {name}")]
        wanted = [(one.name, one.kind) for one in shipment.columns]
        if difference := differing(held, wanted):
            raise PublishError(not_alike(shipment.name, difference))

    def _do(self, statement: str) -> int:
        """Execute a statement and return how many rows it touched."""
        return int(self._rows(statement)[0][0])

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def _merge(shipment: Shipment) -> str:
    names = [quoted(column.name) for column in shipment.columns]
    held, given = (", ".join(f"{side}.{name}" for name in names) for side in ("held", "given"))
    same = " and ".join(f"held.{name} = given.{name}" for name in map(quoted, shipment.key))
    return (
        f"merge into {quoted(shipment.name)} as held using {_GIVEN} as given on ({same}) "  # noqa: S608
        f"when matched and ({held}) is distinct from ({given}) then update set "
        f"{', '.join(f'{name} = given.{name}' for name in names)} "
        f"when not matched then insert ({', '.join(names)}) values ({given})"
    )


def _delete(shipment: Shipment) -> str:
    same = " and ".join(f"given.{name} = held.{name}" for name in map(quoted, shipment.key))
    return (
        f"delete from {quoted(shipment.name)} as held where not exists "  # noqa: S608
        f"(select 1 from {_GIVEN} as given where {same})"
    )
