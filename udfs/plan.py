"""`assay plan`: runs every AI model with functions that count, adds up what a build would ask."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from udfs import fence
from udfs.arrow import Udfs
from udfs.census import Census, Plan, timed
from udfs.engine import Engine
from udfs.errors import ConfigError, our_words
from udfs.providers.replay import ReplayProvider
from udfs.resolver import Resolver
from udfs.settings import Settings
from udfs.store import Store
from udfs.warehouse import open_warehouse

_REMEDY = "run `./scripts/build --select +bronze --indirect-selection cautious` first"

_ABOUT_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors that quote the statement only; others may quote what is in a row."""

_LAST_CALLS = 200
"""Over how many requests it is averaged how long one takes."""


def plan_models(
    manifest: dict[str, Any], database: Path, settings: Settings, *, whole: bool = True
) -> dict[str, Plan]:
    """Return the plan of each AI model of a compiled project, and of all under `total`.

    Nothing is sent. Raises `ConfigError` when the statement of a model fails on the present
    warehouse, as for a table or a column that is not built yet; such models are left out unless
    the plan is to be `whole`.
    """
    plans: dict[str, Plan] = {}
    total = Census(settings)
    with _counting(database, settings) as (connection, resolver, latency):
        for name, sql in ai_models(manifest).items():
            resolver.censuses = [census := Census(settings)]
            try:
                _run(connection, name, sql)
            except ConfigError:
                if whole:
                    raise
                continue
            total.add(census)
            plans[name] = census.plan()
    rows = sum(plan.rows for plan in plans.values())
    plans["total"] = replace(total.plan(), rows=rows)
    return {name: timed(plan, settings, latency) for name, plan in plans.items()}


def ai_models(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the compiled SQL of the models that call AI functions, by name, in DAG order."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    compiled = {node["name"]: node.get("compiled_code") or "" for node in nodes}
    return {name: sql for name, sql in sorted(compiled.items()) if "assay_ask_" in sql}


def check_warehouse(database: Path) -> None:
    """Raise `ConfigError` where there are no tables to count, or another process has them."""
    if not database.exists():
        message = f"There is no warehouse at {database}; {_REMEDY}."
        raise ConfigError(message)
    open_warehouse(database).close()


def manifest_of(project: Path) -> dict[str, Any]:
    """Return the manifest that `dbt compile` wrote."""
    manifest: dict[str, Any] = json.loads((project / "target" / "manifest.json").read_text())
    return manifest


def _run(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    try:
        connection.execute(f"select max(hash(counted)) from (\n{sql}\n) as counted")  # noqa: S608
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        message = f"{name} cannot be counted on the present warehouse: {_why(error)}"
        raise ConfigError(message) from None


def _why(error: duckdb.Error) -> str:
    """Return one line: what an error says, or its kind alone where it may quote a row; what to do.

    Our functions say themselves what is to be done.
    """
    if (ours := our_words(str(error))) is not None:
        return ours
    said = str(error).split("\n")[0].rstrip(" .!")
    if not isinstance(error, _ABOUT_SQL):
        said = said.split(":")[0]
    return f"{said}; {fence.remedy(error) or f'{_REMEDY}, or correct the model.'}"


def _latency(connection: sqlite3.Connection, settings: Settings) -> float | None:
    """Return the mean seconds of the last requests to this host and model; None without any."""
    query = (
        "select avg(latency_seconds) from (select latency_seconds from calls "
        "where host = ? and model = ? and outcome in ('ok', 'partial') "
        "order by started_at desc limit ?)"
    )
    asked = [settings.host, settings.model_for(None), _LAST_CALLS]
    seconds: float | None
    (seconds,) = connection.execute(query, asked).fetchone()
    return seconds


@contextlib.contextmanager
def _counting(
    database: Path, settings: Settings
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Resolver, float | None]]:
    """Yield a read-only connection whose functions count, their resolver, a request's seconds."""
    store = Store(settings.store)
    engine = Engine(settings, store, ReplayProvider())
    resolver = Resolver(settings, engine)
    udfs = Udfs(resolver, engine)
    connection = open_warehouse(database)
    try:
        udfs.register(connection, counting=True)
        (latency,) = store.transact([lambda c: _latency(c, settings)])
        yield connection, resolver, latency
    finally:
        connection.close()
        engine.close()
        store.close()
