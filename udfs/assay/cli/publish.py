"""`assay publish`, and what `assay build` does about gold once dbt has ended."""

from __future__ import annotations

import contextlib
import datetime
import signal
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli import delivery
from assay.cli.checks import red_lines
from assay.cli.console import Json, print_json
from assay.cli.told import Told
from assay.core.errors import ConfigError, PublishError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import Settings
from assay.hosts.dbt.artifacts import manifest_of_build, results_of_build
from assay.hosts.dbt.lineage import last_code
from assay.hosts.dbt.process import SIGNALLED
from assay.hosts.dbt.revision import git
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.counting import uses_in
from assay.project.publishing.gold import gold_tables, input_tables
from assay.project.publishing.publish import KEEP, Published, Release, audit, current, publish
from assay.project.publishing.verdict import (
    age,
    checks,
    code_hash,
    lf_checksum,
    obstacles,
    partial_by,
    seed_hashes,
)
from assay.project.report.summary import invocation_of, run_results
from assay.project.waiting import not_ready
from assay.store import open_store, queries


def command(
    tables: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE", help="With --to: which tables, if not all of gold."),
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write CSV, too, with formulas made harmless.")
    ] = False,
    keep: Annotated[int, typer.Option(min=1, help="How many publications stay.")] = KEEP,
    check: Annotated[
        bool,
        typer.Option("--check", help="Publish nothing; say whether any file was changed since."),
    ] = False,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DESTINATION",
            help="Deliver it there as well, by key: lancedb:FOLDER or postgresql://HOST/DATABASE.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish the gold of the last build, if it was whole and green; exit code 1 if not."""
    settings = settings_here()
    if check:
        _check(settings.publish, as_json=as_json)
        return
    project = Path.cwd()
    results = results_of_build(project)
    reasons = _stale(settings, results) or _reasons(project)
    if not reasons and results is not None:
        reasons = list(red_lines(settings, results, [])) or _waiting(settings, results)
    if reasons:
        typer.echo(not_published(settings.publish, reasons), err=True)
        if as_json:
            print_json(_facts(current(settings.publish), reasons))
        raise typer.Exit(1)
    orders = delivery.orders(project, to or (), tables or ())
    release = _release(project, settings)
    done = publish(database_path(), settings.publish, release, keep=keep, csv=csv, reach=settings)
    if not as_json:
        typer.echo(published(settings.publish, done))
    raise typer.Exit(_carried(done, orders, as_json=as_json))


def _carried(done: Published, orders: list[delivery.Order], *, as_json: bool) -> int:
    """Deliver, tell of it, and return the exit code."""
    carried = delivery.carry_out(done, orders)
    for wrong in carried.wrong:
        typer.echo(delivery.not_delivered(wrong), err=True)
    if as_json:
        more = {"delivered": carried.delivered} if orders else {}
        print_json(_facts(done, carried.wrong) | more)
    elif carried.lines:
        typer.echo("\n".join(carried.lines))
    return int(bool(carried.wrong))


def after_build(settings: Settings, code: int, told: Told, *, ended: bool) -> int:
    """Publish after a green build, say so or why not, and return the exit code of the command.

    `code` is what the build would exit with; `ended` is false when dbt left no results. Of a part
    that ended well it was said that it is one.
    """
    project = Path.cwd()
    if code or not ended:
        reasons = _reasons(project) if ended and code <= SIGNALLED else []
        reasons = reasons or [_unfinished(code)]
    else:
        reasons = _reasons(project) or _waiting(settings, results_of_build(project))
    if reasons:
        if code or not _is_partial(project):
            told.todo([not_published(settings.publish, reasons)], err=bool(code))
        return code
    try:
        orders = delivery.orders(project)
        release = _release(project, settings)
        done = publish(database_path(), settings.publish, release, reach=settings)
    except (ConfigError, PublishError) as error:
        told.todo([not_published(settings.publish, [str(error).rstrip(".")])], err=True)
        return 1
    told.done(published(settings.publish, done))
    return _delivered(done, orders, told)


def _delivered(done: Published, orders: list[delivery.Order], told: Told) -> int:
    """Deliver where the project says, and return the exit code: 1 where it could not be done."""
    carried = delivery.carry_out(done, orders)
    for line in carried.lines:
        told.done(line)
    if carried.wrong:
        told.todo([delivery.not_delivered(wrong) for wrong in carried.wrong], err=True)
    return int(bool(carried.wrong))


def _unfinished(code: int) -> str:
    if code == SIGNALLED + signal.SIGINT:
        return "the build was interrupted"
    return f"the build ended with exit code {code}"


def _is_partial(project: Path) -> bool:
    return bool(partial_by(results_of_build(project) or {}))


def published(folder: Path, done: Published) -> str:
    """Return the line that says what is current now."""
    tables = counted(len(done.manifest["tables"]), "table")
    return (
        f"Published {tables}, {counted(done.rows, 'row')}, in {folder / 'current'} "
        f"({done.folder.name})"
    )


