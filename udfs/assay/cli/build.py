"""`assay build`: dbt's build, with what it costs, whether it is green, and what to look at."""

from __future__ import annotations

import contextlib
import importlib
import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assay.core.errors import BudgetError, ConfigError
from assay.core.settings import Settings
from assay.hosts.dbt.home import check_here, warehouse_file
from assay.hosts.dbt.process import BUDGET_EXIT, project_flags, run_dbt
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.gates.green import buildable

CONTEXT = {"ignore_unknown_options": True, "help_option_names": ["--help", "-h"]}
"""Options that we do not know are dbt's."""

_LATER = "assay.cli.after_build"
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
    _ingest(settings, database)
    red = _load(settings)
    _check_budget(settings, database, arguments)
    before = _invocation()
    code = run_dbt(
        ["build", *arguments],
        in_short=not verbose,
        meanwhile=partial(importlib.import_module, _LATER),
    )
    finish = importlib.import_module(_LATER).finish
    raise typer.Exit(finish(settings, database, code, arguments, before, red))


def _open_warehouse(database: Path) -> None:
    """Let DuckDB take in what a run before has left beside the file; say what it has lost."""
    from assay.hosts.duckdb.warehouse import open_warehouse
    from assay.project.publishing.row_counts import losses

    if database.exists():
        open_warehouse(database, read_only=False).close()
    for loss in losses(database):
        typer.echo(f"Warning: {loss} after the last build. See docs/operations.md.", err=True)


def _ingest(settings: Settings, database: Path) -> None:
    """Bring in the documents of the folders that the settings name, before dbt wants them."""
    if settings.documents:
        from assay.cli.ingest import bring_in, in_a_line

        typer.echo(in_a_line(bring_in(settings.documents, database)), err=True)


def _load(settings: Settings) -> list[str]:
    """Load the sources of the project, before dbt wants them; return why those that failed did.

    A build goes on with the rows that a source has left, and is not green.
    """
    if not settings.sources.is_dir():
        return []
    from assay.cli.load import bring_in, in_a_line, red_line

    red = []
    for outcome in bring_in():
        typer.echo(in_a_line(outcome), err=True)
        if outcome.status != "ok":
            red.append(red_line(outcome))
    return red


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
