"""`assay repair`: propose repairs for a table; a person or a stated rule decides about them."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from assay.cli.console import Json, open_store, print_json, print_table
from assay.cli.keyboard import keyboard
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.project_folder import project_here, target_of
from assay.hosts.dbt.settings import database_path
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.gates.inventory import SUITES
from assay.project.repairs.deciding import RepairDesk, stale, summary
from assay.project.repairs.proposing import propose
from assay.project.repairs.settings import RepairSettings, settings_of
from assay.project.repairs.stated import Stated, accepted_suites
from assay.project.repairs.terminal import RepairTerminal, told
from assay.project.suggestions.relations import Relation, find_table
from assay.store import Repair

_WIDTH = 40


def command(
    relation: Annotated[str, typer.Argument(help="A dbt model, seed or source, or schema.table.")],
    *,
    key: Annotated[
        str | None, typer.Option(help="The column that tells rows apart; else the model says it.")
    ] = None,
    follows: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=COLUMN,...: the first follows from the others; several times."),
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Accept the repair whose id begins so; several times.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(help="Never propose this one again; several times.")
    ] = None,
    undo: Annotated[
        list[str] | None, typer.Option(help="Take back what was decided of it; several times.")
    ] = None,
    accept_where: Annotated[
        str | None, typer.Option(help="Accept all of which this holds: SQL over the columns.")
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Look at one after the other in the terminal.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """Propose repairs for a table, and accept, reject or undo them; no table is changed.

    What is accepted is laid over the rows by the macro ai_repaired; nothing else is.
    """
    decisions = [("accept", accept or []), ("reject", reject or []), ("undo", undo or [])]
    with open_store() as store, _warehouse() as connection:
        manifest = _manifest()
        table = find_table(connection, relation, manifest)
        desk = RepairDesk(store, f"{table.schema}.{table.name}")
        if any(ids for _, ids in decisions):
            for what, ids in decisions:
                _decide(desk, what, ids)
            return
        said = settings_of(manifest, table)
        desk.propose(_proposed(connection, table, said, key, follows or []))
        for condition in filter(None, (said.accept_where, accept_where)):
            count = desk.accept_where(connection, condition)
            if count and not as_json:
                typer.echo(f"{counted(count, 'repair')} accepted, where {condition}.")
        found = desk.repairs
        if review:
            _review(desk, [each for each in found if each.status == "proposed"])
        elif as_json:
            print_json([asdict(each) for each in found])
        else:
            _print(relation, found, stale(connection, table, found), limit)


def _warehouse() -> duckdb.DuckDBPyConnection:
    """Open the warehouse with one thread, so that a sample is repeatable."""
    path = database_path()
    if not path.exists():
        message = f"There is no warehouse at {path}; run {program('build')} first."
        raise ConfigError(message)
    return open_warehouse(path, threads=1)


def _manifest() -> dict[str, Any]:
    """Return dbt's manifest; without one tables are found by their own names."""
    file = target_of(Path()) / "manifest.json"
    if not file.exists():
        return {}
    manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return manifest


def _proposed(
    connection: duckdb.DuckDBPyConnection,
    table: Relation,
    said: RepairSettings,
    key: str | None,
    follows: Sequence[str],
) -> list[Repair]:
    key = key or said.key
    if key is None:
        message = (
            f"Nothing says which column tells the rows of {table.schema}.{table.name} apart; name "
            "it with --key, or as `key` under `repair:` in the model's meta."
        )
        raise ConfigError(message)
    suites = accepted_suites(project_here().root / SUITES, table.name)
    stated = Stated({**said.follows, **dict(map(_follows, follows))}, suites)
    return propose(connection, table, key, stated)


def _follows(given: str) -> tuple[str, list[str]]:
    column, equals, others = given.partition("=")
    names = [name.strip() for name in others.split(",") if name.strip()]
    if equals and column.strip() and names:
        return column.strip(), names
    message = f"--follows {given!r} is not COLUMN=COLUMN,...: --follows city=zip."
    raise ConfigError(message)


def _decide(desk: RepairDesk, what: str, ids: Sequence[str]) -> None:
    """Do what was said of each repair, and print it."""
    if not ids:
        return
    chosen, by = desk.named(ids), getpass.getuser()
    {"accept": desk.accept, "reject": desk.reject, "undo": desk.undo}[what](chosen, by)
    done = {"accept": "Accepted", "reject": "Rejected", "undo": "Undone"}[what]
    for each in chosen:
        change = f"{each.column_name} of {each.row_key}: {told(each.before)} -> {told(each.after)}"
        typer.echo(f"{done} {each.id}: {change}")


def _review(desk: RepairDesk, waiting: list[Repair]) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        message = "--review needs a terminal; elsewhere decide with --accept ID and --reject ID."
        raise ConfigError(message)
    with keyboard() as keys:
        session = RepairTerminal(desk, getpass.getuser(), typer.echo, keys.key)
        try:
            typer.echo(f"\n{session.run(waiting)}.")
        except (KeyboardInterrupt, EOFError):
            typer.echo("")


def _print(relation: str, found: Sequence[Repair], aged: set[str], limit: int) -> None:
    """Print how many repairs there are, the surest that wait, and what to do next."""
    waiting = [each for each in found if each.status == "proposed"]
    typer.echo(f"{relation}: {summary(found, aged)}.")
    if not waiting:
        return
    titles = ("id", "key", "column", "before", "after", "reason", "confidence", "rule")
    print_table(titles, [_cells(each) for each in waiting[:limit]], "......r")
    if len(waiting) > limit:
        typer.echo(f"... and {len(waiting) - limit:,} more; see --limit, --json.")
    call = program(f"repair {relation}")
    typer.echo(
        f"Nothing was changed. Accept with `{call} --accept ID`, look at each with --review, or "
        "state a rule with --accept-where."
    )


def _cells(each: Repair) -> tuple[str, ...]:
    before, after = told(each.before)[:_WIDTH], told(each.after)[:_WIDTH]
    sure = f"{each.confidence:.2f}"
    return each.id, each.row_key, each.column_name, before, after, each.reason, sure, each.rule
