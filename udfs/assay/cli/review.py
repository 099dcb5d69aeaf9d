"""`assay review`: look at answers, accept or correct them by a key; what is right becomes gold."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from assay.cli.console import Json, one_line, open_store, print_json, print_table
from assay.cli.keyboard import keyboard
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.lineage import Code, last_code
from assay.hosts.dbt.project_folder import project_here, typed
from assay.hosts.dbt.settings import database_path
from assay.hosts.duckdb.udfs import register_for_reading
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.report.making import folder
from assay.project.review.column import Column, find_column, key_of_rows, texts_of_rows
from assay.project.review.desk import Desk
from assay.project.review.gold import advice, golden_file_of
from assay.project.review.golden_file import LOG, GoldenFile, JudgementLog
from assay.project.review.others import with_others
from assay.project.review.rows import FEW, Row, Wish, check_label, choose, read_rows, with_reasons
from assay.project.review.terminal import ReviewTerminal
from assay.store import Ledger

MANY = 200
"""So many rows a page has, unless told."""

_TEXT_WIDTH = 80
_VALUE_WIDTH = 60


def command(
    column: Annotated[
        str, typer.Argument(metavar="MODEL.COLUMN", help="An AI column; of several fields one.")
    ],
    *,
    sample: Annotated[int | None, typer.Option(min=1, help="So many rows, at random.")] = None,
    low_confidence: Annotated[
        bool, typer.Option("--low-confidence", help="The least certain first.")
    ] = False,
    disagree: Annotated[
        bool,
        typer.Option("--disagree", help="Where gold, another prompt or model says otherwise."),
    ] = False,
    label: Annotated[str | None, typer.Option(help="Answered like this.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other rows.")] = 1,
    key: Annotated[str | None, typer.Option(help="The column that tells rows apart.")] = None,
    golden: Annotated[
        Path | None, typer.Option(parser=typed, help="The CSV file that judgements go to.")
    ] = None,
    judged: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=ANSWER: judge this row without a look; several times."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the last judgement.")] = False,
    page: Annotated[
        bool, typer.Option("--page", help="Review in a browser; served to this machine alone.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0: a free one.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="With --page: start the browser.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Look at answers with their texts, accept or correct them by a key; judged rows become gold.

    Where the output is no terminal the rows are printed as a table, and nothing is judged.
    """
    named = [_judgement(given) for given in judged or []]
    most = sample or limit or (MANY if page else FEW)
    keys = tuple(key for key, _ in named)
    wish = Wish(most, low_confidence, disagree, label, keys, seed)
    desk = _desk(column, wish, key, golden)
    if undo:
        _say_undone(desk)
    elif named:
        _judge(desk, named)
    elif not desk.rows:
        typer.echo(_nothing(desk.column, wish))
    elif page:
        _serve(desk, port, browser=browser)
    elif as_json:
        print_json([asdict(row) for row in desk.rows])
    elif sys.stdin.isatty() and sys.stdout.isatty():
        _review(desk)
    else:
        _print(desk)


def _desk(named: str, wish: Wish, key: str | None, golden: Path | None) -> Desk:
    """Return the desk with the rows that are wanted; the warehouse is open no longer then."""
    path = database_path()
    with open_store() as store:
        code = last_code(store)
        column = find_column(code, named)
        check_label(column, wish.label)
        if not path.exists():
            message = f"There is no warehouse at {path}; run {program('build')} first."
            raise ConfigError(message)
        with open_warehouse(path) as connection:
            register_for_reading(connection)
            by = key_of_rows(connection, column, key)
            file = golden_file_of(column, code.manifest, project_here(), by, golden)
            rows = _rows(connection, store, code, column, by, file, wish)
    return Desk(column, rows, file, JudgementLog(folder() / LOG))


