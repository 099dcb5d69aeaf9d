"""One source into the warehouse: extracted, normalised and loaded by dlt, in one transaction."""

from __future__ import annotations

import contextlib
import json
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.project.loading.one_transaction import OneTransaction
from assay.project.loading.outcome import SourceOutcome
from assay.project.loading.scripted import source_of
from assay.project.loading.scrub import scrubbed, secrets_of, without_items, without_values
from assay.project.loading.tables import OURS, SCHEMA, keep

_OF_OTHERS = f"""
select schema_name, arg_max(schema, version) from {SCHEMA}._dlt_version
where schema_name <> ? group by schema_name
"""  # noqa: S608 - ours


class SourceRun:
    """Runs sources, one after the other, over an open warehouse that nobody else has open.

    `dlt` is the module, prepared; `work` its working folder. With `again` a source begins from
    the start: its tables are made anew and its cursor forgotten.
    """

    def __init__(
        self, dlt: Any, connection: duckdb.DuckDBPyConnection, work: Path, *, again: bool
    ) -> None:
        self._dlt, self._connection, self._work, self._again = dlt, connection, work, again

    def load(self, name: str, path: Path) -> SourceOutcome:
        """Bring the rows of one source in; never raises for what is wrong with the source."""
        begun = time.monotonic()
        self._connection.execute(f"create schema if not exists {SCHEMA}")
        try:
            rows, new_columns = self._loaded(name, path)
            outcome = SourceOutcome(name, "ok", rows, _since(begun), tuple(new_columns))
            keep(self._connection, outcome)
            self._connection.commit()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a source raises
            self._take_back()
            said = told(error, path)
            outcome = SourceOutcome(name, "failed", seconds=_since(begun), error=said)
            keep(self._connection, outcome)
        # What it was put together in is empty; dropped in the same transaction it is in the way.
        self._connection.execute(f"drop schema if exists {SCHEMA}_staging cascade")
        return outcome

    def _take_back(self) -> None:
        with contextlib.suppress(duckdb.Error):  # none has begun, or its commit failed
            self._connection.rollback()

    def _loaded(self, name: str, path: Path) -> tuple[int, list[str]]:
        source = source_of(self._dlt, name, path)
        whole = OneTransaction(self._connection)
        pipeline = self._pipeline(name, whole)
        pipeline.sync_destination()
        before = _columns(pipeline)
        pipeline.extract(source, refresh="drop_sources" if self._again else None)
        normalized = pipeline.normalize()
        self._check_tables(name, pipeline)
        self._connection.begin()  # no sooner: a look in vain ends a transaction of DuckDB 2.0
        pipeline.load()
        if whole.is_broken:
            message = "A part of it could not be written, so nothing of it is kept."
            raise RuntimeError(message)
        counts = normalized.row_counts if normalized is not None else {}
        rows = sum(n for table, n in counts.items() if not table.startswith("_dlt"))
        return rows, _new_columns(before, _columns(pipeline))

    def _pipeline(self, name: str, whole: OneTransaction) -> Any:
        from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

        credentials = DuckDbCredentials(self._connection)
        credentials._external_conn = whole  # noqa: SLF001 - it takes no other kind of connection
        return self._dlt.pipeline(
            pipeline_name=name,
            pipelines_dir=str(self._work / "pipelines"),
            destination=self._dlt.destinations.duckdb(credentials),
            dataset_name=SCHEMA,
        )

    def _check_tables(self, name: str, pipeline: Any) -> None:
        """Raise `ConfigError` where a table is ours, or written by another source already."""
        tables = set(_tables(pipeline))
        for table in sorted(tables & OURS):
            message = f"`{SCHEMA}.{table}` is a table of Assay; give the resource another name."
            raise ConfigError(message)
        for other, schema in self._others(name):
            if both := sorted(tables & set(json.loads(schema)["tables"])):
                message = (
                    f"`{SCHEMA}.{both[0]}` is a table of the source {other}; give the resource "
                    "another name."
                )
                raise ConfigError(message)

    def _others(self, name: str) -> list[Any]:
        try:
            return self._connection.execute(_OF_OTHERS, [name]).fetchall()
        except duckdb.CatalogException:  # nothing was ever loaded
            return []


def told(error: BaseException, path: Path) -> str:
    """Return in one line what went wrong and where in the source, without a secret or a row."""
    cause = _cause(error)
    said = str(cause) or type(cause).__name__
    if isinstance(cause, duckdb.Error):
        said = without_values(said)
    elif type(cause).__module__.startswith("dlt."):
        said = without_items(said)
    elif not isinstance(cause, ConfigError):
        said = f"{type(cause).__name__}: {said}"
    frames = [frame for frame in _frames(error) if Path(frame.filename) == path]
    where = f" ({path.name}:{frames[-1].lineno})" if frames else ""
    return scrubbed(said, secrets_of()) + where


def _cause(error: BaseException) -> BaseException:
    """Return what dlt has wrapped, once or more."""
    seen = {id(error)}
    while (inner := error.__cause__ or getattr(error, "exception", None)) is not None:
        if not isinstance(inner, BaseException) or id(inner) in seen:
            break
        seen.add(id(inner))
        error = inner
    return error


def _frames(error: BaseException | None) -> Iterator[traceback.FrameSummary]:
    while error is not None:
        yield from traceback.extract_tb(error.__traceback__)
        error = error.__cause__ or error.__context__


def _tables(pipeline: Any) -> list[str]:
    """Return the tables that rows came for; none before the first load."""
    if not pipeline.default_schema_name:
        return []
    names: list[str] = pipeline.default_schema.data_table_names(seen_data_only=True)
    return names


def _columns(pipeline: Any) -> dict[str, list[str]]:
    """Return the columns of each table, without dlt's own."""
    return {
        table: [
            column
            for column in pipeline.default_schema.get_table_columns(table)
            if not column.startswith("_dlt")
        ]
        for table in _tables(pipeline)
    }


def _new_columns(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """Return what tables have that were there and did not have it, as `table.column`."""
    return [
        f"{table}.{column}"
        for table, columns in after.items()
        for column in columns
        if table in before and column not in before[table]
    ]


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)
