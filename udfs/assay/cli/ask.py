"""`assay ask FUNCTION "text"`: one text asked about, with the options that the function takes."""

from __future__ import annotations

import inspect
import json
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from assay.cli.console import Json, money, one_line, print_json
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.settings import Settings
from assay.core.task import Task
from assay.core.values import Outcome
from assay.engine.session import open_session
from assay.functions import FUNCTIONS, parse_task
from assay.hosts.dbt.sets import named_or_json
from assay.hosts.dbt.settings import settings_here
from assay.project.counting import spend_of

_UNSAID = frozenset({"examples", "isolate", "single"})
"""Fields of tasks that are no option by their type: packs, and what follows from the fields."""

_CALLED = {"asked": "question"}
"""Fields that macros call otherwise."""

_SETS = frozenset({"labels", "fields"})
_NOT_HERE = frozenset({"embed", "suggest"})
"""What nobody asks of one text: a vector tells a person nothing, a suite is of a table."""
_RECORDS = frozenset({"assess"})
_STDIN = "-"
_NOT_ANSWERED = 1
_WIDTH = 10

app = typer.Typer(
    help="Ask about one text, as in `ask classify --labels topic TEXT`; the answer is kept.",
    no_args_is_help=True,
    add_completion=False,
)


def _ask(kind: str, text: str, as_json: bool, given: dict[str, Any]) -> None:
    """Ask and print; the answer comes from and goes to the store, as in a build."""
    settings, task = settings_here().model_copy(update={"batch": False}), _task(kind, given)
    facts = _answer(settings, task, _read(kind, text))
    if as_json:
        print_json(facts)
    else:
        typer.echo("\n".join(_lines(facts)))
    if facts["status"] not in ("ok", "skipped"):
        raise typer.Exit(_NOT_ANSWERED)


def _answer(settings: Settings, task: Task, text: str) -> dict[str, Any]:
    """Return the envelope of an answer, and what it took."""
    with (
        open_session(settings) as session,
        session.begin(str(uuid.uuid4()), builds=False) as run,
    ):
        started = time.monotonic()
        (outcome,) = run.ask(task, [text])
        seconds = time.monotonic() - started
        spend = spend_of(session.store, run.id)
    took = {
        "requests": spend.requests,
        "cost_usd": None if spend.unknown_cost else spend.cost_usd,
        "seconds": round(seconds, 3),
    }
    return _envelope(outcome) | {"prompt_hash": task.prompt_hash} | took


def _envelope(outcome: Outcome) -> dict[str, Any]:
    return {
        "value": None if outcome.value is None else json.loads(outcome.value),
        "status": outcome.status,
        "error": outcome.error,
        "confidence": outcome.confidence,
        "model": outcome.model,
        "answered_at": outcome.answered_at,
    }


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads: the answer, what it is worth, what it cost."""
    asked = f"{money(facts['cost_usd'])} US dollars, {counted(facts['requests'], 'request')}"
    told = {
        "value": _shown(facts["value"]),
        "status": facts["status"],
        "error": facts["error"],
        "confidence": facts["confidence"] and f"{facts['confidence']:.2f}",
        "model": facts["model"],
        "cost": f"{asked} in {facts['seconds']:.1f} s" if facts["requests"] else _unasked(facts),
    }
    for name, value in told.items():
        if value is not None:
            yield f"{name:<{_WIDTH}} {one_line(value)}"


def _unasked(facts: dict[str, Any]) -> str:
    """Return why nothing was sent."""
    return "none: there is no text" if facts["status"] == "skipped" else "from the store"


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _read(kind: str, text: str) -> str:
    """Return the text, of standard input for `-`; of a record a JSON object is wanted."""
    said = sys.stdin.read() if text == _STDIN else text
    if kind in _RECORDS and not _is_object(said):
        message = f'ai_{kind} judges a record; give a JSON object such as \'{{"name": "Ada"}}\'.'
        raise ConfigError(message)
    return said


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


# The options of a function are the fields of its task


def _task(kind: str, given: dict[str, Any]) -> Task:
    """Return the task that the options say; raises `ConfigError` for what is wrong with them."""
    fields = {name: _parsed(name, said) for name, said in given.items() if said is not None}
    task = FUNCTIONS[kind]
    wanted = [name for name, field in task.model_fields.items() if field.is_required()]
    if missing := [_option(name) for name in wanted if name not in fields]:
        message = f"`ask {kind}` needs {' and '.join(missing)}; see `ask {kind} --help`."
        raise ConfigError(message)
    return parse_task(json.dumps({"kind": kind, **fields}))


def _parsed(name: str, said: Any) -> Any:
    """Return the value of an option: of one that is no plain text JSON, a set, or `a,b`."""
    if not isinstance(said, str) or name in _PLAIN:
        return said
    if said[:1] in ("[", "{") or (name in _SETS and "," not in said):
        return named_or_json("fields" if name == "fields" else "labels", said)
    return [part.strip() for part in said.split(",") if part.strip()]


_PLAIN = {
    name
    for task in FUNCTIONS.values()
    for name, field in task.model_fields.items()
    if field.annotation in (str, str | None)
}


def _option(field: str) -> str:
    return f"--{_CALLED.get(field, field).replace('_', '-')}"


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """Return a field of a task as a parameter of its command; None is what was not given."""
    plain = field.annotation if field.annotation in (bool, int, float) else str
    switch = f"{_option(name)}/--no-{_option(name)[2:]}" if plain is bool else _option(name)
    option = typer.Option(switch, help=_HELP.get(name), show_default=False)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[plain | None, option],
    )


_HELP = {
    "labels": "A set of the project, a JSON list or mapping, or `a,b`.",
    "fields": "A set of the project, a JSON list or mapping, or `a,b`.",
    "instructions": "As in the macros.",
    "model": "Instead of `ASSAY_MODEL`.",
}


def _add(kind: str, task: type[Task]) -> None:
    """Add the command of a function."""

    def ask(text: str, as_json: bool = False, **given: Any) -> None:
        _ask(kind, text, as_json, given)

    shown = {name: one for name, one in task.model_fields.items() if name not in _UNSAID}
    text = typer.Argument(help="The text, or - for standard input.")
    where = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("text", where, annotation=Annotated[str, text]),
        inspect.Parameter("as_json", where, default=False, annotation=Json),
        *(_parameter(name, one) for name, one in shown.items()),
    ]
    ask.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    ask.__annotations__ = {one.name: one.annotation for one in parameters}
    app.command(kind, help=inspect.getdoc(task))(ask)


for _kind, _one in sorted(FUNCTIONS.items()):
    if _kind not in _NOT_HERE:
        _add(_kind, _one)
