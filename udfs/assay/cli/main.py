"""The command line, `./scripts/assay`: build, query, evaluate."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from assay.cli import (
    calls,
    checks,
    dead_letters,
    doctor,
    evaluate,
    explain,
    forget,
    publish,
    query,
    report,
    store,
    suggest,
)
from assay.cli.console import Json, print_json, print_table
from assay.core.errors import AssayError, BudgetError, ConfigError
from assay.core.plural import counted
from assay.core.settings import Settings, reach_from_environ, settings_from_environ
from assay.engine.budget import Budget
from assay.hosts.dbt.lineage import last_code
from assay.hosts.dbt.manifest import read_manifest
from assay.hosts.dbt.plan import check_warehouse, plan_code, uncounted_notes
from assay.hosts.dbt.process import (
    BUDGET_EXIT,
    EXIT_CODES,
    SIGNALLED,
    code_beside,
    project_flags,
    run_dbt,
)
from assay.hosts.dbt.project_folder import enter_project
from assay.hosts.duckdb import fence
from assay.hosts.duckdb.reading import explanation
from assay.hosts.duckdb.warehouse import database_path, open_warehouse
from assay.project.counting import spend_of, uses_in
from assay.project.evaluation.golden_told import red_evaluations
from assay.project.gates import gate
from assay.project.gates.failed_share import too_many_failed
from assay.project.gates.green import buildable
from assay.project.gates.red_tests import red_tests
from assay.project.publishing import row_counts
from assay.project.report.arrivals import arrivals_of
from assay.project.report.summary import (
    PLAN_TITLES,
    invocation_of,
    plan_cells,
    plan_notes,
    run_results,
    stopped_by,
    summary,
)
from assay.store import Store

PROGRAM = "./scripts/assay"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.callback()
def main() -> None:
    """Assay: AI columns for dbt on DuckDB that are batched, cached, budgeted and checked."""


@app.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help", "-h"]}
)
def build(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OPTIONS OF DBT]", help="Go to `dbt build`: `--select silver --full-refresh`."
        ),
    ] = None,
) -> None:
    """Run `dbt build`, then print what was built, what it cost and where to look."""
    arguments = buildable(words or [], project_flags(Path.cwd()), os.environ)
    settings = settings_from_environ()
    if database_path().exists():
        open_warehouse(database_path(), read_only=False).close()
    for loss in row_counts.losses(database_path()):
        typer.echo(f"Warning: {loss} after the last build. See docs/operations.md.", err=True)
    _check_budget(settings, arguments)
    before = invocation_of(run_results(Path.cwd()))
    code = run_dbt(["build", *arguments])
    results = run_results(Path.cwd())
    ended, red = results is not None and invocation_of(results) != before, list[str]()
    if results is not None and ended:
        code, red = _told(settings, results, code, arguments)
    elif not code:
        typer.echo(checks.STALE, err=True)
        code = 1
    row_counts.checkpoint(database_path(), invocation_of(results))
    code = publish.after_build(settings, code, ended=ended)
    report.after_build(results, code, red, ended=ended)
    raise typer.Exit(code)


def _check_budget(settings: Settings, arguments: list[str]) -> None:
    """End with the exit code for it where a build needs more than its budget, before it starts.

    A model that cannot be counted before, such as one whose input is not built, is checked by
    the engine once it can be; the others are refused where they alone exceed it.
    """
    if not settings.refuses or not database_path().exists():
        return
    with contextlib.suppress(ConfigError):
        code = code_beside(*arguments)
        plans = plan_code(code, database_path(), settings, whole=False).plans
        budget = Budget(settings.max_cost_usd, settings.max_requests)
        try:
            budget.check(plans["total"].cost_usd, plans["total"].requests)
        except BudgetError as error:
            typer.echo(f"Stopped {error}", err=True)
            raise typer.Exit(BUDGET_EXIT) from None


def _told(
    settings: Settings, results: dict[str, Any], code: int, arguments: list[str]
) -> tuple[int, list[str]]:
    """Print what a run did and why it is not green, if so.

    Returns the exit code for that, and the sentences on what is red.
    """
    invocation, ledger = invocation_of(results), Store(settings.store)
    (uses,) = ledger.transact([lambda connection: uses_in(connection, invocation)])
    manifest = read_manifest(Path.cwd())
    arrived = arrivals_of(results, manifest, database_path(), settings)
    spend = spend_of(ledger, invocation)
    typer.echo(summary(results, spend, uses, database_path(), arrived))
    typer.echo(gate.summary(ledger, invocation))
    most, columns = settings.max_failed_share, last_code(ledger).columns
    stop = stopped_by(ledger, invocation)
    failing = [] if stop else list(too_many_failed(uses, most, columns))
    red = [*failing, *red_tests(results, manifest, red_evaluations(ledger, invocation))]
    for line in red:
        typer.echo(f"Red     {line}")
    ledger.close()
    for note in checks.notes(results):
        typer.echo(note)
    if stop is not None:
        typer.echo(f"Stopped {stop[1]}", err=True)
        return EXIT_CODES.get(stop[0], code), red
    lines = list(checks.red_lines(settings, results, arguments)) if code in (0, 1) else []
    for line in checks.shown(lines):
        typer.echo(line, err=True)
    return code or int(bool(lines or failing)), [*red, *lines]


@app.command()
def plan(
    select: Annotated[str | None, typer.Option(help="Models, as dbt selects them.")] = None,
    max_requests: Annotated[
        int | None, typer.Option(min=0, help="Exit with code 3 when more requests are due.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count what a build would ask: requests, tokens, money, minutes. Nothing is sent."""
    settings = settings_from_environ()
    check_warehouse(database_path())
    chosen = ["--select", select] if select else []
    planned = plan_code(code_beside(*chosen), database_path(), settings)
    plans = planned.plans
    if as_json:
        print_json({name: asdict(one) for name, one in plans.items()})
    else:
        print_table(PLAN_TITLES, plan_cells(plans), right=".rrrrrrrrr")
        for note in (*plan_notes(plans["total"]), *uncounted_notes(planned.uncounted)):
            typer.echo(note)
    if max_requests is not None and plans["total"].requests > max_requests:
        typer.echo(f"More than {counted(max_requests, 'request')} due.", err=True)
        raise typer.Exit(BUDGET_EXIT)


