"""A schema of Postgres, by ADBC: all tables of a delivery change in one transaction.

A column of vectors is one of pgvector. Rows are staged in a temporary table, and only those that
differ are written.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from assay.core.errors import PublishError
from assay.core.extras import extra
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.publishing.destinations.contract import (
    MARK,
    CarriedColumn,
    Replacement,
    Shipment,
    differing,
    not_alike,
    not_ours,
)

_STAGED = "assay_staged"
_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}


class PostgresSchema:
    """A `Destination`: the first schema of the search path of a Postgres."""

    errors: tuple[type[Exception], ...] = ()

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Self:
        with extra("pgvector", "Publishing to Postgres"):
            from adbc_driver_manager import Error
            from adbc_driver_postgresql import dbapi
        self.errors = (Error,)
        try:
            self._connection = dbapi.connect(self._url)
        except Error as error:
            raise PublishError(self._harmless(str(error))) from None
        self._cursor = self._connection.cursor()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cursor.close()
        self._connection.rollback()
        self._connection.close()

    def replace(self, shipment: Shipment) -> Replacement:
        """Stage the rows, then write what is new or differs and delete what is gone."""
        self._make(shipment)
        self._do(f"lock table {quoted(shipment.name)} in share row exclusive mode")
        self._do(f"drop table if exists pg_temp.{_STAGED}")
        rows = _staged(shipment)
        self._cursor.adbc_ingest(_STAGED, rows, mode="create", temporary=True)
        return Replacement(self._do(_upsert(shipment)), self._do(_delete(shipment)))

    def count(self, name: str) -> int:
        """Return how many rows a table has, by this transaction."""
        return int(self._rows(f"select count(*) from {quoted(name)}")[0][0])  # noqa: S608

    def keep(self) -> None:
        """Commit."""
        self._connection.commit()

    def _make(self, shipment: Shipment) -> None:
        """Make the table where it is not there; raise `PublishError` where it is another."""
        if any(column.vector for column in shipment.columns):
            self._use_pgvector()
        name = quoted(shipment.name)
        found = self._rows(
            "select obj_description(c.oid, 'pg_class') from pg_class c "  # noqa: S608
            f"where c.relnamespace = current_schema()::regnamespace "
            f"and c.relname = {literal(shipment.name)}"
        )
        if not found:
            described = ", ".join(f"{quoted(one.name)} {_type(one)}" for one in shipment.columns)
            key = ", ".join(map(quoted, shipment.key))
            self._do(f"create table {name} ({described}, primary key ({key}))")
            self._do(f"comment on table {name} is {literal(MARK)}")
        elif found[0][0] != MARK:
            raise PublishError(not_ours(shipment.name))
        else:
            self._check(shipment)

    def _use_pgvector(self) -> None:
        """Let its types and operators be found, in whichever schema it is; make it if need be."""
        self._do("create extension if not exists vector schema public")
        self._rows(
            "select set_config('search_path', concat_ws(', ', "
            "nullif(current_setting('search_path'), ''), quote_ident(nspname)), true) "
            "from pg_extension e join pg_namespace n on n.oid = e.extnamespace "
            "where extname = 'vector'"
        )

    def _check(self, shipment: Shipment) -> None:
        held = self._rows(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "  # noqa: S608
            f"where attrelid = {literal(quoted(shipment.name))}::regclass and attnum > 0 "
            "and not attisdropped"
        )
        wanted = [(column.name, _type(column)) for column in shipment.columns]
        if difference := differing(held, wanted):
            raise PublishError(not_alike(shipment.name, difference))

    def _do(self, statement: str) -> int:
        """Execute a statement and return how many rows it touched."""
        self._cursor.adbc_statement.set_sql_query(statement)
        return int(self._cursor.adbc_statement.execute_update())

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query)
        return list(self._cursor.fetchall())

    def _harmless(self, message: str) -> str:
        """Return a message without the password of the address."""
        password = urlsplit(self._url).password
        return message.replace(password, "...") if password else message


def _staged(shipment: Shipment) -> Any:
    """Return the rows as they are staged: a vector as a list of numbers."""
    chosen = ", ".join(
        f"{quoted(one.name)}::FLOAT[] as {quoted(one.name)}" if one.vector else quoted(one.name)
        for one in shipment.columns
    )
    return shipment.connection.execute(
        f"select {chosen} from {shipment.relation}"  # noqa: S608
    ).to_arrow_reader()


def _type(column: CarriedColumn) -> str:
    if column.vector:
        return f"vector({column.vector})"
    return _TYPES.get(column.kind) or column.kind.replace("DECIMAL", "numeric")


def _upsert(shipment: Shipment) -> str:
    names = [quoted(column.name) for column in shipment.columns]
    values = ", ".join(f"{quoted(one.name)}::{_type(one)}" for one in shipment.columns)
    key = ", ".join(map(quoted, shipment.key))
    new = ", ".join(f"{name} = excluded.{name}" for name in names)
    held, given = (", ".join(f"{side}.{name}" for name in names) for side in ("held", "excluded"))
    return (
        f"insert into {quoted(shipment.name)} as held ({', '.join(names)}) "  # noqa: S608
        f"select {values} from pg_temp.{_STAGED} on conflict ({key}) do update set {new} "
        f"where ({held}) is distinct from ({given})"
    )


def _delete(shipment: Shipment) -> str:
    same = " and ".join(f"staged.{name} = held.{name}" for name in map(quoted, shipment.key))
    return (
        f"delete from {quoted(shipment.name)} as held where not exists "  # noqa: S608
        f"(select from pg_temp.{_STAGED} as staged where {same})"
    )
