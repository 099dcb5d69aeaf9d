"""The command line, `assay`: finds the project, runs a command, ends wrong input in a line."""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import Annotated

import typer

from assay.cli.commands import Lazy
from assay.core.errors import AssayError, ConfigError
from assay.core.program import program
from assay.hosts.dbt.project_folder import enter_project, take_options

INTERRUPTED = "assay: Interrupted; nothing that was answered is lost."
INTERRUPTED_EXIT = 128 + signal.SIGINT

_OF_DBT = "Options of dbt, for every command"

app = typer.Typer(
    cls=Lazy,
    add_completion="/" not in program(),  # a shell completes what is on its PATH
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",  # the library for Markdown takes as long as all the rest
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # what sends a mail comes with it

        typer.echo(f"assay {version('assay')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_say_version, is_eager=True),
    ] = False,
    _project: Annotated[
        str | None,
        typer.Option("--project-dir", help="The folder of the project.", rich_help_panel=_OF_DBT),
    ] = None,
    _profiles: Annotated[
        str | None,
        typer.Option("--profiles-dir", help="Where profiles.yml is.", rich_help_panel=_OF_DBT),
    ] = None,
    _profile: Annotated[
        str | None,
        typer.Option("--profile", help="The profile.", rich_help_panel=_OF_DBT),
    ] = None,
    _target: Annotated[
        str | None,
        typer.Option("--target", "-t", help="The output of it.", rich_help_panel=_OF_DBT),
    ] = None,
    _target_path: Annotated[
        str | None,
        typer.Option("--target-path", help="Where dbt writes to.", rich_help_panel=_OF_DBT),
    ] = None,
) -> None:
    """Assay: AI columns for dbt on DuckDB that are batched, cached, budgeted and checked."""
    # `take_options` has heard those of dbt, wherever they stand; here they are shown.


def run() -> None:
    """Run the command line; wrong input and our own errors are one line and exit code 2.

    Once it is over the exit code is known, and Ctrl-C changes it no more.
    """
    try:
        _run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run() -> None:
    try:
        words = take_options(sys.argv[1:], os.environ)
        enter_project()
        sys.exit(app(words, prog_name=program(), standalone_mode=False))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo(INTERRUPTED, err=True)
        sys.exit(INTERRUPTED_EXIT)
    except typer.TyperException as error:
        if error.format_message():  # blank where no word was given: then help was printed
            typer.echo(_usage(error), err=True)
    except (AssayError, OSError) as error:
        typer.echo(f"assay: {_remedied(error)}", err=True)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # DuckDB 1.5 has heard of it first
            typer.echo(INTERRUPTED, err=True)
            sys.exit(INTERRUPTED_EXIT)
        if (said := _explained(error)) is None:
            raise
        typer.echo(f"assay: {said}", err=True)
    sys.exit(2)


def _explained(error: Exception) -> str | None:
    """Return what an error of DuckDB says, with what to do where a file has caused it.

    None for any other error: those are faults of ours.
    """
    import duckdb

    if not isinstance(error, duckdb.Error):
        return None
    from assay.core.reach import Reach
    from assay.hosts.dbt.settings import places_here
    from assay.hosts.duckdb.reading import explanation

    try:
        reach: Reach = places_here()
    except ConfigError:
        reach = Reach()
    return explanation(error, "", reach) or str(error)


def _remedied(error: Exception) -> str:
    """Return what an error says, with what to do where the fence has caused it."""
    if "duckdb" not in sys.modules:
        return str(error)
    from assay.hosts.duckdb import fence

    remedy = fence.remedy(error)
    return str(error) if remedy is None or remedy in str(error) else f"{error}\n{remedy}"


_MEANT = re.compile(r"\.? Did you mean (.+?)\?$")


def _usage(error: typer.TyperException) -> str:
    """Return what is wrong with the command line and where its help is, in one line."""
    context = getattr(error, "ctx", None)
    path = program() if context is None else context.command_path
    said = " ".join(error.format_message().split()).rstrip(".")
    said, is_near = _MEANT.subn(r"; did you mean \1? See", said)
    return f"assay: {said}{'' if is_near else '; see'} `{path} --help`."


if __name__ == "__main__":
    run()
