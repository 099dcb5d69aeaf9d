"""`assay explain`: why a value is what it is, by the key of an ask or by a row of a table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.console import Json, key_prefix, money, one_line, open_store, print_json
from assay.core.canonical import normalise
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.hosts.dbt.lineage import last_code
from assay.hosts.dbt.manifest import read_manifest
from assay.hosts.dbt.settings import database_path
from assay.hosts.duckdb.udfs import register_for_reading
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.explain import AskedRow, asked_about, find_row, keys_like, known_of
from assay.store import Ledger
from assay.store.queries import Row

_CLOSED_SETS = ("classify", "sentiment", "filter", "score")
"""Kinds whose answers hold no word of the text."""

_MOST_KEYS = 20
_WIDTH = 14

ShowText = Annotated[
    bool, typer.Option("--show-text", help="Print the text, and answers that may quote it.")
]


def command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY|ROW",
            help="Hex digits that a key begins with; or `schema.table:ID`, the row whose unique "
            "key is ID; or `schema.table` with --where.",
        ),
    ],
    where: Annotated[str | None, typer.Option(help="A SQL condition that one row fits.")] = None,
    column: Annotated[str | None, typer.Option(help="This AI column alone.")] = None,
    show_text: ShowText = False,
    as_json: Json = False,
) -> None:
    """Say why a value is what it is: task, prompt, model, attempt, cost, from store or fresh."""
    is_key = where is None and ":" not in what and re.fullmatch("[0-9a-fA-F]+", what)
    found = _by_key(what) if is_key else _by_row(what, where, column)
    shown = [_shown(facts, show_text=show_text) for facts in found]
    if as_json:
        print_json(shown)
        return
    typer.echo("\n\n".join(map(_block, shown)))


def _by_key(prefix: str) -> list[Row]:
    with open_store() as store:
        columns = last_code(store).columns
        keys = keys_like(store, key_prefix(prefix))
        if not keys:
            message = f"No answer and no failure has a key that begins with {prefix!r}."
            raise ConfigError(message)
        if len(keys) > _MOST_KEYS:
            message = f"{len(keys):,} keys begin with {prefix!r}; give more digits."
            raise ConfigError(message)
        found = [known_of(store, key) for key in keys]
    return [facts | {"columns": columns.get(facts["prompt_hash"], [])} for facts in found]


def _by_row(what: str, where: str | None, column: str | None) -> list[Row]:
    name, _, value = what.partition(":")
    if where is None and not value:
        message = (
            f"{what!r} is neither a key (hex digits) nor a row; write schema.table:ID, such as "
            "silver.silver_feedback:17, or add --where."
        )
        raise ConfigError(message)
    manifest = read_manifest(Path.cwd())
    if not manifest:
        message = (
            f"There is no target/manifest.json, which says what was asked; run {program('build')}."
        )
        raise ConfigError(message)
    path = database_path()
    if not path.exists():
        message = f"There is no warehouse at {path}; run {program('build')} first."
        raise ConfigError(message)
    with open_store() as store, open_warehouse(path) as connection:
        register_for_reading(connection)
        place = find_row(connection, manifest, name, value, where)
        asked = list(asked_about(connection, last_code(store), store, place))
        chosen = [one for one in asked if column in (None, one.call.column)]
        if not chosen:
            raise ConfigError(_nothing_asked(place.name, column, asked))
        return [facts for one in chosen for facts in _facts(store, one)]


def _nothing_asked(table: str, column: str | None, asked: list[AskedRow]) -> str:
    if asked:
        names = ", ".join(one.call.column for one in asked)
        return f"No AI column {column!r} is above {table}; there are {names}."
    return (
        f"No model above {table} that was compiled asks about single rows of it; name a row of "
        f"the silver table, or run {program('build')} without a selection."
    )


def _facts(store: Ledger, asked: AskedRow) -> list[Row]:
    """Return what is known of one call about the row; its state where nothing is."""
    named = {"columns": [asked.call.name], "text": asked.text}
    if asked.sent:
        return [known_of(store, key) | named | {"sent": sent} for key, sent in asked.sent.items()]
    task = asked.call.task
    state = (
        "skipped: there is no text"
        if not (asked.text or "").strip()
        else "not in the store: not asked yet, or asked about another text or of another model"
    )
    facts = {"state": state, "kind": task.kind, "prompt_hash": task.prompt_hash, "task": task.spec}
    return [named | facts]


def _shown(facts: Row, *, show_text: bool) -> Row:
    """Return facts as they may be shown: no text of a row, unless told to."""
    text, sent = facts.pop("text", None), facts.pop("sent", None)
    shown = facts | {"text_length": None if text is None else len(text)}
    if show_text:
        return shown | {"text": text, "sent": sent}
    if facts.get("value") is not None and facts["kind"] not in _CLOSED_SETS:
        shown["value"] = None
        shown["value_hidden"] = "it may quote the text; add --show-text"
    return shown


def _block(facts: Row) -> str:
    return "\n".join(f"{name:<{_WIDTH}} {one_line(value)}" for name, value in _lines(facts))


def _lines(facts: Row) -> list[tuple[str, Any]]:
    """Return what a person reads, in the order of the questions that people ask."""
    lines = [
        ("column", " + ".join(facts["columns"]) or "(no model of the project asks this)"),
        ("state", facts["state"]),
        ("value", facts.get("value") or facts.get("value_hidden")),
        ("confidence", facts.get("confidence")),
        ("status", facts.get("status")),
        ("error", facts.get("error")),
        ("failed", _failed(facts)),
        ("next try", facts.get("next_try_at")),
        ("asked", f"{facts['kind']}: {_told(facts['task'])}"),
        ("prompt hash", facts["prompt_hash"]),
        ("model", _model(facts)),
        ("answered at", facts.get("answered_at")),
        ("source", facts.get("source")),
        ("attempt", _attempt(facts.get("attempt"))),
        ("asked with", _asked_with(facts.get("attempt"))),
        ("cost", _cost(facts)),
        ("checksum", _checksum(facts)),
        ("text", facts.get("text") or _length(facts)),
        ("sent", _sent(facts)),
        ("key", facts.get("key")),
    ]
    return [(name, value) for name, value in lines if value not in (None, "")]


def _told(task: Any) -> str:
    """Return the labels, fields and the rest of a task that is not empty, as JSON."""
    if task is None:
        return "its task is not on record"
    given = {name: value for name, value in task.items() if value and name != "kind"}
    examples = given.pop("examples", None)
    if examples:
        given["examples"] = len(examples)
    return json.dumps(given, ensure_ascii=False)


def _model(facts: Row) -> str | None:
    if "model" not in facts:
        return None
    answered = facts.get("answered_by")
    by = f", which called itself {answered}" if answered not in (None, facts["model"]) else ""
    return f"{facts['model']} at {facts['host']}{by}"


def _failed(facts: Row) -> str | None:
    if "failed_at" not in facts:
        return None
    return f"in {facts['attempts']} runs, last at {facts['failed_at']}"


def _attempt(attempt: Row | None) -> str | None:
    if attempt is None:
        return None
    seconds = attempt["latency_seconds"]
    took = "" if seconds is None else f" in {seconds:.2f} s"
    return (
        f"{attempt['attempt_id'][:12]} of run {attempt['invocation_id'][:8]}, try "
        f"{attempt['attempt']}: {attempt['outcome']}, {attempt['answers']} answers for "
        f"{attempt['records']} records{took}"
    )


def _asked_with(attempt: Row | None) -> str | None:
    """Return what shapes an answer and is in no key, as it is in the ledger."""
    if attempt is None or attempt["asked_with"] is None:
        return None
    return json.dumps(json.loads(attempt["asked_with"]), ensure_ascii=False)


def _cost(facts: Row) -> str | None:
    attempt = facts.get("attempt")
    if attempt is None:
        return None
    whole = f"the request cost {money(attempt['cost_usd'])} US dollars"
    share = facts.get("cost_usd")
    return whole if share is None else f"{share:.6f} US dollars, its share; {whole}"


def _checksum(facts: Row) -> str | None:
    if facts.get("is_sound") is False:
        return "does not fit: it is never served and will be asked again"
    return None


def _length(facts: Row) -> str | None:
    length = facts.get("text_length")
    return None if length is None else f"{length:,} characters; add --show-text to see it"


def _sent(facts: Row) -> str | None:
    """Return what was sent where it is not the text of the row."""
    sent = facts.get("sent")
    return None if sent is None or sent == normalise(facts["text"]) else sent
