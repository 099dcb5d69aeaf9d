"""`assay ingest`: documents of folders into bronze, before dbt wants them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import Json, print_json, print_table
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.project_folder import project_here, typed
from assay.hosts.dbt.settings import database_path, places_here
from assay.hosts.duckdb.warehouse import check_writable, open_warehouse
from assay.project.documents.ingest import Ingested, ingest


def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders that hold documents; else those of `ASSAY_DOCUMENTS`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the documents of folders into bronze: new ones are read, known ones are not."""
    chosen = [typed(str(folder)).absolute() for folder in folders or ()] or places_here().documents
    if not chosen:
        message = (
            f"No folder is named; write `{program('ingest')} FOLDER`, or set `ASSAY_DOCUMENTS`."
        )
        raise ConfigError(message)
    done = bring_in(chosen, database_path())
    if as_json:
        print_json({**vars(done), "files": done.files})
        return
    typer.echo(in_a_line(done))
    if done.without_text:
        print_table(("without text", "status"), done.without_text)


def bring_in(folders: Iterable[Path], database: Path) -> Ingested:
    """Ingest folders into the warehouse file, which is made where there is none."""
    project = project_here()
    path = Path(project.database(str(database)))
    check_writable(path)
    with contextlib.closing(open_warehouse(path, read_only=False)) as connection:
        return ingest(connection, map(project.path, folders), project.root)


def in_a_line(done: Ingested) -> str:
    """Say what an ingest did, as in `Documents 68: 64 ok, 4 no_text; 2 read, 66 unchanged`."""
    statuses = ", ".join(f"{count} {status}" for status, count in done.statuses.most_common())
    went = f", {done.gone} gone" if done.gone else ""
    said = f"{counted(done.files, 'document')}: {statuses or 'none'}"
    return f"{said}; {done.read} read, {done.unchanged} unchanged{went}"
