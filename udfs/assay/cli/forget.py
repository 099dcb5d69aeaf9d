"""`assay forget`: one subject's rows out of all that Assay keeps, line by line."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import duckdb
import typer

from assay.cli.console import (
    Json,
    key_prefix,
    number,
    open_store,
    print_json,
    print_table,
    store_path,
)
from assay.cli.query import bare
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.redaction import forms
from assay.hosts.dbt.lineage import Code, last_code
from assay.hosts.dbt.manifest import made_tables, read_manifest
from assay.hosts.dbt.project_folder import typed
from assay.hosts.dbt.settings import database_path, places_here
from assay.hosts.duckdb.udfs import register_for_reading, text_sql
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.chunked_texts import texts_in_place
from assay.project.erasure import (
    Hit,
    Subject,
    check_column,
    delete,
    parse_subject,
    published_hits,
    reached,
    retire,
    rewrite,
    texts_of_subject,
)
from assay.project.publishing.row_counts import checkpoint
from assay.project.repairs.erasing import repaired_rows
from assay.project.report.making import folder
from assay.project.review.golden_file import LOG, JudgementLog
from assay.store import queries, refuse_while_in_use

_RUN = "forget"


@dataclass(frozen=True, slots=True)
class ForgottenLine:
    """What became of one place: how many rows of it, and what is left to do, if anything."""

    where: str
    state: Literal["removed", "would be removed", "none", "left to you"]
    rows: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be forgotten: a subject with its texts, and keys by their first digits."""

    subject: Subject
    prefix: str | None

    @property
    def texts(self) -> list[str]:
        """The texts as they may have been asked about, with and without redaction."""
        return sorted({form for text in self.subject.texts for form in forms(text)} - {""})


