"""A table of Postgres as a resource of dlt: Arrow by ADBC, from the last cursor on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from assay.core.errors import ConfigError
from assay.core.extras import extra

_AT_ONCE = 50_000
_AS_IT_IS = re.compile(
    r"(smallint|integer|bigint|real|double precision|boolean|text|character varying|character"
    r"|date|timestamp|time without|jsonb?|bytea|numeric\(\d+,\d+\))(?!\w)"
)
"""Types that arrive as themselves; all others come as Postgres writes them out, lists as JSON."""

_DECIMAL = re.compile(r"numeric\((\d+),(\d+)\)")
_MOST_DIGITS = 38
_COLUMNS = """
select attname, format_type(atttypid, atttypmod)
from pg_catalog.pg_attribute
where attrelid = to_regclass({}) and attnum > 0 and not attisdropped order by attnum
"""


def table_resource(
    address: str,
    table: str,
    *,
    cursor: str | None,
    primary_key: str | Sequence[str] | None,
    name: str | None,
) -> Any:
    """Return the resource of a table; see `assay.sources.postgres`."""
    import dlt

    if cursor is not None and primary_key is None:
        message = (
            f"The table {table} is read by the cursor {cursor}; say its `primary_key=`, so that a "
            "row that changed takes the place of its old one."
        )
        raise ConfigError(message)

    def whole() -> Iterator[Any]:
        yield from _batches(address, table, None, None)

    def since(last: Any = dlt.sources.incremental(cursor)) -> Iterator[Any]:  # noqa: B008 - dlt's way
        yield from _batches(address, table, cursor, last.last_value)

    return dlt.resource(
        whole if cursor is None else since,
        name=name or table.rpartition(".")[2],
        write_disposition="replace" if cursor is None else "merge",
        primary_key=primary_key,
    )


def _batches(address: str, table: str, cursor: str | None, last: Any) -> Iterator[pa.Table]:
    with extra("load", "Reading Postgres"):
        from adbc_driver_postgresql import dbapi
    with (
        contextlib.closing(dbapi.connect(address)) as connection,
        contextlib.closing(connection.cursor()) as asked,
    ):
        asked.execute(_COLUMNS.format(_text(_quoted(table))))
        types = dict(asked.fetchall())
        if not types:
            message = f"There is no table {table} in Postgres that may be read; see to its name."
            raise ConfigError(message)
        if cursor is not None and cursor not in types:
            message = f"The table {table} has no column {cursor}; name another `cursor=`."
            raise ConfigError(message)
        asked.execute(_query(table, types, cursor, last))
        for batch in asked.fetch_record_batch():
            yield from _parts(_plain(pa.Table.from_batches([batch]), types))


def _query(table: str, types: dict[str, str], cursor: str | None, last: Any) -> str:
    """Return the query for what is new; a row at the last cursor comes again, and is known."""
    columns = ", ".join(_selected(_identifier(one), kind) for one, kind in types.items())
    query = f"select {columns} from {_quoted(table)}"  # noqa: S608 - quoted
    if cursor is None:
        return query
    if last is not None:
        query += f" where {_identifier(cursor)} >= {_text(str(last))}::{types[cursor]}"
    return f"{query} order by {_identifier(cursor)}"


def _selected(column: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"to_json({column})::text as {column}"
    return column if _AS_IT_IS.match(kind) else f"{column}::text as {column}"


def _plain(table: pa.Table, types: dict[str, str]) -> pa.Table:
    """Return a table without types that only Arrow knows: numbers as decimals, JSON as text."""
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if isinstance(field.type, pa.BaseExtensionType):
            column = pa.chunked_array([part.storage for part in column.chunks])
        if (found := _DECIMAL.fullmatch(types[field.name])) and int(found[1]) <= _MOST_DIGITS:
            column = column.cast(pa.decimal128(int(found[1]), int(found[2])))
        table = table.set_column(at, field.name, column)
    return table


def _parts(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, _AT_ONCE):
        yield table.slice(start, _AT_ONCE)


def _quoted(table: str) -> str:
    return ".".join(map(_identifier, table.split(".")))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
