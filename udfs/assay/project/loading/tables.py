"""`bronze_raw.loads`: what became of each load, written with the rows that it is about."""

from __future__ import annotations

import datetime

import duckdb

from assay.core.clock import now_utc
from assay.project.loading.outcome import SourceOutcome

SCHEMA = "bronze_raw"
OURS = frozenset({"loads", "documents", "document_contents", "document_pages", "document_chunks"})
"""Tables of that schema which no source may write."""

_MAKE = """
create schema if not exists bronze_raw;
create table if not exists bronze_raw.loads (
    source varchar not null, loaded_at timestamp not null, status varchar not null,
    row_count bigint not null, seconds double not null, new_columns varchar[] not null,
    error varchar
);
"""
_LATEST = """
select
    source,
    arg_max(status, loaded_at) as status,
    max(loaded_at) filter (where status = 'ok') as loaded_at,
    coalesce(sum(row_count), 0) as row_count,
    arg_max(error, loaded_at) as error
from bronze_raw.loads group by source
"""
_IS_THERE = (
    "select count(*) from information_schema.tables "
    "where table_schema = 'bronze_raw' and table_name = 'loads'"
)


def keep(connection: duckdb.DuckDBPyConnection, outcome: SourceOutcome) -> None:
    """Write a line about a load, in the transaction that is open."""
    connection.execute(_MAKE)
    connection.execute(
        "insert into bronze_raw.loads values (?, ?, ?, ?, ?, ?, ?)",
        [
            *(outcome.source, now_utc(), outcome.status, outcome.rows, outcome.seconds),
            *(list(outcome.new_columns), outcome.error),
        ],
    )


def latest(
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, tuple[str, datetime.datetime | None, int, str | None]]:
    """Return by source how its last load ended, when one last went well, all rows, and the error.

    Times are UTC; there is nothing before the first load.
    """
    (count,) = connection.execute(_IS_THERE).fetchall()[0]
    if not count:
        return {}
    rows = connection.execute(_LATEST).fetchall()
    return {source: (status, at, int(taken), error) for source, status, at, taken, error in rows}
