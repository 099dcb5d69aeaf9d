"""`assay doctor`: is everything sound, and is anything set up that is known to do harm?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.console import Json, print_json, print_table, store_path
from assay.core.errors import AssayError, ConfigError, StoreError
from assay.core.program import program
from assay.core.project import place
from assay.core.settings import Settings, load_places, load_settings
from assay.core.store_place import StoreAddress, StorePlace
from assay.hosts.dbt.profiles import profile_here
from assay.project.doctor import (
    Finding,
    alert_findings,
    disk_findings,
    endpoint_findings,
    environment_findings,
    installed_findings,
    published_findings,
    server_findings,
    settings_findings,
    setup_findings,
    source_findings,
    store_findings,
    warehouse_findings,
)
from assay.store import Salvaged, StartedOver, open_store, repair, start_over

_MARKS = {"ok": "ok", "warning": "WARNING", "wrong": "WRONG"}


def command(
    offline: Annotated[
        bool, typer.Option("--offline", help="Send nothing to the endpoint.")
    ] = False,
    repair_store: Annotated[
        bool,
        typer.Option("--repair", help="Put a damaged store aside, save what is sound of it."),
    ] = False,
    accept_cold_cache: Annotated[
        bool,
        typer.Option("--accept-cold-cache", help="Start over with an empty store."),
    ] = False,
    alert: Annotated[
        bool, typer.Option("--alert", help="Send a test to the webhook of alerts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at everything a build needs; exit code 1 when something needs your hand.

    With a provider that has one a few tiny requests go to the endpoint, and into the ledger.
    """
    if repair_store:
        salvaged = repair(store_path())
        typer.echo(_saved(salvaged), err=as_json)
    if accept_cold_cache:
        typer.echo(_accepted(start_over(store_path())), err=as_json)
    found = list(examine(offline=offline, alert=alert))
    wrong = sum(finding.verdict == "wrong" for finding in found)
    if as_json:
        facts = [_facts(finding) for finding in found]
        print_json({"verdict": "wrong" if wrong else "ok", "findings": facts})
    else:
        _tell(found)
    if wrong:
        raise typer.Exit(1)


def _saved(salvaged: Salvaged) -> str:
    rows = ", ".join(f"{count:,} {table}" for table, count in salvaged.rows.items())
    said = f"Saved {rows}. The damaged file is kept as {salvaged.kept}."
    if not salvaged.missing:
        return said
    return (
        f"{said} {salvaged.missing:,} paid answers are lost: restore a backup, or run "
        f"`{program('doctor --accept-cold-cache')}` to go on with what was saved."
    )


def _accepted(started: StartedOver) -> str:
    if started.answers:
        return f"Accepted: the store goes on with the {started.answers:,} answers that it has."
    what = f"; the old file is kept as {started.kept}" if started.kept else ""
    return f"Started over{what}."


def examine(*, offline: bool = False, alert: bool = False) -> Iterator[Finding]:
    """Yield everything there is to say; only the endpoint is asked, and only the ledger grows."""
    yield from installed_findings()
    yield from environment_findings(Path.cwd())
    try:
        profile = profile_here()
        places = load_places(profile.config)
    except ConfigError as error:
        text = "Profile or variables cannot be used; nothing more is looked at."
        yield Finding("settings", text, str(error))
        return
    store, database = places.store.resolve(), place(profile.database)
    yield from setup_findings(profile)
    yield from settings_findings(os.environ, profile.config)
    if isinstance(store, StoreAddress):
        yield from server_findings(store)
    else:
        yield from store_findings(store)
    yield from warehouse_findings(database)
    yield from source_findings(places.sources, database)
    folders = {"store": store.parent, "warehouse": database.parent}
    yield from disk_findings(folders | {"publications": places.publish})
    yield from published_findings(os.environ, profile.config, Path.cwd())
    yield from alert_findings(os.environ, profile.config, send=alert and not offline)
    yield from _endpoint(profile.config, store, offline=offline)


def _endpoint(config: Mapping[str, Any], store: StorePlace, *, offline: bool) -> Iterator[Finding]:
    try:
        settings = load_settings(config)
    except ConfigError:
        yield Finding("endpoint", "Not asked: the settings are not valid, see above.")
        return
    if not settings.traits.remote:
        yield Finding("endpoint", f"The provider {settings.provider!r} sends nothing.")
    elif offline:
        yield Finding("endpoint", f"{settings.endpoint}: not asked, by --offline.")
    else:
        yield from _asked(settings, store)


def _asked(settings: Settings, path: StorePlace) -> Iterator[Finding]:
    """Ask the endpoint; a store that cannot keep a ledger, or a set-up that is wrong, is said."""
    try:
        store = open_store(path, guarded=True)
    except StoreError as error:
        yield Finding("endpoint", "Not asked: the store cannot keep a ledger.", str(error))
        return
    try:
        yield from endpoint_findings(settings, store)
    except AssayError as error:
        yield Finding("endpoint", f"{settings.endpoint}: not asked.", str(error))
    finally:
        store.close()


def _facts(finding: Finding) -> dict[str, str | None]:
    facts = asdict(finding)
    del facts["may_stay"]
    return facts | {"verdict": finding.verdict}


def _tell(found: list[Finding]) -> None:
    rows = [
        [_MARKS[one.verdict], one.subject, " ".join(filter(None, [one.text, one.remedy]))]
        for one in found
    ]
    print_table(("verdict", "what", "found, and what to do"), rows)
    wrong = sum(one.verdict == "wrong" for one in found)
    warnings = sum(one.verdict == "warning" for one in found)
    typer.echo(f"{len(found)} looked at: {wrong} wrong, {warnings} warnings.")