def _rows(
    connection: duckdb.DuckDBPyConnection,
    store: Ledger,
    code: Code,
    column: Column,
    key: str,
    file: GoldenFile,
    wish: Wish,
) -> Sequence[Row]:
    """Return the rows that are wanted, with texts and what others answered."""
    rows = read_rows(connection, column, key, file.judged())
    if not wish.disagree:
        rows = choose(rows, wish)
    texts = texts_of_rows(connection, code, column, key, [row.key for row in rows])
    rows = with_others(store, column, rows, texts)
    return [with_reasons(row) for row in (choose(rows, wish) if wish.disagree else rows)]


def _nothing(column: Column, wish: Wish) -> str:
    if wish.disagree:
        return f"No two answers to the same text of {column.name} are different."
    like = f" that is {wish.label}" if wish.label else ""
    return f"There is no answer of {column.name}{like} that was not judged already."


def _judgement(given: str) -> tuple[str, str]:
    key, equals, answer = given.partition("=")
    if equals and key:
        return key, answer
    message = f"--set {given!r} is not KEY=ANSWER."
    raise ConfigError(message)


def _judge(desk: Desk, named: Sequence[tuple[str, str]]) -> None:
    for key, answer in named:
        said = desk.correct(key, answer)
        typer.echo(f"{desk.column.name} of {key}: {one_line(said) or 'nothing to find'}")
    _say_where(desk)


def _say_undone(desk: Desk) -> None:
    key = desk.undo()
    if key is None:
        message = f"There is no judgement of {desk.column.name} to take back."
        raise ConfigError(message)
    typer.echo(f"Taken back: what was said of {desk.column.name} of {key}.")


def _review(desk: Desk) -> None:
    """Let a person judge in the terminal; Ctrl-C ends it, and all that was judged is kept."""
    if not desk.column.can_be_judged:
        _print(desk)
        return
    _say_before(desk)
    width = shutil.get_terminal_size().columns
    with _heard(), keyboard() as keys:
        session = ReviewTerminal(desk, typer.echo, keys.key, keys.line, width)
        try:
            session.run()
        except (KeyboardInterrupt, EOFError):
            typer.echo("")
    typer.echo(f"\n{session.done}")
    if session.done.accepted + session.done.corrected:
        _say_where(desk)


def _say_before(desk: Desk) -> None:
    """Say what a person should know before the first row: what becomes of a judgement."""
    name = desk.column.name
    if not desk.column.can_be_judged:
        typer.echo(f"Answers of {name} are looked at only: golden rows have no such.")
    elif desk.column.is_written:
        where = os.path.relpath(desk.golden.path)
        typer.echo(f"Answers of {name} are texts: what is judged right is in {where} in full.")


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """Hear Ctrl-C, also where a script has made us deaf to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield


def _say_where(desk: Desk) -> None:
    file = desk.golden
    where = os.path.relpath(file.path)
    typer.echo(f"{counted(len(file.judged()), 'golden row')} of {file.label} in {where}.")
    if (what := advice(desk.column, file)) is not None:
        typer.echo(what)


def _serve(desk: Desk, port: int, *, browser: bool) -> None:
    from assay.project.review.serving import serve

    _say_before(desk)
    with _heard():
        serve(desk, port, lambda address: typer.echo(f"{address} until Ctrl-C"), browser=browser)
    _say_where(desk)


def _print(desk: Desk) -> None:
    """Print the rows, and how they are judged; first whether they can be."""
    _say_before(desk)
    rows = [
        (
            row.key,
            one_line(row.value or "NULL")[:_VALUE_WIDTH],
            "" if row.confidence is None else f"{row.confidence:.2f}",
            one_line(row.text)[:_TEXT_WIDTH],
            "; ".join(row.why),
        )
        for row in desk.rows
    ]
    print_table((desk.golden.key, desk.golden.label, "confidence", "text", "why"), rows, "..r")
    if not desk.column.can_be_judged:
        return
    name = desk.column.name
    one = program(f"review {name} --set KEY=ANSWER")
    typer.echo(
        "To judge them by a key, call this in a terminal, or "
        f"`{program(f'review {name} --page')}`; a single one: `{one}`."
    )
