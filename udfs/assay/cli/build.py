"""`assay build`: dbt's build, with what it costs, whether it is green, and what to look at."""

from __future__ import annotations

import contextlib
import importlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.core.errors import BudgetError, ConfigError
from assay.core.settings import Settings
from assay.hosts.dbt.home import check_here, warehouse_file
from assay.hosts.dbt.process import BUDGET_EXIT, EXIT_CODES, project_flags, run_dbt
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.gates.green import buildable

CONTEXT = {"ignore_unknown_options": True, "help_option_names": ["--help", "-h"]}
"""Options that we do not know are dbt's."""

_LATER = (
    "assay.cli.checks",
    "assay.cli.publish",
    "assay.cli.report",
    "assay.project.evaluation.golden_told",
    "assay.project.report.arrivals",
)
"""What is wanted once dbt has ended, and can be imported while it works."""


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OPTIONS OF DBT]", help="Go to `dbt build`: `--select silver --full-refresh`."
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show dbt's own lines; its log file has them anyway.")
    ] = False,
) -> None:
    """Run `dbt build`, then print what was built, what it cost and where to look."""
    settings, database, project = settings_here(), database_path(), project_here()
    check_here(settings, project, warehouse_file(str(database), project))
    arguments = buildable(words or [], project_flags(Path.cwd()), os.environ)
    _open_warehouse(database)
    _check_budget(settings, database, arguments)
    before = _invocation()
    code = run_dbt(["build", *arguments], in_short=not verbose, meanwhile=_import_the_rest)
    raise typer.Exit(_finished(settings, database, code, arguments, before))


def _import_the_rest() -> None:
    for name in _LATER:
        importlib.import_module(name)


def _open_warehouse(database: Path) -> None:
    """Let DuckDB take in what a run before has left beside the file; say what it has lost."""
    from assay.hosts.duckdb.warehouse import open_warehouse
    from assay.project.publishing.row_counts import losses

    if database.exists():
        open_warehouse(database, read_only=False).close()
    for loss in losses(database):
        typer.echo(f"Warning: {loss} after the last build. See docs/operations.md.", err=True)


def _check_budget(settings: Settings, database: Path, arguments: list[str]) -> None:
    """End with the exit code for it where a build needs more than its budget, before it starts.

    A model that cannot be counted before, such as one whose input is not built, is checked by
    the engine once it can be; the others are refused where they alone exceed it.
    """
    if not settings.refuses or not database.exists():
        return
    from assay.engine.budget import Budget
    from assay.hosts.dbt.plan import plan_code
    from assay.hosts.dbt.process import code_beside

    with contextlib.suppress(ConfigError):
        code = code_beside(*arguments)
        plans = plan_code(code, database, settings, whole=False).plans
        budget = Budget(settings.max_cost_usd, settings.max_requests)
        try:
            budget.check(plans["total"].cost_usd, plans["total"].requests)
        except BudgetError as error:
            typer.echo(f"Stopped {error}", err=True)
            raise typer.Exit(BUDGET_EXIT) from None


def _invocation() -> str | None:
    from assay.project.report.summary import invocation_of, run_results

    return invocation_of(run_results(Path.cwd()))


def _finished(
    settings: Settings, database: Path, code: int, arguments: list[str], before: str | None
) -> int:
    """Say what has become of a build that dbt ended with `code`, publish it, write its report.

    Returns the exit code of the command; `before` is the run before this one.
    """
    from assay.cli import checks, publish, report
    from assay.project.publishing import row_counts
    from assay.project.report.summary import invocation_of, run_results

    results = run_results(Path.cwd())
    ended, red = results is not None and invocation_of(results) != before, list[str]()
    if results is not None and ended:
        code, red = _told(settings, database, results, code, arguments)
    elif not code:
        typer.echo(checks.STALE, err=True)
        code = 1
    row_counts.checkpoint(database, invocation_of(results))
    code = publish.after_build(settings, code, ended=ended)
    report.after_build(results, code, red, ended=ended)
    return code


def _told(
    settings: Settings,
    database: Path,
    results: dict[str, Any],
    code: int,
    arguments: list[str],
) -> tuple[int, list[str]]:
    """Print what a run did and why it is not green, if so.

    Returns the exit code for that, and the sentences on what is red.
    """
    from assay.cli import checks
    from assay.hosts.dbt.lineage import last_code
    from assay.hosts.dbt.manifest import read_manifest
    from assay.project.counting import spend_of, uses_in
    from assay.project.evaluation.golden_told import red_evaluations
    from assay.project.gates import gate
    from assay.project.gates.broken_rules import broken_rules
    from assay.project.gates.failed_share import too_many_failed
    from assay.project.gates.red_tests import red_tests
    from assay.project.publishing.verdict import gold_tables
    from assay.project.report.arrivals import arrivals_of
    from assay.project.report.summary import invocation_of, stopped_by, summary
    from assay.store import open_store

    invocation, ledger = invocation_of(results), open_store(settings.store)
    uses = uses_in(ledger, invocation)
    manifest = read_manifest(Path.cwd())
    arrived = arrivals_of(results, manifest, database, settings)
    spend = spend_of(ledger, invocation)
    shown = [table.full_name for table in gold_tables(manifest)]
    typer.echo(summary(results, spend, uses, database, arrived, shown))
    typer.echo(gate.summary(ledger, invocation))
    most, columns = settings.max_failed_share, last_code(ledger).columns
    stop = stopped_by(ledger, invocation)
    failing = [] if stop else list(too_many_failed(uses, most, columns))
    broken = broken_rules(results, manifest, database)
    evaluated = red_evaluations(ledger, invocation)
    red = [*failing, *red_tests(results, manifest, evaluated, broken)]
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
