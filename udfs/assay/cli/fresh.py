"""`assay fresh`: is what consumers read young enough, and still what gold is? For cron."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import Json, print_json
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.publishing.freshness import (
    Hashes,
    files_of,
    gold_hashes,
    max_age,
    troubles_of,
)
from assay.project.publishing.gold import gold_tables, targets
from assay.project.publishing.publish import CURRENT, MANIFEST, current


def command(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE|URL",
            help="What to look at; all that the project here publishes unless named.",
        ),
    ] = None,
    oldest: Annotated[
        str, typer.Option("--max-age", metavar="AGE", help="As 90m, 26h or 2d.")
    ] = "26h",
    as_json: Json = False,
) -> None:
    """Say whether what is published is too old, missing, or not gold; exit code 1 if so.

    A URL may be anybody's; what it holds is held against gold where the project is here.
    """
    most, now = max_age(oldest), datetime.datetime.now(datetime.UTC)
    gold = _gold()
    wanted = places or _published()
    found = {place: troubles_of(place, most, now, gold) for place in wanted}
    wrong = [line for lines in found.values() for line in lines]
    if as_json:
        print_json({"fresh": not wrong, "against_gold": gold is not None, "wrong": wrong})
    else:
        _tell(found, oldest, against_gold=gold is not None)
    raise typer.Exit(int(bool(wrong)))


def _tell(found: dict[str, list[str]], oldest: str, *, against_gold: bool) -> None:
    for place, lines in found.items():
        for line in lines:
            typer.echo(f"BAD  {line}.")
        if not lines:
            held = "it holds what gold is" if against_gold else "gold was not looked at"
            typer.echo(f"ok   {place} is younger than {oldest}; {held}.")


def _gold() -> Hashes | None:
    """Return what gold holds, if there is a project here that was built."""
    if not (Path.cwd() / "dbt_project.yml").exists():
        return None
    tables = gold_tables(manifest_if_built(Path.cwd()))
    return gold_hashes(database_path(), tables) if tables else None


def _published() -> list[str]:
    """Return what the project here publishes: its files, and what is current."""
    if not (Path.cwd() / "dbt_project.yml").exists():
        message = "There is no dbt project here; name the files or URLs to look at."
        raise ConfigError(message)
    folder = settings_here().publish
    found = [str(file) for file in files_of(targets(manifest_if_built(Path.cwd())))]
    if current(folder) is not None:
        found.append(str(folder / CURRENT / MANIFEST))
    if not found:
        message = f"Nothing is published here yet; run `{program('build')}`."
        raise ConfigError(message)
    return found
