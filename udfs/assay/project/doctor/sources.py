"""The sources of the project: what loads them, and what became of their last loads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.duckdb.warehouse import connect
from assay.project.doctor.finding import Finding
from assay.project.loading.found import sources_in
from assay.project.loading.tables import latest


def source_findings(folder: Path, database: Path) -> Iterator[Finding]:
    """Yield whether the sources of a folder can be loaded, and were; nothing without any."""
    try:
        names = list(sources_in(folder))
    except ConfigError as error:
        yield Finding("sources", "They cannot be loaded.", str(error))
        return
    if not names:
        return
    text = f"{counted(len(names), 'source')} in {folder}"
    if find_spec("dlt") is None:
        install = 'Run `pip install "assay[load]"`; until then builds end before dbt.'
        yield Finding("sources", f"{text}, and nothing that loads them.", install)
        return
    failed = {name: why for name, status, why in _ended(database, names) if status != "ok"}
    if not failed:
        yield Finding("sources", f"{text}; what was loaded last went well.")
    for name, why in failed.items():
        again = f"See to it, then `{program(f'load {name}')}`."
        yield Finding("sources", f"{name} was not loaded: {why}", again, may_stay=True)


def _ended(database: Path, names: list[str]) -> Iterator[tuple[str, str, str | None]]:
    """Yield source, status and error of the last loads; none where that cannot be looked at."""
    if not database.exists():
        return
    with contextlib.suppress(duckdb.Error, ConfigError):
        with contextlib.closing(connect(database, read_only=True)) as connection:
            found = latest(connection)
        yield from ((name, found[name][0], found[name][3]) for name in names if name in found)
