"""`assay suggest`: a suite of suggested expectations for a table, for a person to accept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.project_folder import target_of, typed
from assay.hosts.dbt.settings import database_path, settings_here
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.suggestions.cells import cells
from assay.project.suggestions.profiles import ColumnProfile
from assay.project.suggestions.relations import find_table
from assay.project.suggestions.suggest import Suggestions, suggest
from assay.project.suggestions.suites import Suggestion, suite, target, write

MOST_NAMED = 3
LONGEST_TYPE = 60


def command(
    relation: Annotated[str, typer.Argument(help="A dbt model, seed or source, or schema.table.")],
    out: Annotated[
        Path | None,
        typer.Option(parser=typed, help="Where to write; else quality/suites/suggested/."),
    ] = None,
    cells_to: Annotated[
        Path | None,
        typer.Option("--cells", parser=typed, help="JSON lines of the wrong cells, rows by hash."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Instead of `ASSAY_MODEL`.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a suggested suite.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Profile a table and write a suite of suggested expectations; no gate loads it as it is.

    With `ASSAY_PROVIDER=openai` names, counts and shapes of the table go to the endpoint, and no
    value of a row.
    """
    settings, path = settings_here(), database_path()
    if not path.exists():
        message = f"There is no warehouse at {path}; run {program('build')} first."
        raise ConfigError(message)
    with open_warehouse(path, threads=1) as connection:  # so that a sample is repeatable
        table = find_table(connection, relation, _manifest())
        made = suggest(connection, table, settings, model)
        file = target(made.profile, out)
        write(file, suite(made.profile, made.found), force=force)
        if cells_to is not None:
            lines = [json.dumps(cell) for cell in cells(connection, made.profile, made.found)]
            cells_to.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    typer.echo(json.dumps(_shown(made, file)) if as_json else _table(made, file))


def _manifest() -> dict[str, Any]:
    """Return dbt's manifest; without one tables are found by their own names."""
    file = target_of(Path()) / "manifest.json"
    if not file.exists():
        return {}
    manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return manifest


def _shown(made: Suggestions, file: Path) -> dict[str, Any]:
    return {
        "relation": f"{made.profile.table.schema}.{made.profile.table.name}",
        "rows": made.profile.rows,
        "sampled": made.profile.sampled,
        "file": str(file),
        "issues": [_issue(number, each) for number, each in enumerate(made.found, start=1)],
        "unread": [{"column": each.name, "type": each.type} for each in made.profile.unread],
        "dropped": list(made.dropped),
        "requests": made.spend.requests,
        "cost_usd": None if made.spend.unknown_cost else made.spend.cost_usd,
    }


def _issue(number: int, each: Suggestion) -> dict[str, Any]:
    rule = each.candidate.rule
    return {
        "issue": number,
        "severity": each.severity,
        "kind": rule.kind,
        "columns": list(rule.columns),
        "expectation": rule.expectation,
        "judged": each.candidate.judged,
        "wrong": each.candidate.wrong,
        "reason": each.reason,
        "seen": list(rule.seen),
    }


def _table(made: Suggestions, file: Path) -> str:
    """Return what a person reads: a line for each issue, what was dropped, what to do next."""
    profile = made.profile
    looked = "" if profile.rows == profile.sampled else f", {profile.sampled:,} of them profiled"
    head = f"{profile.table.schema}.{profile.table.name}: {counted(profile.rows, 'row')}{looked}"
    rows = [_row(first, group) for first, group in _grouped(made.found)]
    titles = ("#", "severity", "kind", "column", "wrong", "expected, or seen")
    told = [_unread(profile.unread)] if profile.unread else []
    told += [f"Dropped: {_plain(line)}." for line in made.dropped]
    accept = (
        f"Written to {_plain(str(file))}; no gate loads it. To accept: edit it, take `suggested` "
        "out of its `meta`, move it to the folder of the layer whose gate reads the table."
    )
    lines = _lined([titles, *rows]) if rows else ["Nothing to suggest but the row count."]
    return "\n".join([head, *lines, *told, accept])


def _grouped(found: Sequence[Suggestion]) -> Iterator[tuple[int, list[Suggestion]]]:
    """Yield issues that say the same of several columns together, with the number of the first."""
    number = 1
    for _, alike in groupby(found, key=_said):
        group = list(alike)
        yield number, group
        number += len(group)


def _said(each: Suggestion) -> tuple[str, ...]:
    rule = each.candidate.rule
    return (each.severity, rule.kind, rule.claim, *rule.seen)


def _row(first: int, group: Sequence[Suggestion]) -> tuple[str, ...]:
    rule, wrong = group[0].candidate.rule, sorted({each.candidate.wrong for each in group})
    columns = [column for each in group for column in each.candidate.rule.about]
    most = f"{wrong[0]:,} to {wrong[-1]:,}" if len(wrong) > 1 else f"{wrong[0]:,}"
    judged = max(each.candidate.judged for each in group)
    return (
        f"{first}" if len(group) == 1 else f"{first}-{first + len(group) - 1}",
        group[0].severity,
        rule.kind.replace("_", " "),
        _few([_plain(column) for column in columns]),
        f"{most} of {judged:,}",
        _plain(f"{rule.claim}: {_few(rule.seen)}" if rule.seen else rule.claim),
    )


def _few(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _unread(columns: Sequence[ColumnProfile]) -> str:
    """Name the columns of whose values nothing was looked at; long types are cut."""
    named = ", ".join(
        f"{_plain(each.name)} ({_plain(each.type[:LONGEST_TYPE])})" for each in columns
    )
    return f"Not looked into: {named}; select what matters of them as columns of their own."


def _lined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with columns of one width; the last one is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        )
        for row in rows
    ]


def _plain(text: str) -> str:
    """Return a name as a terminal may show it: what does not print is spelled out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
