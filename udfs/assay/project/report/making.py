"""One run to one file: facts read, page written, and put in its place at once."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.store_place import StorePlace
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.hosts.dbt.project_folder import target_of
from assay.project.concerns import answerer_of, concerns
from assay.project.evaluation.golden_checks import least_accuracy
from assay.project.report.facts import Built, Facts, LedgerFacts, Warehouse
from assay.project.report.ledger import read_ledger
from assay.project.report.notes import earlier, file_name, known, verdict
from assay.store import open_store


def make(
    store_path: StorePlace,
    database: Path,
    results: dict[str, Any] | None,
    wanted: str | None = None,
    warehouse: Warehouse | None = None,
) -> tuple[str, str]:
    """Return the id of the run whose id begins with `wanted`, or of the last, and its page.

    `results` are dbt's of the last build. Raises `ConfigError` where there is no store, no run,
    or not the one that is wanted; a warehouse that cannot be read is said on the page. It is read
    here unless it was.
    """
    from assay.project.report.columns import read_warehouse
    from assay.project.report.kept import Drawings
    from assay.project.report.page import render

    if not store_path.exists():
        message = (
            f"There is no store at {store_path}; run {program('build')}, or see `ASSAY_STORE`."
        )
        raise ConfigError(message)
    with contextlib.closing(open_store(store_path, guarded=True)) as store:
        ledger = read_ledger(store, wanted)
    if ledger is None:
        message = f"The store {store_path} knows of no run; run {program('build')} first."
        raise ConfigError(message)
    run = ledger.run
    built = known(folder(), run.invocation_id, results)
    if warehouse is None:
        warehouse = read_warehouse(database, ledger.specs, run.invocation_id)
    draw = Drawings(folder() / "drawings.json")
    page = render(_facts(ledger, warehouse, built), draw)
    draw.keep()
    return run.invocation_id, page


def _facts(ledger: LedgerFacts, warehouse: Warehouse, built: Built | None) -> Facts:
    """Return all that a page says, with what is asked of answers in the last build's manifest."""
    run, manifest = ledger.run, manifest_if_built(Path())
    return Facts(
        ledger=ledger,
        warehouse=warehouse,
        built=built,
        verdict=verdict(run, built, ledger.red_lines),
        made_at=now_utc(),
        concerns=concerns(
            warehouse.columns,
            answerer=answerer_of(run.provider, run.model),
            evaluations=ledger.evaluations or (),
            manifest=manifest,
        ),
        builds=earlier(folder(), built),
        least=least_accuracy(manifest),
    )


def write(page: str, target: Path) -> Path:
    """Write a page to `target`, replacing an older one at once; return where it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unborn = target.with_name(f"{target.name}.{os.getpid()}.new")
    unborn.write_text(page, encoding="utf-8")
    unborn.replace(target)
    return target


def folder() -> Path:
    """Return where reports are, within the project."""
    return target_of(Path()) / "assay"


def latest() -> Path:
    """Return the report of the run that was reported last."""
    return folder() / "report.html"


def file_of(invocation_id: str) -> Path:
    """Return where the report of a run is kept."""
    return folder() / f"report-{file_name(invocation_id)}.html"