app.command("query")(query.command)
app.command("evaluate")(evaluate.command)
app.command("checks")(checks.command)
app.command("doctor")(doctor.command)
app.command("calls")(calls.calls)
app.command("spend")(calls.spend)
app.command("explain")(explain.command)
app.command("backup")(store.backup_command)
app.command("restore")(store.restore_command)
app.command("prune")(store.prune_command)
app.command("report")(report.command)
app.command("suggest")(suggest.command)
app.command("publish")(publish.command)
app.command("forget")(forget.command)
app.add_typer(dead_letters.app, name="dead-letters")


def run() -> None:
    """Run the command line; wrong input and our own errors are one line and exit code 2."""
    try:
        enter_project()
        sys.exit(app(prog_name=PROGRAM, standalone_mode=False))
    except (AssayError, duckdb.Error, OSError) as error:
        typer.echo(f"assay: {_remedied(error)}", err=True)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("assay: Interrupted; nothing that was answered is lost.", err=True)
        sys.exit(SIGNALLED + signal.SIGINT)
    except typer.TyperException as error:
        if error.format_message():  # blank where no word was given: then help was printed
            typer.echo(_usage(error), err=True)
    sys.exit(2)


def _remedied(error: Exception) -> str:
    """Return what an error says, with what to do where a file or the fence has caused it."""
    if isinstance(error, duckdb.Error):
        return explanation(error, "", reach_from_environ()) or str(error)
    remedy = fence.remedy(error)
    return str(error) if remedy is None or remedy in str(error) else f"{error}\n{remedy}"


def _usage(error: typer.TyperException) -> str:
    """Return what is wrong with the command line and where its help is, in one line."""
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    said = " ".join(error.format_message().split()).rstrip(".")
    return f"assay: {said}; see `{path} --help`."


if __name__ == "__main__":
    run()