def command(
    subject: Annotated[
        str | None,
        typer.Option(help="Rows with this value, and what was asked about them: customer_id=17."),
    ] = None,
    key: Annotated[str | None, typer.Option(help="Keys that begin with these digits.")] = None,
    sql: Annotated[
        str | None,
        typer.Option(help="A SELECT on the warehouse; the texts of its first column."),
    ] = None,
    texts_from: Annotated[
        Path | None,
        typer.Option("--from", parser=typed, help="A file with one text a line, or - for stdin."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove a subject's rows and texts from the store, the warehouse and old publications.

    Says line by line what was removed and what is left to you; exit code 1 while the publication
    that consumers read still holds rows of the subject.
    """
    texts = frozenset([*_texts_of_query(sql), *_texts_of_file(texts_from)])
    wanted = Wanted(
        replace(parse_subject(subject), texts=texts), None if key is None else key_prefix(key)
    )
    if not wanted.subject.is_named and not wanted.texts and wanted.prefix is None:
        message = "Nothing to forget: give --subject, --key, --sql or --from, and a text in these."
        raise ConfigError(message)
    lines = _forgotten(wanted, dry_run=dry_run)
    if as_json:
        print_json([asdict(line) for line in lines])
    else:
        rows = [[line.where, line.state, number(line.rows), line.note] for line in lines]
        print_table(("where", "state", "rows", "note"), rows, right="..r.")
    if any(line.state == "left to you" and line.rows for line in lines):
        raise typer.Exit(1)


def _forgotten(wanted: Wanted, *, dry_run: bool) -> list[ForgottenLine]:
    """Forget, place by place; the warehouse is opened first, so that a locked one stops it all."""
    state: Literal["removed", "would be removed"] = "would be removed" if dry_run else "removed"
    database = database_path()
    lines: list[ForgottenLine] = []
    if database.exists():
        with open_warehouse(database, read_only=dry_run) as connection:
            register_for_reading(connection)
            check_column(connection, wanted.subject)
            whole, found, tables = _in_warehouse(connection, wanted, state)
            repaired = _repaired(connection, whole)
            # The store first: while the rows are there, a command that was cut off can start anew.
            lines = [*_in_store(whole, state, repaired, dry_run=dry_run), *tables]
            if not dry_run:
                delete(connection, found)
        if found and not dry_run:
            rewrite(database)
            checkpoint(database, _RUN)
    else:
        if wanted.subject.is_named:
            message = f"There is no warehouse at {database} in which --subject could be looked up."
            raise ConfigError(f"{message} Give its texts with --from.")
        lines = [*_in_store(wanted, state, dry_run=dry_run), ForgottenLine("warehouse", "none", 0)]
    return [
        *lines,
        *_in_publications(wanted, state, dry_run=dry_run),
        _in_reviews(state, dry_run=dry_run),
        _in_indexes(state, dry_run=dry_run),
        *_out_of_reach(),
    ]


def _in_warehouse(
    connection: duckdb.DuckDBPyConnection,
    wanted: Wanted,
    state: Literal["removed", "would be removed"],
) -> tuple[Wanted, list[Hit], list[ForgottenLine]]:
    """Return `wanted` with the texts of its rows, the rows to delete, and a line for each table.

    Nothing is changed yet.
    """
    code = _code()
    found, left = reached(connection, wanted.subject, made_tables(code.manifest))
    if wanted.subject.is_named:
        texts = texts_of_subject(connection, wanted.subject, code)
        wanted = replace(
            wanted, subject=replace(wanted.subject, texts=wanted.subject.texts | texts)
        )
    lines = [ForgottenLine(f"warehouse {hit.table}", state, hit.rows) for hit in found]
    note = "no model makes it, and others may have said the same: delete there, or use --subject"
    lines += [
        ForgottenLine(f"warehouse {hit.table}", "left to you", hit.rows, note) for hit in left
    ]
    return wanted, found, lines or [ForgottenLine("warehouse", "none", 0)]


def _code() -> Code:
    """Return what the project asks, as it was built last."""
    if not store_path().exists():
        return Code(read_manifest(Path.cwd()))
    with open_store() as store:
        return last_code(store)


def _repaired(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> list[tuple[str, str]]:
    """Return the rows of which repairs are on record, by relation and key."""
    if not store_path().exists():
        return []
    with open_store() as store:
        return repaired_rows(connection, wanted.subject, store.read(queries.RepairsOf()))


def _in_store(
    wanted: Wanted,
    state: Literal["removed", "would be removed"],
    repaired: Sequence[tuple[str, str]] = (),
    *,
    dry_run: bool,
) -> list[ForgottenLine]:
    path = store_path()
    if not path.exists():
        return [ForgottenLine("store", "none", 0, "there is no store")]
    if not dry_run:
        refuse_while_in_use(path)  # what runs knows the answers, and its journal would bring them

    with open_store() as store:
        texts = sorted({*wanted.texts, *texts_in_place(store, [*wanted.subject.texts])})
        gone = store.forget(texts, wanted.prefix, repaired, rehearse=dry_run)
    del gone["leases"]
    lines = [
        ForgottenLine(f"store {table}", state if count else "none", count)
        for table, count in gone.items()
    ]
    return [
        *lines,
        ForgottenLine("store calls", "none", 0, "the ledger holds no text; its sums stay"),
    ]


def _in_publications(
    wanted: Wanted, state: Literal["removed", "would be removed"], *, dry_run: bool
) -> Iterator[ForgottenLine]:
    folder = places_here().publish
    found = list(published_hits(folder, wanted.subject)) if folder.exists() else []
    if not dry_run:
        retire(found)
    for one in found:
        where = f"publication {one.folder.name}"
        if one.is_current:
            note = f"run {program('build')}, then `{program('publish --keep 1')}`"
            yield ForgottenLine(where, "left to you", one.rows, f"consumers read it: {note}")
        else:
            yield ForgottenLine(
                where, state, one.rows, "the whole publication, with its Parquet and CSV"
            )
    if not found:
        yield ForgottenLine("publications", "none", 0)


def _in_reviews(state: Literal["removed", "would be removed"], *, dry_run: bool) -> ForgottenLine:
    """Forget what was judged, of everybody: an answer may be what a text says, word for word."""
    log = JudgementLog(folder() / LOG)
    held = len(log)
    if not dry_run:
        log.clear()
    note = "whole, so no judgement can be taken back; golden rows stay" if held else ""
    return ForgottenLine("review log", state if held else "none", held, note)


def _in_indexes(state: Literal["removed", "would be removed"], *, dry_run: bool) -> ForgottenLine:
    """Forget the indexes of searches, which hold words of everybody and can be made again."""
    folder = places_here().indexes
    held = len(list(folder.glob("*.duckdb"))) if folder.is_dir() else 0
    if not dry_run and folder.is_dir():
        shutil.rmtree(folder)
    note = "whole; the next search by an index makes it anew" if held else ""
    return ForgottenLine("indexes", state if held else "none", held, note)


def _out_of_reach() -> Iterator[ForgottenLine]:
    """Yield what nobody but you can clear."""
    manifest = read_manifest(Path.cwd())
    seeds = sorted(
        str(node["original_file_path"])
        for node in manifest.get("nodes", {}).values()
        if node["resource_type"] == "seed"
    )
    named = f" and seeds ({', '.join(seeds)})" if seeds else ""
    note = f"files and databases that models read{named}: remove it there, or it comes back"
    yield ForgottenLine("sources", "left to you", None, note)
    store = store_path()
    copies = sorted(
        path.name
        for pattern in (".damaged-*", ".replaced-*")
        for path in store.parent.glob(store.name + pattern)
    )
    for name in copies:
        yield ForgottenLine(
            f"copy {name}", "left to you", None, f"an old store: rm {store.parent / name}"
        )
    yield ForgottenLine(
        "backups", "left to you", None, "copies of store and warehouse that you keep"
    )


def _texts_of_query(sql: str | None) -> list[str]:
    if sql is None:
        return []
    path = database_path()
    if not path.exists():
        message = (
            f"There is no warehouse at {path} for --sql; run {program('build')}, or use --from."
        )
        raise ConfigError(message)
    with open_warehouse(path) as connection:
        register_for_reading(connection)
        if (found := connection.sql(bare(sql))) is None:
            message = f"--sql {sql!r} gives no rows; write a SELECT of the texts."
            raise ConfigError(message)
        return [text for (text,) in found.project(text_sql("#1")).fetchall() if text is not None]


def _texts_of_file(path: Path | None) -> Sequence[str]:
    if path is None:
        return []
    if str(path) == "-":
        return sys.stdin.read().splitlines()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").splitlines()
    message = f"--from {path} cannot be read as UTF-8; name a file with one text a line."
    raise ConfigError(message)
