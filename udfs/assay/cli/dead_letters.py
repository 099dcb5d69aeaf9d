"""`assay dead-letters`: list, show, replay and discard what has no answer."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import getpass
import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer

from assay.cli.console import (
    Json,
    existing_store,
    key_prefix,
    number,
    one_line,
    one_of,
    open_store,
    print_json,
    print_table,
    span,
)
from assay.core.errors import ConfigError, QuotaError
from assay.core.plural import counted
from assay.core.values import Status
from assay.engine.retry import MOST_RUNS
from assay.engine.session import open_session
from assay.functions import FUNCTIONS
from assay.hosts.dbt.process import BUDGET_EXIT, QUOTA_EXIT
from assay.hosts.dbt.settings import settings_here
from assay.project.counting import spend_of
from assay.project.dead_letters import Choice, Replayed, chosen, replay
from assay.project.report.summary import stopped_by
from assay.store import Ledger, Letter, State, queries

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="List, show, replay and discard dead letters.",
)

_HASH_DIGITS = 12

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
    one_of("--kind", kind, [*FUNCTIONS])
    one_of("--status", status, get_args(Status))
    one_of("--state", state, get_args(State))
    return Choice(
        model=model,
        kind=kind,
        status=status,
        older_than=None if older_than is None else span("--older-than", older_than),
        key=None if key is None else key_prefix(key),
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
    with open_store() as store:
        found = _chosen(store, choice)
    if as_json:
        print_json([_facts(letter) for letter in found])
        return
    titles = ("key", "state", "failed (UTC)", "status", "runs", "kind", "model", "text", "error")
    print_table(titles, [_cells(letter) for letter in found], right="....r..r.")
    typer.echo(f"{counted(len(found), 'letter')}.")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Hex digits that the key begins with.")],
    text: Annotated[bool, typer.Option("--text", help="Print the text, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show one letter: task, reason, attempts, discards; its text only when told to."""
    with open_store() as store:
        letter = _only(_chosen(store, _choice(key=key)), key)
        facts = _facts(letter)
        specs = store.read(queries.TaskSpecs())
        discards = store.read(queries.DiscardsOf(letter.key))
    facts["task"] = json.loads(specs.get(letter.prompt_hash, ("", "null"))[1])
    facts["discards"] = [dataclasses.asdict(discard) for discard in discards]
    if text:
        facts["text"] = letter.text
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        typer.echo(f"{name:<14} {_spelled(value)}")


@app.command("replay")
@_choosing
def replay_letters(
    choice: Choice,
    *,
    everything: All = False,
    max_failed_runs: Annotated[
        int,
        typer.Option(
            "--max-failed-runs", min=1, help="Leave those that failed in this many runs."
        ),
    ] = MOST_RUNS,
    max_attempts: Annotated[int | None, typer.Option("--max-attempts", min=1, hidden=True)] = None,
    in_next_build: Annotated[
        bool, typer.Option("--in-next-build", help="Ask nothing now; the next build does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Ask the chosen letters again; what is answered is no letter any more."""
    choice, most = _narrow(choice, everything=everything), max_attempts or max_failed_runs
    if choice.state == "discarded" and not choice.key:
        message = "What was discarded is replayed by its key; add --key."
        raise ConfigError(message)
    if in_next_build:
        with open_store() as store:
            found = [one for one in _chosen(store, choice) if one.attempts < most]
            store.make_due(found)
        if as_json:
            print_json({"due": len(found)})
        else:
            typer.echo(f"The next build asks {counted(len(found), 'letter')} again.")
        return
    at_once = {"store": existing_store(), "batch": False}
    with open_session(settings_here().model_copy(update=at_once)) as one:
        done = replay(one, _chosen(one.store, choice), most)
        code = _replay_code(one.store, done)
        if as_json:
            print_json(_replay_facts(one.store, done))
        else:
            typer.echo(_replay_report(one.store, done))
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
    as_json: Json = False,
) -> None:
    """Give the chosen letters up: they stay failures, and are never asked again by themselves."""
    choice = _narrow(choice, everything=everything)
    if not reason.strip():
        message = "--reason is blank; say why these letters are given up."
        raise ConfigError(message)
    with open_store() as store:
        found = _chosen(store, choice)
        who = by or getpass.getuser()
        count = store.discard(found, reason.strip(), who)
    if as_json:
        print_json({"discarded": count, "before": len(found) - count})
    else:
        typer.echo(
            f"Discarded {counted(count, 'letter')}; {len(found) - count:,} had been before."
        )


def _chosen(store: Ledger, choice: Choice) -> list[Letter]:
    now = datetime.datetime.now(datetime.UTC)
    return chosen(store.read(queries.AllLetters()), choice, now)


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
    facts["error"] = one_line(letter.error)
    facts["text_length"] = None if text is None else len(text)
    facts["text_hash"] = None if text is None else _text_hash(text)
    return facts


def _cells(letter: Letter) -> list[str]:
    """Return the row of a letter; of its text only how many characters it has, if it is kept."""
    return [
        letter.key.hex()[:_HASH_DIGITS],
        letter.state,
        letter.failed_at[:19],
        letter.status,
        str(letter.attempts),
        letter.kind,
        letter.model,
        "not kept" if letter.text is None else number(len(letter.text)),
        one_line(letter.error),
    ]


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


def _spelled(value: object) -> str:
    """Return a value as one line that no terminal obeys: JSON escapes what is not plain."""
    if value is None:
        return ""
    return value if isinstance(value, str) and one_line(value) == value else json.dumps(value)


def _replay_code(store: Ledger, done: Replayed) -> int:
    """Return 0 when all that was chosen is answered."""
    if isinstance(done.stopped, QuotaError):
        return QUOTA_EXIT
    stop = stopped_by(store, done.run_id)
    if stop is not None and stop[0] == "budget":
        return BUDGET_EXIT
    whole = not (done.failed or done.not_attempted or done.left or done.stopped)
    return 0 if whole else 1


def _replay_facts(store: Ledger, done: Replayed) -> dict[str, Any]:
    """Return what became of the letters; `left` counts those that were not tried, by reason."""
    spend = spend_of(store, done.run_id)
    return {
        "run": done.run_id,
        "answered": len(done.answered),
        "failed": len(done.failed),
        "not_attempted": len(done.not_attempted),
        "left": dict(Counter(one.reason for one in done.left)),
        "requests": spend.requests,
        "cost_usd": None if spend.unknown_cost else spend.cost_usd,
        "stopped": None if done.stopped is None else str(done.stopped),
    }


def _replay_report(store: Ledger, done: Replayed) -> str:
    spend = spend_of(store, done.run_id)
    lines = [
        f"Answered {len(done.answered):,}, failed again {len(done.failed):,}, "
        f"not asked {len(done.not_attempted) + len(done.left):,}; "
        f"{counted(spend.requests, 'request')}, {spend.cost_usd:.4f} US dollars."
    ]
    reasons = Counter(one.reason for one in done.left)
    lines += [f"Left {count:,}: {reason}." for reason, count in reasons.items()]
    if done.answered:
        lines.append("The next build takes the answers over.")
    return "\n".join(lines)