def not_published(folder: Path, reasons: list[str]) -> str:
    """Return the lines that say why nothing was published and what consumers see instead."""
    before = current(folder)
    if before is None:
        seen = f"There is nothing in {folder} yet."
    else:
        old = age(before.at, datetime.datetime.now(datetime.UTC))
        seen = f"Consumers see the gold of {before.at:%Y-%m-%d %H:%M} UTC, {old} old."
    return "\n".join([*(f"Not published: {reason}." for reason in reasons), seen])


def _facts(done: Published | None, wrong: list[str]) -> dict[str, Any]:
    """Return what consumers see now, and what stands in the way of it."""
    facts: dict[str, Any] = {"current": None, "published_at": None, "tables": 0, "rows": 0}
    if done is not None:
        facts = {
            "current": str(done.folder),
            "published_at": f"{done.at:%Y-%m-%d %H:%M:%S}",
            "tables": len(done.manifest["tables"]),
            "rows": done.rows,
        }
    return facts | {"wrong": wrong}


def _check(folder: Path, *, as_json: bool) -> None:
    """Print what is wrong with the publications, or that nothing is."""
    done, wrong = current(folder), audit(folder)
    if as_json:
        print_json(_facts(done, wrong))
        raise typer.Exit(int(bool(wrong)))
    if wrong:
        for line in wrong:
            typer.echo(f"BAD  {line}.")
        raise typer.Exit(1)
    if done is None:
        typer.echo(f"There is nothing in {folder} yet.")
        return
    old = age(done.at, datetime.datetime.now(datetime.UTC))
    typer.echo(f"ok   {published(folder, done)}, {old} old; no file was changed.")


def _reasons(project: Path) -> list[str]:
    """Return why the last run in `project` may not be published; nothing if it may."""
    results = results_of_build(project)
    if results is None:
        return [f"there is no run yet; run {program('build')}"]
    manifest = manifest_of_build(project)
    if invocation_of(results) != str(manifest["metadata"]["invocation_id"]):
        return [f"another dbt command has run since the build; run {program('build')}"]
    return obstacles(results, manifest)


def _stale(settings: Settings, results: dict[str, Any] | None) -> list[str]:
    """Return that the results on disk are not of the last run that built, where that is so.

    A run that was killed has changed tables and left the results of the run before it. One that
    leaves no results of a build, such as `dbt run-operation`, may have changed anything.
    """
    if results is None or not settings.store.exists():
        return []
    store = open_store(settings.store)
    try:
        last = store.read(queries.LastBuild())
    finally:
        store.close()
    if last in (None, invocation_of(results)):
        return []
    if last == invocation_of(run_results(Path.cwd())):
        return [f"another dbt command has run since the build; run {program('build')}"]
    return [f"a later run has not ended; run {program('build')}"]


def _waiting(settings: Settings, results: dict[str, Any] | None) -> list[str]:
    """Return where too many rows of a run wait for batches, so that its gold is not ready."""
    store = open_store(settings.store)
    try:
        uses = uses_in(store, invocation_of(results))
        columns = last_code(store).columns
    finally:
        store.close()
    return list(not_ready(uses, settings.max_pending_share, columns))


def _release(project: Path, settings: Settings) -> Release:
    results = results_of_build(project) or {}
    manifest = _with_lf(project, manifest_of_build(project))
    invocation_id = invocation_of(results)
    return Release(
        invocation_id=invocation_id,
        tables=gold_tables(manifest),
        inputs=input_tables(manifest),
        facts={
            "built_at": results["metadata"]["generated_at"],
            "assay_version": version("assay"),
            "dbt_version": results["metadata"]["dbt_version"],
            "duckdb_version": version("duckdb"),
            "git_sha": git(project, "rev-parse", "HEAD"),
            "git_changes": bool(git(project, "status", "--porcelain")),
            "code_hash": code_hash(manifest),
            "seed_hashes": seed_hashes(manifest),
            "checks": checks(results),
            "gates": _gates(settings, invocation_id),
        },
    )


def _gates(settings: Settings, invocation_id: str) -> list[dict[str, Any]]:
    """Return what the gates of a run counted, a row for each expectation."""
    store = open_store(settings.store)
    try:
        rows = store.read(queries.GateRows(invocation_id))
    finally:
        store.close()
    return [asdict(row) for row in rows]


def _with_lf(project: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest whose checksums do not depend on how git or an editor ends lines."""
    for node in manifest["nodes"].values():
        with contextlib.suppress(OSError, ValueError):  # what is none of the project's files
            contents = (project / node["original_file_path"]).read_bytes().decode()
            given = str(node["checksum"]["checksum"])
            node["checksum"]["checksum"] = lf_checksum(given, contents)
    return manifest
