"""`assay load`: the sources of the project into bronze, before dbt wants them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import Json, one_line, print_json, print_table
from assay.core.plural import counted
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.dbt.settings import database_path, places_here
from assay.hosts.duckdb.warehouse import check_writable, connect
from assay.project.loading import tables
from assay.project.loading.found import chosen, sources_in
from assay.project.loading.load import load
from assay.project.loading.outcome import SourceOutcome
from assay.project.publishing.row_counts import note_loaded


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Sources; all unless named.")
    ] = None,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start", help="Make the tables of these sources anew, whatever was loaded."
        ),
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Show the sources and their last loads; load nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load the project's sources into bronze: what is new since the last load of each."""
    sources, database = chosen(_folder(), names or ()), _database()
    if listed:
        _show(list(sources), database, as_json=as_json)
        return
    outcomes = []
    for outcome in _loading(sources, database, again=from_start):
        outcomes.append(outcome)
        if not as_json:
            typer.echo(in_a_line(outcome), err=outcome.status != "ok")
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    raise typer.Exit(int(any(outcome.status != "ok" for outcome in outcomes)))


def bring_in() -> Iterator[SourceOutcome]:
    """Load every source that the project has, as a build does first; nothing where it has none."""
    if sources := sources_in(_folder()):
        yield from _loading(sources, _database(), again=False)


def in_a_line(outcome: SourceOutcome) -> str:
    """Say what became of a source, as in `Loaded  tickets: 250 rows, 1.8 s`."""
    if outcome.status != "ok":
        return f"Failed  {red_line(outcome)}"
    columns = ", ".join(outcome.new_columns)
    word = "column" if len(outcome.new_columns) == 1 else "columns"
    new = f"; new {word} {columns}" if columns else ""
    rows = counted(outcome.rows, "row")
    return one_line(f"Loaded  {outcome.source}: {rows}, {outcome.seconds:.1f} s{new}")


def red_line(outcome: SourceOutcome) -> str:
    """Say why a source is red."""
    return one_line(f"source {outcome.source}: {outcome.error}; its rows are as they were")


def _loading(sources: dict[str, Path], database: Path, *, again: bool) -> Iterator[SourceOutcome]:
    check_writable(database)
    places = places_here()
    work = project_here().path(places.store.parent) / "load"
    yield from load(sources, database, work, again=again, seconds=places.source_seconds)
    note_loaded(database, tables.SCHEMA)


def _folder() -> Path:
    return project_here().path(places_here().sources)


def _database() -> Path:
    return Path(project_here().database(str(database_path())))


def _show(names: Sequence[str], database: Path, *, as_json: bool) -> None:
    latest = {}
    if database.exists():
        with contextlib.closing(connect(database, read_only=True)) as connection:
            latest = tables.latest(connection)
    rows = [(name, *latest.get(name, ("never", None, 0, None))) for name in names]
    if as_json:
        keys = ("source", "status", "loaded_at", "rows", "error")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    print_table(
        ("source", "last", "loaded", "rows", "error"),
        [
            (name, status, f"{at:%Y-%m-%d %H:%M}" if at else "", f"{taken:,}", error or "")
            for name, status, at, taken, error in rows
        ],
        right="...r.",
    )
