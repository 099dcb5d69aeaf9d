"""`assay dead-letters`: list, show, replay and discard what has no answer; `assay forget`."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import getpass
import hashlib
import inspect
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from udfs.canonical import normalise
from udfs.dead_letters import Choice, Replayed, chosen, duration, replay
from udfs.doctor import store_path
from udfs.errors import ConfigError, QuotaError
from udfs.functions import FUNCTIONS
from udfs.policy import MOST_RUNS
from udfs.records import Status
from udfs.report import spend_of, stopped_by
from udfs.runner import BUDGET_EXIT, QUOTA_EXIT
from udfs.settings import settings_from_environ
from udfs.store import Store
from udfs.store.letters import (
    Letter,
    State,
    discards_of,
    forget_keys,
    keys_of_texts,
    keys_with_prefix,
    letters,
    make_due,
    put_discards,
    task_specs,
)
from udfs.warehouse import database_path, open_warehouse

app = typer.Typer(no_args_is_help=True, help="List, show, replay and discard dead letters.")

_HASH_DIGITS = 12
_SHORTEST_PREFIX = 4
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")

Model = Annotated[str | None, typer.Option(help="Of this language model.")]
Kind = Annotated[str | None, typer.Option(help="Of this AI function, such as `classify`.")]
StatusOption = Annotated[str | None, typer.Option("--status", help="With this status.")]
OlderThan = Annotated[str | None, typer.Option(help="Failed before that long ago: 90m, 12h, 7d.")]
Key = Annotated[str | None, typer.Option(help="Whose key begins with these hex digits.")]
StateOption = Annotated[
    str | None,
    typer.Option(
        "--state",
        help="`dead` (the default without --key), `waiting` (a build tries them again by "
        "itself) or `discarded`.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
All = Annotated[bool, typer.Option("--all", help="All dead letters, without a filter.")]


def _choice(
    model: Model = None,
    kind: Kind = None,
    status: StatusOption = None,
    older_than: OlderThan = None,
    key: Key = None,
    state: StateOption = None,
) -> Choice:
    """Return the options as one value; raise `ConfigError` for one that can fit nothing."""
    _check("--kind", kind, [function.__name__.lower() for function in FUNCTIONS])
    _check("--status", status, get_args(Status))
    _check("--state", state, get_args(State))
    return Choice(
        model=model,
        kind=kind,
        status=status,
        older_than=None if older_than is None else duration(older_than),
        key=None if key is None else _prefix(key),
        state=next((known for known in get_args(State) if known == state), None),
    )


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters as options; it takes them as one `Choice`, its first argument."""
    filters = inspect.signature(_choice, eval_str=True).parameters
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def chosen_by_options(**given: Any) -> None:
        choice = _choice(**{name: given.pop(name) for name in filters})
        command(choice, **given)

    options = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in filters.values()]
    vars(chosen_by_options)["__signature__"] = inspect.Signature([*options, *own])
    chosen_by_options.__annotations__ = _choice.__annotations__ | command.__annotations__
    return chosen_by_options


