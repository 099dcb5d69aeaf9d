"""`assay alert`, and the alert that a build sends: what is wrong, told once to a webhook."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from assay.cli.console import Json, print_json
from assay.cli.told import Told
from assay.core.errors import AssayError, ConfigError
from assay.core.settings import Settings
from assay.hosts.dbt.artifacts import results_of_build
from assay.hosts.dbt.process import SIGNALLED
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.alerting.telling import NOT_STARTED, Outgoing, fresh, look, not_started, tell
from assay.project.alerting.troubles import Sight
from assay.project.report.columns import read_warehouse
from assay.project.report.facts import Warehouse
from assay.project.report.summary import run_results
from assay.store import open_store, queries

_HELP = "see docs/how-to/alerts.md"


def command(
    check: Annotated[
        bool, typer.Option("--check", help="Send what is new, as a timetable (cron) wants it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what there is to alert of and was not told yet; with --check send it.

    The exit code is 1 where something could not be sent.
    """
    settings = settings_here()
    if check and settings.alert_url is None:
        message = f"`ASSAY_ALERT_URL` is not set; set it to the URL of a webhook, {_HELP}."
        raise ConfigError(message)
    seen = look(settings, results_of_build(Path.cwd()), _warehouse(settings), (NOT_STARTED,))
    sent = tell(seen) if check else Outgoing(fresh(seen))
    if as_json:
        print_json({"alerts": [one.facts for one in sent.news], "wrong": sent.trouble})
    else:
        typer.echo("\n".join(one.line for one in sent.news) or "Nothing to alert of that is new.")
    if sent.trouble is not None:
        typer.echo(_not_sent(sent.trouble), err=True)
        raise typer.Exit(1)


def after_build(settings: Settings, code: int, told: Told, warehouse: Warehouse | None) -> None:
    """Send what is new once a build has ended; the build is what it is without it.

    Whoever pressed Ctrl-C knows. `warehouse` is None where dbt left no results of this build.
    """
    if settings.alert_url is None or code == SIGNALLED + signal.SIGINT:
        return
    try:
        sent = tell(_seen(settings, code, warehouse))
    except (AssayError, duckdb.Error, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[:1]
        told.todo([_not_sent("".join(first))], err=True)
        return
    if sent.trouble is not None:
        told.todo([_not_sent(sent.trouble)], err=True)
    elif sent.news:
        told.done(f"Alert   {len(sent.news)} sent ({', '.join(_kinds(sent))})")


def _seen(settings: Settings, code: int, warehouse: Warehouse | None) -> Sight:
    if warehouse is None:
        return not_started(settings, code)
    return look(settings, run_results(Path.cwd()), warehouse if code <= SIGNALLED else None)


def _kinds(sent: Outgoing) -> list[str]:
    return sorted({one.trouble.kind.replace("_", " ") for one in sent.news})


def _not_sent(reason: str) -> str:
    return f"Alert   not sent: {reason.rstrip('.')}; {_HELP}"


def _warehouse(settings: Settings) -> Warehouse | None:
    """Return what stands in the warehouse; None without a store that knows its questions."""
    if not settings.store.exists():
        return None
    with contextlib.closing(open_store(settings.store, guarded=True)) as store:
        specs = store.read(queries.TaskSpecs())
        last = store.read(queries.LastBuild())
    return read_warehouse(database_path(), specs, last or "")
