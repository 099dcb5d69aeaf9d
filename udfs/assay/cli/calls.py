"""`assay calls` and `assay spend`: what was sent, what it cost, and what the store saved."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Annotated, get_args

import typer

from assay.cli.console import (
    Json,
    moment,
    money,
    number,
    one_of,
    open_store,
    print_json,
    print_table,
)
from assay.core.errors import Fault
from assay.core.plural import counted
from assay.hosts.dbt.lineage import last_code
from assay.project.report.spending import DIMENSIONS, Line, lines, read_spending, total
from assay.store import Selection, queries
from assay.store.queries import Row

OUTCOMES = ("ok", "partial", *get_args(Fault), "stopped", "interrupted")
_ID_DIGITS = 8

Since = Annotated[
    str | None, typer.Option(help="Begun since then: a span such as 12h or 7d, or a UTC date.")
]
Run = Annotated[str | None, typer.Option(help="Of runs whose invocation id begins with this.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="Of this language model.")]


def calls(
    run: Run = None,
    model: ModelOption = None,
    outcome: Annotated[
        str | None, typer.Option(help="That ended like this: `ok`, `partial`, a fault.")
    ] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the last ones.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the last attempts of the ledger: when, how they ended, tokens, cost, seconds."""
    one_of("--outcome", outcome, OUTCOMES)
    part = _selection(run, model, since)
    with open_store() as store:
        found = store.read(queries.Attempts(part, outcome, most=limit))
        all_of_them = store.read(queries.AttemptCount(part, outcome))
    if as_json:
        print_json([row | {"maybe_paid": bool(row["maybe_paid"])} for row in found])
        return
    titles = ("started (UTC)", "run", "model", "outcome", "try", "records", "answers")
    print_table(
        (*titles, "tokens in", "cached", "tokens out", "US dollars", "seconds", "error"),
        [_call_cells(row) for row in found],
        right="....rrrrrrrr.",
    )
    typer.echo(f"{len(found):,} of {all_of_them:,} attempts.")


def spend(
    by: Annotated[
        str, typer.Option(help="`day` (UTC), `model`, `column` (of dbt), `prompt` or `run`.")
    ] = "day",
    run: Run = None,
    model: ModelOption = None,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Add up what was sent and paid, and estimate what the store saved.

    Saved are the rows that were served without asking; each is put at what an answer to the same
    prompt has cost on average.
    """
    one_of("--by", by, DIMENSIONS)
    part = _selection(run, model, since)
    with open_store() as store:
        ledger = read_spending(store, part)
        columns = last_code(store).columns
    found = lines(ledger, by, columns)
    if as_json:
        facts = [_line_facts(by, line) for line in found]
        print_json({"by": by, "lines": facts, "total": asdict(total(ledger))})
        return
    titles = ("requests", "answers", "tokens in", "cached", "tokens out", "US dollars", "stored")
    print_table(
        (by, *titles, "duplicate", "saved about"),
        [_line_cells(line) for line in [*found, total(ledger)]],
        right=".rrrrrrrrr",
    )
    for note in _notes(total(ledger)):
        typer.echo(note)


def _selection(run: str | None, model: str | None, since: str | None) -> Selection:
    """Return the part of the ledger that is asked for."""
    now = datetime.datetime.now(datetime.UTC)
    begun = None if since is None else moment("--since", since, now)
    return Selection(run=run, model=model, since=begun)


def _call_cells(row: Row) -> list[str]:
    cost = money(row["cost_usd"]) + (" maybe" if row["maybe_paid"] else "")
    seconds = "" if row["latency_seconds"] is None else f"{row['latency_seconds']:.2f}"
    counts = (row["attempt"], row["records"], row["answers"])
    tokens = (row["input_tokens"], row["cached_tokens"], row["output_tokens"])
    named = (row["started_at"][:19], row["invocation_id"][:_ID_DIGITS], row["model"])
    ended = [row["outcome"] + (f" {row['http_status']}" if _is_error(row) else "")]
    return [
        *named,
        *ended,
        *map(number, counts),
        *map(number, tokens),
        cost,
        seconds,
        row["error"],
    ]


def _is_error(row: Row) -> bool:
    return row["http_status"] not in (None, 200)


def _line_facts(by: str, line: Line) -> Row:
    facts = asdict(line)
    return {by: facts.pop("name")} | facts


def _line_cells(line: Line) -> list[str]:
    tokens = (line.input_tokens, line.cached_tokens, line.output_tokens)
    counts = (line.requests, line.answers, *tokens)
    saved = (line.stored, line.duplicates)
    cells = [*map(number, counts), money(line.cost_usd), *map(number, saved)]
    return [line.name, *cells, money(line.saved_usd)]


def _notes(line: Line) -> list[str]:
    """Return what a sum of money does not say by itself."""
    notes = [
        "Saved is an estimate: rows served without asking, at what an answer costs on average."
    ]
    if line.unpriced:
        notes.append(
            f"{line.unpriced:,} of those rows are not in the sum: nothing is known of what "
            "an answer to their prompt costs."
        )
    if line.unknown_cost:
        notes.append(f"{counted(line.unknown_cost, 'request')} of unknown cost: not in the sum.")
    if line.maybe_paid:
        notes.append(
            f"{counted(line.maybe_paid, 'request')} may have been billed without an answer."
        )
    return notes
