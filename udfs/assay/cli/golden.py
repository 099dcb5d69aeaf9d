"""`assay golden diff`: which golden rows fell and rose between two evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import duckdb
import typer

from assay.cli.console import Json, one_line, open_store, print_json, print_table
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.lineage import Code, last_code
from assay.hosts.dbt.settings import database_path
from assay.hosts.duckdb.udfs import register_for_reading
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.evaluation.golden_checks import GoldenCheck, checks_of
from assay.project.evaluation.golden_diff import GoldenDiff, Moved, compare, evaluations, pick
from assay.project.review.column import find_column, texts_of_rows
from assay.store import Evaluation, Ledger

_SHOWN_ID = 8
_TEXT_WIDTH = 80

app = typer.Typer(
    help="Say which golden rows fell and rose between two evaluations, with a confusion table.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def golden() -> None:
    """Say which golden rows fell and rose between two evaluations, with a confusion table."""


@app.command("diff")
def diff(
    column: Annotated[
        str | None, typer.Argument(metavar="MODEL.COLUMN", help="All that have golden rows, else.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="The run whose id begins so; the last but one, unless told.")
    ] = None,
    now: Annotated[
        str | None, typer.Option(help="The run whose id begins so; the last, unless told.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows of a kind.")] = 20,
    as_json: Json = False,
) -> None:
    """Compare two evaluations row by row, with texts of the warehouse and answers of the store."""
    path = database_path()
    with open_store() as store:
        code = last_code(store)
        checks = _checks(code, column)
        if not path.exists():
            message = f"There is no warehouse at {path}; run {program('build')} first."
            raise ConfigError(message)
        with open_warehouse(path) as connection:
            register_for_reading(connection)
            found = list(_all(connection, store, code, checks, before, now))
    if as_json:
        print_json([_facts(one) for one in found])
        return
    for one in found:
        _print(one, limit)


def _checks(code: Code, named: str | None) -> list[GoldenCheck]:
    """Return the tests of one column, or of all."""
    every = list(checks_of(code.manifest))
    if named is None:
        chosen = every
    else:
        column = find_column(code, named)
        chosen = [column.check] if column.check is not None else []
    if chosen:
        return chosen
    what = "Nothing" if named is None else named
    message = (
        f"{what} has no golden rows: no test ai_accuracy names any. Begin with "
        f"{program('review MODEL.COLUMN')} (docs/golden.md)."
    )
    raise ConfigError(message)


def _all(
    connection: duckdb.DuckDBPyConnection,
    store: Ledger,
    code: Code,
    checks: Sequence[GoldenCheck],
    before: str | None,
    now: str | None,
) -> Iterator[GoldenDiff]:
    """Yield each comparison; of several columns one that has none yet is told and left out."""
    for check in checks:
        try:
            yield _compared(connection, store, code, check, before, now)
        except ConfigError as error:
            if len(checks) == 1:
                raise
            typer.echo(f"assay: {error}", err=True)


def _compared(
    connection: duckdb.DuckDBPyConnection,
    store: Ledger,
    code: Code,
    check: GoldenCheck,
    before: str | None,
    now: str | None,
) -> GoldenDiff:
    pair = pick(evaluations(store, check), check.named, before, now)
    try:
        golds = check.golden_rows(connection)
    except duckdb.Error:
        message = (
            f"{check.golden['schema']}.{check.golden['alias']} is not in the warehouse as the "
            f"test needs it; run {program('build')} first."
        )
        raise ConfigError(message) from None
    column = find_column(code, check.named)
    texts = texts_of_rows(connection, code, column, check.key, list(golds))
    return compare(store, check, pair, golds, texts)


def _print(found: GoldenDiff, limit: int) -> None:
    typer.echo("\n".join(_head(found)))
    for title, rows in (("Fell", found.fell), ("Rose", found.rose)):
        if rows:
            typer.echo(f"\n{title}: {counted(len(rows), 'golden row')}")
            titles = ("key", "expected", "before", "now", "text")
            print_table(titles, [_cells(row) for row in rows[:limit]])
            if len(rows) > limit:
                typer.echo(f"... and {len(rows) - limit:,} more; see --limit.")
    if found.confusion:
        typer.echo("\nNow, golden rows by right answer (down) and answer (across)")
        print_table(*_confusion(found))
    typer.echo("")


def _head(found: GoldenDiff) -> Iterator[str]:
    before, now = found.before, found.now
    yield (
        f"{found.column}: accuracy {before.accuracy:.3f}, then {now.accuracy:.3f}; of "
        f"{counted(found.compared, 'golden row')} {len(found.fell):,} fell and "
        f"{len(found.rose):,} rose"
    )
    yield f"  before  {_told(before)}"
    yield f"  now     {_told(now)}"
    if before.fingerprint == now.fingerprint:
        yield "  The answers to golden rows are the same in both; name another run with --before."
    if found.unknown:
        yield f"  {counted(found.unknown, 'golden row')} not compared: labelled anew, or gone."


def _told(one: Evaluation) -> str:
    prompt = one.prompt_hash[:_SHOWN_ID] or "unknown"
    run = one.invocation_id[:_SHOWN_ID]
    return f"{one.evaluated_at[:19]}  run {run}, prompt {prompt} by {one.model or 'unknown'}"


def _cells(row: Moved) -> tuple[str, ...]:
    gone = "(not in the store)"
    text = one_line(row.text)[:_TEXT_WIDTH] if row.text is not None else ""
    return row.key, row.expected, row.before or gone, row.now or gone, text


def _confusion(found: GoldenDiff) -> tuple[Sequence[str], Sequence[Sequence[str]], str]:
    """Return titles, rows and sides of the table: right answers down, answers across."""
    golds = sorted({gold for gold, _ in found.confusion})
    answers = sorted({answer for _, answer in found.confusion} | set(golds))
    rows = [
        [gold, *(_count(found.confusion.get((gold, answer), 0)) for answer in answers)]
        for gold in golds
    ]
    return ["", *answers], rows, "." + "r" * len(answers)


def _count(count: int) -> str:
    return f"{count:,}" if count else "."


def _facts(found: GoldenDiff) -> dict[str, Any]:
    facts = asdict(found)
    for name in ("before", "now"):
        one = facts[name]
        facts[name] = {
            key: one[key]
            for key in ("invocation_id", "prompt_hash", "model", "accuracy", "evaluated_at")
        }
    facts["confusion"] = [
        {"expected": gold, "now": answer, "rows": count}
        for (gold, answer), count in sorted(found.confusion.items())
    ]
    return facts
