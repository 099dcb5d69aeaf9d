"""`assay report`, and the report that `assay build` makes of its run."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from assay.cli.console import Json, print_json, store_path
from assay.cli.told import Told
from assay.core.errors import AssayError, ConfigError
from assay.core.program import program
from assay.hosts.dbt.artifacts import results_of_build
from assay.hosts.dbt.project_folder import typed
from assay.hosts.dbt.settings import database_path
from assay.project.report import notes
from assay.project.report.facts import Built, Warehouse
from assay.project.report.making import file_of, folder, latest, make, write

_SIGNALLED = 128
"""Exit codes above it say which signal ended dbt."""


def command(
    run: Annotated[
        str | None, typer.Option(help="The run whose id begins so; the last one, unless told.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(parser=typed, help="Write the page to this file, too.")
    ] = None,
    show: Annotated[
        bool, typer.Option("--open", help="Show it in a browser, served until Ctrl-C.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="With --open: start the browser.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Write the report of a run: one HTML file that loads nothing and holds no text of a row."""
    if out is not None and out.is_dir():
        message = f"--out {str(out)!r} is a folder; name a file in it, such as report.html."
        raise ConfigError(message)
    results = results_of_build(Path.cwd())
    invocation_id, page = make(store_path(), database_path(), results, run)
    files = [_written(invocation_id, page), *([write(page, out)] if out is not None else [])]
    if as_json:
        print_json({"run": invocation_id, "files": [str(file) for file in files]})
    else:
        typer.echo("\n".join(map(str, files)))
    if show:
        from assay.project.report.serving import serve

        signal.signal(signal.SIGINT, signal.default_int_handler)  # scripts make us deaf to it
        serve(
            page,
            lambda address: typer.echo(f"{address} until Ctrl-C", err=as_json),
            browser=browser,
        )


def after_build(
    invocation: str, built: Built, told: Told, warehouse: Warehouse | None = None
) -> None:
    """Keep what dbt said of a build that ended, and write its report; say where it is.

    Of a part of the project no page is written, which would take longer than the part; whoever
    wants it asks for it. A report that cannot be made is a warning: the build is what it is
    without it. Whoever pressed Ctrl-C does not wait for one.
    """
    try:
        notes.keep(folder(), invocation, built)
        if (built.exit_code or 0) > _SIGNALLED or built.selection:
            return
        _, page = make(store_path(), database_path(), None, invocation, warehouse)
        _written(invocation, page)
    except (AssayError, duckdb.Error, OSError, ValueError) as error:
        first = str(error).strip().splitlines()[:1]
        typer.echo(f"Warning: there is no report of this run: {''.join(first)}", err=True)
        return
    told.done(f"Report  {latest()}; to look at it: {program('report --open')}")


def _written(invocation_id: str, page: str) -> Path:
    """Write the page of a run, and as the latest one."""
    path = write(page, file_of(invocation_id))
    write(page, latest())
    return path