@app.command("list")
@_choosing
def list_letters(choice: Choice, *, as_json: Json = False) -> None:
    """List letters with why they failed; of their texts only hash and length."""
    with _store() as store:
        found = _chosen(store, choice)
    if as_json:
        typer.echo(json.dumps([_facts(letter) for letter in found], indent=2))
        return
    for letter in found:
        typer.echo(_line(letter))
    typer.echo(f"{len(found):,} letters.")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Hex digits that the key begins with.")],
    text: Annotated[bool, typer.Option("--text", help="Print the text, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show one letter: task, reason, attempts, discards; its text only when told to."""
    with _store() as store:
        letter = _only(_chosen(store, _choice(key=key)), key)
        facts = _facts(letter)
        (specs,) = store.transact([task_specs])
        (discards,) = store.transact([lambda connection: discards_of(connection, letter.key)])
    facts["task"] = json.loads(specs.get(letter.prompt_hash, ("", "null"))[1])
    facts["discards"] = [dataclasses.asdict(discard) for discard in discards]
    if text:
        facts["text"] = letter.text
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        typer.echo(f"{name:<14} {_spelled(value)}")


@app.command("replay")
@_choosing
def replay_letters(
    choice: Choice,
    *,
    everything: All = False,
    max_attempts: Annotated[
        int, typer.Option(min=1, help="Leave those that failed in this many runs.")
    ] = MOST_RUNS,
    in_next_build: Annotated[
        bool, typer.Option("--in-next-build", help="Ask nothing now; the next build does.")
    ] = False,
) -> None:
    """Ask the chosen letters again; what is answered is no letter any more."""
    choice = _narrow(choice, everything=everything)
    if choice.state == "discarded" and not choice.key:
        message = "What was discarded is replayed by its key; add --key."
        raise ConfigError(message)
    if in_next_build:
        with _store() as store:
            found = [one for one in _chosen(store, choice) if one.attempts < max_attempts]
            store.transact([lambda connection: make_due(connection, found)])
        typer.echo(f"The next build asks {len(found):,} letters again.")
        return
    settings = settings_from_environ()
    with _store() as store:
        done = replay(settings, store, _chosen(store, choice), max_attempts)
        code = _replay_code(store, done)
        typer.echo(_replay_report(store, done))
    if done.stopped is not None:
        typer.echo(f"Stopped: {done.stopped}", err=True)
    raise typer.Exit(code)


@app.command()
@_choosing
def discard(
    choice: Choice,
    *,
    reason: Annotated[str, typer.Option(help="Why it is given up; kept on record.")],
    everything: All = False,
    by: Annotated[str | None, typer.Option(help="Who says so; you, unless told.")] = None,
) -> None:
    """Give the chosen letters up: they stay failures, and are never asked again by themselves."""
    choice = _narrow(choice, everything=everything)
    if not reason.strip():
        message = "--reason is blank; say why these letters are given up."
        raise ConfigError(message)
    with _store() as store:
        found = _chosen(store, choice)
        who = by or getpass.getuser()
        (count,) = store.transact([lambda c: put_discards(c, found, reason.strip(), who)])
    typer.echo(f"Discarded {count:,} letters; {len(found) - count:,} had been before.")


def forget(
    key: Annotated[str | None, typer.Option(help="Keys that begin with these digits.")] = None,
    sql: Annotated[
        str | None,
        typer.Option(help="A SELECT on the warehouse; the texts of its first column."),
    ] = None,
    texts_from: Annotated[
        Path | None, typer.Option("--from", help="A file with one text a line, or - for stdin.")
    ] = None,
) -> None:
    """Remove every answer, failure and discard about the given texts or keys from the store."""
    texts = [*_texts_of_query(sql), *_texts_of_file(texts_from)]
    normal = sorted({normalise(text) for text in texts} - {""})
    prefix = _prefix(key) if key is not None else None
    if prefix is None and not normal:
        message = "Nothing to forget: give --key, --sql or --from."
        raise ConfigError(message)
    with _store() as store:
        gone = store.forget(
            lambda c: forget_keys(
                c,
                [*keys_of_texts(c, normal), *(keys_with_prefix(c, prefix) if prefix else ())],
            )
        )
    counts = ", ".join(f"{count:,} {table}" for table, count in gone.items() if table != "leases")
    typer.echo(
        f"Forgot {counts}. Sources, warehouse, backups and publications are yours to clear."
    )


@contextlib.contextmanager
def _store() -> Iterator[Store]:
    """Yield the store of the environment, which must exist; no key and no provider is needed."""
    path = store_path(os.environ)
    if not path.exists():
        message = f"There is no store at {path}; run ./scripts/build first, or see `ASSAY_STORE`."
        raise ConfigError(message)
    store = Store(path, guarded=True)
    try:
        yield store
    finally:
        store.close()


def _chosen(store: Store, choice: Choice) -> list[Letter]:
    (found,) = store.transact([letters])
    return chosen(found, choice, datetime.datetime.now(datetime.UTC))


def _check(option: str, given: str | None, known: Any) -> None:
    if given is not None and given not in known:
        message = f"{option} {given!r} is not known; choose one of {', '.join(known)}."
        raise ConfigError(message)


def _prefix(key: str) -> str:
    if len(key) >= _SHORTEST_PREFIX and re.fullmatch("[0-9a-fA-F]+", key):
        return key.lower()
    message = f"A key is hex digits, at least the first {_SHORTEST_PREFIX}, not {key!r}."
    raise ConfigError(message)


def _narrow(choice: Choice, *, everything: bool) -> Choice:
    """Return `choice`, unless it means all letters and nobody said so."""
    if choice.is_narrow or everything:
        return choice
    message = "That would be every letter: narrow it down, such as with --status, or add --all."
    raise ConfigError(message)


def _only(found: list[Letter], key: str) -> Letter:
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"No letter has a key that begins with {key!r}; see the list."
    else:
        message = f"{len(found):,} letters have a key that begins with {key!r}; give more digits."
    raise ConfigError(message)


def _facts(letter: Letter) -> dict[str, Any]:
    """Return all that is shown of a letter: everything but its text."""
    facts = dataclasses.asdict(letter)
    text = facts.pop("text")
    facts["key"] = letter.key.hex()
    facts["state"] = letter.state
    facts["error"] = _one_line(letter.error)
    facts["text_length"] = None if text is None else len(text)
    facts["text_hash"] = None if text is None else _text_hash(text)
    return facts


def _line(letter: Letter) -> str:
    length = "no text" if letter.text is None else f"{len(letter.text):,} characters"
    return (
        f"{letter.key.hex()[:_HASH_DIGITS]}  {letter.state:<9}  {letter.failed_at[:19]}  "
        f"{letter.status:<9}  {letter.attempts} runs  {letter.kind} by {letter.model}  "
        f"{length}  {_one_line(letter.error)}"
    )


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _spelled(value: object) -> str:
    """Return a value as one line that no terminal obeys: JSON escapes what is not plain."""
    if value is None:
        return ""
    return value if isinstance(value, str) and not _CONTROL.search(value) else json.dumps(value)


def _replay_code(store: Store, done: Replayed) -> int:
    """Return 0 when all that was chosen is answered."""
    if isinstance(done.stopped, QuotaError):
        return QUOTA_EXIT
    stop = stopped_by(store, done.invocation_id)
    if stop is not None and stop[0] == "budget":
        return BUDGET_EXIT
    whole = not (done.failed or done.not_attempted or done.left or done.stopped)
    return 0 if whole else 1


def _replay_report(store: Store, done: Replayed) -> str:
    spend = spend_of(store, done.invocation_id)
    lines = [
        f"Answered {len(done.answered):,}, failed again {len(done.failed):,}, "
        f"not asked {len(done.not_attempted) + len(done.left):,}; "
        f"{spend.requests:,} requests, {spend.cost_usd:.4f} US dollars."
    ]
    reasons = Counter(one.reason for one in done.left)
    lines += [f"Left {count:,}: {reason}." for reason, count in reasons.items()]
    if done.answered:
        lines.append("The next build takes the answers over.")
    return "\n".join(lines)


def _texts_of_query(sql: str | None) -> list[str]:
    if sql is None:
        return []
    with open_warehouse(database_path()) as connection:
        return [row[0] for row in connection.execute(sql).fetchall() if isinstance(row[0], str)]


def _texts_of_file(path: Path | None) -> list[str]:
    if path is None:
        return []
    content = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    return content.splitlines()
