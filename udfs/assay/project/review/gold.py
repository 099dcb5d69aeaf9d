"""Which file holds the golden rows of a column: the seed of its test, or a new one."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from assay.core.errors import ConfigError
from assay.core.project import Project
from assay.hosts.dbt.ai_calls import names, parsed
from assay.hosts.dbt.manifest import Manifest, Node, name_of
from assay.project.evaluation.golden_checks import GoldenCheck, checks_of
from assay.project.review.column import SEPARATOR, Column
from assay.project.review.golden_file import GoldenFile


def golden_file_of(
    column: Column, manifest: Manifest, project: Project, key: str, given: Path | None = None
) -> GoldenFile:
    """Return the golden rows of a column: a `given` file, its test's seed, or a new seed.

    `key` is the SQL of the key of its rows. Raises `ConfigError` where the golden rows of its test
    are made of no seed of this project.
    """
    blank_says = column.may_be_blank
    own_label = column.path[-1] if column.path else column.call.column
    if given is not None or column.check is None:
        path = given or _new_file(column, project)
        return GoldenFile(path, _name(key), own_label, blank_says)
    check = column.check
    for seed in check.seeds:
        path = project.root / seed["original_file_path"]
        if seed["package_name"] == column.node["package_name"] and path.exists():
            header = _header(path)
            if (held := _one(check.key, header)) and (label := _one(check.label, header)):
                closed = _closed(checks_of(manifest), check, label)
                return GoldenFile(path, held, label, blank_says, closed)
    message = (
        f"The golden rows of {column.name}, {name_of(check.golden)}, are made of no seed with its "
        "key and its label; name the file that judgements go to with --golden."
    )
    raise ConfigError(message)


def advice(column: Column, golden: GoldenFile) -> str | None:
    """Return what to do so that new golden rows count; None where a test reads them already."""
    if column.check is not None:
        return None
    value = f", value: {column.call.column}.value.{'.'.join(column.path)}" if column.path else ""
    kind = "" if column.kind == "label" else f", kind: {column.kind}"
    label, least = golden.label, "min_accuracy: 0.5"
    if column.is_several:
        label = f"\"string_split({label}, '{SEPARATOR}')\""
    elif column.is_written:
        least = f"judged: {label} is not null, min_token_f1: 0.3"
    return (
        f"No test holds {column.name} against {golden.path.name} yet; add to the column: "
        f"- ai_accuracy: {{arguments: {{golden: ref('{golden.path.stem}'), key: {golden.key}, "
        f"label: {label}{kind}{value}, {least}}}}} (docs/golden.md)"
    )


def _new_file(column: Column, project: Project) -> Path:
    folder = next(iter(project.seeds), project.root / "seeds")
    return folder / f"golden_{name_of(column.node)}.csv"


def _name(key: str) -> str:
    """Return the name of a key column: without quotes, or the only one in an expression."""
    return next(iter(names(parsed(f"select {key}"))), key)


def _header(path: Path) -> list[str]:
    """Return the names of a file's columns; what is wrong with it is said where it is read."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def _one(expression: str, header: list[str]) -> str | None:
    """Return the only column of a file that an expression names; None for several and for none."""
    found = [name for name in header if name in names(parsed(f"select {expression}"))]
    return found[0] if len(found) == 1 else None


def _closed(checks: Iterable[GoldenCheck], own: GoldenCheck, label: str) -> str | None:
    """Return why a golden file takes no new rows: blank says "nothing to find" to another test."""
    for check in checks:
        is_other = _is_same(check.golden, own.golden) and not check.read_by(label)
        if is_other and check.kind == "extract" and check.judged is None:
            return (
                f"A new row would say that there is no {check.label} in it: the test ai_accuracy "
                f"of {check.named} takes blank for that. Give that test `judged:`, a condition of "
                "the rows that were judged for it, and run a build (docs/golden.md)."
            )
    return None


def _is_same(one: Node, other: Node) -> bool:
    return bool(one["unique_id"] == other["unique_id"])
