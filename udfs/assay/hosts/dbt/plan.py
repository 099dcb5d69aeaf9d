"""`assay plan`: runs all that asks with functions that count, adds up what a build would ask."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError, our_words
from assay.core.program import program
from assay.core.settings import Settings
from assay.engine.cascade_resolver import CascadeResolver
from assay.engine.estimate import Census, Estimate, timed
from assay.engine.session import open_session
from assay.hosts.dbt.ai_calls import ASKS, selects_in
from assay.hosts.dbt.lineage import HOOK, RUN_BY_DBT, Code, Statement
from assay.hosts.duckdb import fence
from assay.hosts.duckdb.udfs import Udfs
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.providers.replay.provider import ReplayProvider
from assay.store import queries

_ABOUT_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors that quote the statement only; others may quote what is in a row."""

_LAST_CALLS = 200
"""Over how many requests it is averaged how long one takes."""


@dataclass(frozen=True)
class Planned:
    """The plan of each thing that asks, in the order of a build's kinds, and `total` of all.

    `uncounted` says by name why a test, snapshot or hook could not be counted: what it asks comes
    on top of its plan and the total, which are at least.
    """

    plans: dict[str, Estimate]
    uncounted: dict[str, str]


def plan_code(code: Code, database: Path, settings: Settings, *, whole: bool = True) -> Planned:
    """Return the plan of everything in a compiled project that a build runs and that asks.

    Nothing is sent. Raises `ConfigError` when the statement of a model fails on the present
    warehouse, as for a table or a column that is not built yet; such models are left out unless
    the plan is to be `whole`.
    """
    plans: dict[str, Estimate] = {}
    uncounted: dict[str, str] = {}
    total = Census(settings)
    with _counting(database, settings) as (connection, resolver, latency):
        for one in askers(code, _asking_names(connection)):
            census = Census(settings, gathered=one.is_gathered)
            resolver.censuses = [census]
            try:
                _count(connection, code, one)
                resolver.all_counted()
            except ConfigError as error:
                if one.kind != "model":
                    uncounted[one.name] = str(error)
                    census.fall_short()
                elif whole:
                    raise
                else:
                    continue
            total.add(census)
            plans[one.id if one.name in plans else one.name] = census.plan()
    rows = sum(plan.rows for plan in plans.values())
    plans["total"] = replace(total.plan(), rows=rows)
    return Planned(
        {name: timed(plan, settings, latency) for name, plan in plans.items()}, uncounted
    )


def askers(code: Code, names: Collection[str] = ()) -> list[Statement]:
    """Return what a build of the selection runs and that asks, models first, by name.

    What reads a view that asks, or calls a macro of DuckDB that does, is among it; `names` are
    those in the warehouse. A model of Python asks nobody, an ephemeral one where it is read.
    """
    nodes = code.manifest["nodes"]
    chosen = code.selected if code.selected is not None else [*nodes, *code.statements]
    keys = {key for key in (*chosen, *code.statements) if key.partition(HOOK)[0] in {*chosen}}
    found = [code.reading(key) for key in keys if code.may_ask(key, names)]
    runs = [one for one in found if one.kind in RUN_BY_DBT]
    return sorted(runs, key=lambda one: (RUN_BY_DBT.index(one.kind), one.name))


def _asking_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the views and macros of the warehouse that ask."""
    found = connection.execute(
        "select view_name from duckdb_views() where instr(sql, ?1) > 0 "
        "union select function_name from duckdb_functions() where instr(macro_definition, ?1) > 0",
        [ASKS],
    )
    return {name for (name,) in found.fetchall()}


def uncounted_notes(uncounted: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each thing that could not be counted."""
    for why in uncounted.values():
        yield f"On top, and not counted: {why}"


def check_warehouse(database: Path) -> None:
    """Raise `ConfigError` where there are no tables to count, or another process has them."""
    if not database.exists():
        message = f"There is no warehouse at {database}; {_remedy()}."
        raise ConfigError(message)
    open_warehouse(database).close()


def _count(connection: duckdb.DuckDBPyConnection, code: Code, one: Statement) -> None:
    """Run what a statement evaluates, with functions that count; raise where that cannot be."""
    if one.sql is None:
        message = f"{one.name} was not compiled: {code.failed.get(one.id, 'dbt left it out')}"
        raise ConfigError(message)
    with _named(one.name):
        selects = selects_in(one.sql) if one.kind == "hook" else [one.sql]
        for select in selects:
            if select is None:
                message = (
                    f"{one.name} is no SELECT and no INSERT of one; the run itself counts it."
                )
                raise ConfigError(message)
            connection.execute(f"select {_wanted(code, one)} from (\n{select}\n) as counted")  # noqa: S608


def _wanted(code: Code, one: Statement) -> str:
    """Return what is read of a statement: all of it, or of a test what it counts."""
    config = code.manifest["nodes"].get(one.id, {}).get("config", {})
    if one.kind != "test" or config.get("store_failures"):
        return "max(hash(counted))"
    return str(config.get("fail_calc") or "count(*)")


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Raise an error of DuckDB inside as one of what is called so."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        message = f"{name} cannot be counted on the present warehouse: {_why(error)}"
        raise ConfigError(message) from None


def _remedy() -> str:
    return f"run `{program('build --select +bronze --indirect-selection cautious')}` first"


def _why(error: duckdb.Error) -> str:
    """Return one line: what an error says, or its kind alone where it may quote a row; what to do.

    Our functions say themselves what is to be done.
    """
    if (ours := our_words(str(error))) is not None:
        return ours
    said = str(error).split("\n")[0].rstrip(" .!")
    if not isinstance(error, _ABOUT_SQL):
        said = said.split(":")[0]
    return f"{said}; {fence.remedy(error) or f'{_remedy()}, or correct the model.'}"


@contextlib.contextmanager
def _counting(
    database: Path, settings: Settings
) -> Iterator[tuple[duckdb.DuckDBPyConnection, CascadeResolver, float | None]]:
    """Yield a read-only connection whose functions count, their resolver, a request's seconds."""
    with (
        open_session(settings, ReplayProvider()) as session,
        contextlib.closing(open_warehouse(database)) as connection,
    ):
        run = session.begin("plan", builds=False)
        Udfs(run).register(connection, counting=True)
        model = settings.model_for(None)
        latency = queries.MeanLatency(settings.host, model, _LAST_CALLS)
        yield connection, run.resolver, session.store.read(latency)
