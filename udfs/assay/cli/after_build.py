"""What becomes of a build once dbt has ended: told, judged, published, reported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.cli import alert, checks, publish, report
from assay.cli.told import Told
from assay.core.program import program
from assay.core.settings import Settings
from assay.hosts.dbt.lineage import last_code
from assay.hosts.dbt.manifest import read_manifest
from assay.hosts.dbt.nodes import CHECKED, kind_of
from assay.hosts.dbt.process import EXIT_CODES, SIGNALLED
from assay.hosts.dbt.profiles import profile_here
from assay.hosts.dbt.revision import git
from assay.project.concerns import concerns
from assay.project.counting import failed_in, spend_of, uses_in
from assay.project.evaluation.golden_told import red_evaluations
from assay.project.gates import gate
from assay.project.gates.broken_rules import broken_rules
from assay.project.gates.failed_share import too_many_failed
from assay.project.gates.red_tests import red_tests
from assay.project.publishing import row_counts
from assay.project.publishing.gold import gold_tables
from assay.project.report.arrivals import arrivals_of
from assay.project.report.columns import read_warehouse
from assay.project.report.facts import Built, Warehouse, plain
from assay.project.report.notes import built_from
from assay.project.report.summary import (
    concern_line,
    failed_lines,
    invocation_of,
    look,
    run_results,
    stopped_by,
    summary,
)
from assay.project.waiting import is_premature, not_ready, pending_models, waiting
from assay.store import Ledger, Use, open_store, queries

_MOST_CONCERNS = 4
"""How many a build tells; its report has them all."""

_MOST_CHARACTERS = 600
"""Of a line that the report tells again."""

_Columns = Mapping[str, list[str]]
"""The columns that each prompt fills."""


@dataclass(frozen=True, slots=True)
class _Build:
    """A build as dbt left it: its results and manifest, and what it was called with."""

    settings: Settings
    database: Path
    results: dict[str, Any]
    manifest: dict[str, Any]
    arguments: Sequence[str]

    @property
    def run(self) -> str:
        """Its id."""
        return invocation_of(self.results)


def finish(
    settings: Settings,
    database: Path,
    code: int,
    arguments: Sequence[str],
    before: str | None,
    red_sources: Sequence[str] = (),
) -> int:
    """Say what has become of a build that dbt ended with `code`, publish it, write its report.

    Returns the exit code of the command; `before` is the run before this one, `red_sources` has a
    sentence for each source that was not loaded.
    """
    results, told = run_results(Path.cwd()), Told()
    told.todo([f"Red     {line}" for line in red_sources])
    row_counts.checkpoint(database, invocation_of(results))
    if results is None or invocation_of(results) == before:
        code = code or _stale(told)
        code = publish.after_build(settings, code, told, ended=False)
        alert.after_build(settings, code, told, None)
        told.end(code)
        return code
    build = _Build(settings, database, results, read_manifest(Path.cwd()), arguments)
    with contextlib.closing(open_store(settings.store)) as ledger:
        warehouse = _answers(build, ledger) if code <= SIGNALLED else Warehouse()
        columns = last_code(ledger).columns
        code, red = _tell(build, ledger, columns, code, told)
        code, red = code or int(bool(red_sources)), [*red_sources, *red]
        odd = _odd(build, ledger, warehouse)
    code = publish.after_build(settings, code, told, ended=True)
    report.after_build(build.run, _note(build, code, red, told, columns), told, warehouse)
    alert.after_build(settings, code, told, warehouse)
    told.todo(odd)
    told.todo(look(results, [table.full_name for table in gold_tables(build.manifest)]))
    told.end(code)
    return code


def _answers(build: _Build, ledger: Ledger) -> Warehouse:
    """Return what stands in the warehouse; whoever pressed Ctrl-C does not wait for it."""
    return read_warehouse(build.database, ledger.read(queries.TaskSpecs()), build.run)


def _stale(told: Told) -> int:
    told.todo([checks.STALE], err=True)
    return 1


def _note(build: _Build, code: int, red: Sequence[str], told: Told, columns: _Columns) -> Built:
    """Return what is kept of a build for its report."""
    commit = git(Path.cwd(), "rev-parse", "--short", "HEAD")
    where = {
        "project": str(build.manifest.get("metadata", {}).get("project_name") or ""),
        "profile": profile_here().name,
        "commit": commit or "",
    }
    said = [plain(one, _MOST_CHARACTERS) for line in told.to_do for one in line.splitlines()]
    return built_from(
        build.results, code, red, manifest=build.manifest, where=where, said=said, names=columns
    )


def _tell(
    build: _Build, ledger: Ledger, columns: _Columns, code: int, told: Told
) -> tuple[int, list[str]]:
    """Tell what a run did and why it is not green; return its exit code and what is red."""
    uses, spend = uses_in(ledger, build.run), spend_of(ledger, build.run)
    arrived = arrivals_of(build.results, build.manifest, build.database, build.settings)
    checked, red_gates = gate.summary(ledger, build.run)
    told.done(*summary(build.results, spend, uses, build.database, arrived), *checked)
    stop = stopped_by(ledger, build.run)
    failing = [] if stop else _failing(build, columns, uses)
    if (pending := waiting(ledger, uses)) is not None:
        told.done(f"Pending {pending}")
    if unready := _not_ready(build, columns, uses):
        told.todo([f"Not ready: {line}." for line in unready])
        return 0, []
    red = [*failing, *_red_tests(build, ledger, stopped=stop is not None)]
    told.todo([*red_gates, *(f"Red     {line}" for line in red)])
    told.todo(failed_lines(failed_in(uses)))
    told.todo(arrived.odd, may_quote=True)
    told.todo(checks.notes(build.results))
    if stop is not None:
        told.todo([f"Stopped {stop[1]}"] if code <= SIGNALLED else [], err=True)
        return EXIT_CODES.get(stop[0], code), red
    lines = []
    if code in (0, 1):
        lines = list(checks.red_lines(build.settings, build.results, build.arguments))
    told.todo(checks.shown(lines), err=True)
    return code or int(bool(lines or failing)), [*red, *lines]


def _failing(build: _Build, columns: _Columns, uses: Iterable[Use]) -> list[str]:
    """Return the sentences on columns too many of whose rows have no answer."""
    return list(too_many_failed(uses, build.settings.max_failed_share, columns))


def _not_ready(build: _Build, columns: _Columns, uses: Sequence[Use]) -> list[str]:
    """Return where too much waits for batches, if that is all that a run is red for."""
    pending = pending_models(uses, columns)
    if not is_premature(build.results, build.manifest, pending):
        return []
    return list(not_ready(uses, build.settings.max_pending_share, columns))


def _red_tests(build: _Build, ledger: Ledger, *, stopped: bool) -> Iterator[str]:
    """Yield the sentences on tests that found something, those that only warn among them.

    On other nodes, too, unless what has `stopped` the run is what they met.
    """
    broken = broken_rules(build.results, build.manifest, build.database)
    evaluated = red_evaluations(ledger, build.run)
    told = [one for one in build.results["results"] if not stopped or kind_of(one) in CHECKED]
    return red_tests({"results": told}, build.manifest, evaluated, broken)


def _odd(build: _Build, ledger: Ledger, warehouse: Warehouse) -> list[str]:
    """Return the lines on what is odd about the answers in the tables that were built."""
    built = {
        ".".join(str(one["relation_name"]).replace('"', "").split(".")[1:])
        for one in build.results["results"]
        if one.get("relation_name") and one["status"] == "success"
    }
    found = concerns(
        [column for column in warehouse.columns if column.table in built],
        answerer=build.settings.answerer,
        evaluations=ledger.read(queries.EvaluationsOf()),
        manifest=build.manifest,
    )
    more = len(found) - _MOST_CONCERNS
    rest = [f"Odd     {more} more: {program('report --open')}"] if more > 0 else []
    return [*map(concern_line, found[:_MOST_CONCERNS]), *rest]
