"""`assay plan`: what a build would ask and what that would cost; nothing is sent."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import Json, print_json, print_table
from assay.core.plural import counted
from assay.core.settings import Settings
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.hosts.dbt.plan import check_warehouse, plan_code, uncounted_notes
from assay.hosts.dbt.process import BUDGET_EXIT, code_beside
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.concerns import concerns
from assay.project.report.columns import read_warehouse
from assay.project.report.facts import Concern
from assay.project.report.summary import (
    PLAN_TITLES,
    concern_line,
    plan_cells,
    plan_notes,
    redaction_notes,
)
from assay.store import open_store, queries


def command(
    select: Annotated[str | None, typer.Option(help="Models, as dbt selects them.")] = None,
    max_requests: Annotated[
        int | None, typer.Option(min=0, help="Exit with code 3 when more requests are due.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count what a build would ask: requests, tokens, money, minutes. Nothing is sent."""
    settings, database = settings_here(), database_path()
    check_warehouse(database)
    chosen = ["--select", select] if select else []
    planned = plan_code(code_beside(*chosen), database, settings)
    plans = planned.plans
    if as_json:
        print_json({name: asdict(one) for name, one in plans.items()})
    else:
        print_table(PLAN_TITLES, plan_cells(plans), right=".rrrrrrrrr")
        for note in (
            *redaction_notes(plans),
            *plan_notes(plans["total"]),
            *uncounted_notes(planned.uncounted),
            *map(concern_line, _concerns(settings, database)),
        ):
            typer.echo(note)
    if max_requests is not None and plans["total"].requests > max_requests:
        typer.echo(f"More than {counted(max_requests, 'request')} due.", err=True)
        raise typer.Exit(BUDGET_EXIT)


def _concerns(settings: Settings, database: Path) -> list[Concern]:
    """Return what is odd about the answers that stand in the warehouse, the worst first."""
    if not settings.store.exists():
        return []
    with contextlib.closing(open_store(settings.store, guarded=True)) as ledger:
        warehouse = read_warehouse(database, ledger.read(queries.TaskSpecs()), "")
        return concerns(
            warehouse.columns,
            answerer=settings.answerer,
            evaluations=ledger.read(queries.EvaluationsOf()),
            manifest=manifest_if_built(Path()),
        )
