"""`assay checks`, and what `assay build` says of a run that dbt ended well and is not green."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.console import Json, print_json
from assay.core.program import program
from assay.core.settings import Settings
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.hosts.dbt.nodes import CHECKED, nodes_of
from assay.hosts.dbt.process import manifest_beside
from assay.hosts.dbt.project_folder import target_of
from assay.hosts.dbt.settings import places_here
from assay.project.gates.green import (
    INDIRECT,
    left_out,
    only_warning,
    selects,
    too_many_dead,
    unchecked,
    unrecorded,
    unsaid,
    warn_level,
)
from assay.project.gates.inventory import Inventory, inventory
from assay.project.gates.lock import LOCK, LockError, kept_from, read_lock, unlocked, write_lock
from assay.project.publishing.verdict import named, partial_by
from assay.store import GateRow, open_store, queries

STALE = (
    "Not green: dbt left no results of this run in its run_results.json; build without options "
    "that keep it from writing them."
)
_MOST_LINES = 20
"""How many lines a run gets; `assay checks` has them all."""


def command(
    accept: Annotated[
        bool, typer.Option("--accept", help="Promise what is checked now; review the diff.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold what the project checks against `quality/expected.json`; exit code 1 if it is less."""
    places_here()  # it needs none, and refuses names that nothing reads as all commands do
    project, manifest = Path.cwd(), manifest_beside("parse")
    present = inventory(project, manifest, {})
    if accept:
        write_lock(project, present)
    breaches = kept_from(project, manifest, {})
    lines = [*(breach.line for breach in breaches), *only_warning({"results": []}, manifest)]
    if as_json:
        print_json({"not_green": lines, "layers": _layers(present)})
        raise typer.Exit(int(bool(lines)))
    for line in lines:
        typer.echo(f"Not green: {line}.", err=True)
    for layer, (tables, tests, expectations) in present.counts().items():
        typer.echo(f"{layer:<10}{tables:>5} tables{tests:>6} tests{expectations:>6} expectations")
    if lines:
        raise typer.Exit(1)
    typer.echo(_settled(project, present))


def red_lines(
    settings: Settings, results: dict[str, Any], arguments: Sequence[str]
) -> Iterator[str]:
    """Yield why the run that wrote `results` is not green, besides what dbt says itself."""
    project, store = Path.cwd(), open_store(settings.store)
    invocation_id = str(results["metadata"]["invocation_id"])
    try:
        recorded = store.read(queries.GateRows(invocation_id))
        dead = store.read(queries.DeadLetterCount())
    finally:
        store.close()
    yield from _run_lines(project, results, arguments, recorded)
    yield from too_many_dead(dead, settings.max_dead_letters)


def shown(lines: Sequence[str]) -> list[str]:
    """Return the lines that a build prints; the first ones where there are too many."""
    more = len(lines) - _MOST_LINES
    rest = [f"Not green: {more} lines more; see {program('checks')}."] if more > 0 else []
    return [*(f"Not green: {line}." for line in lines[:_MOST_LINES]), *rest]


def notes(results: dict[str, Any]) -> list[str]:
    """Return what a build says of itself that is no fault: partial, tests that only warn."""
    project = Path.cwd()
    manifest, lines = manifest_if_built(project), []
    if limits := partial_by(results):
        lines.append(f"Partial limited by {', '.join(limits)}; {_of_a_part(results)}")
        lines += _left_out(results, manifest)
    if warning := warn_level(manifest):
        only = "test only warns" if len(warning) == 1 else "tests only warn"
        lines.append(f"Warn    {len(warning)} {only}: {named(warning)}")
    return lines


def _of_a_part(results: dict[str, Any]) -> str:
    """Return what a part of the project does not get that a whole build does."""
    nothing = "" if nodes_of(results, *CHECKED).total else "nothing was checked, and "
    return f"{nothing}it is not published; its report: {program('report --open')}"


def _left_out(results: dict[str, Any], manifest: dict[str, Any]) -> list[str]:
    """Return a line about the tests of what was built that a part of the project cannot run."""
    names = left_out(results, manifest) if manifest else []
    if not names:
        return []
    tests = f"{len(names)} {'test that looks' if len(names) == 1 else 'tests that look'}"
    return [
        f"Left    {tests} at models outside of this build as well: {named(names)}; a whole build "
        f"runs all, `{INDIRECT} eager` those of a part"
    ]


def _run_lines(
    project: Path,
    results: dict[str, Any],
    arguments: Sequence[str],
    recorded: Sequence[GateRow],
) -> Iterator[str]:
    manifest = manifest_if_built(project)
    if manifest.get("metadata", {}).get("invocation_id") != results["metadata"]["invocation_id"]:
        file = target_of(Path()) / "manifest.json"
        yield f"{file} is not of this run; build again, and nothing else beside it"
        return
    told = results["args"].get("vars") or {}
    yield from unchecked(results, manifest, deliberate=selects(arguments))
    yield from unsaid(kept_from(project, manifest, told), recorded)
    with contextlib.suppress(LockError):  # `kept_from` has said so
        yield from unrecorded(results, read_lock(project), recorded)
    yield from only_warning(results, manifest)


def _layers(present: Inventory) -> dict[str, dict[str, int]]:
    names = ("tables", "tests", "expectations")
    return {
        layer: dict(zip(names, counts, strict=True)) for layer, counts in present.counts().items()
    }


def _settled(project: Path, present: Inventory) -> str:
    if extra := unlocked(read_lock(project), present):
        return f"All that {LOCK} promises is checked, and {extra} checks more."
    return f"All that {LOCK} promises is checked."
