"""What made each AI column, read off the compiled SQL: `meta` for the pages of dbt docs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from assay.core.settings import Settings
from assay.core.task import Task
from assay.functions import parse_task
from assay.hosts.dbt.ai_calls import ASKS, expressions, names, parsed, specs
from assay.providers import model_of

_NOT_SHOWN = frozenset({"model", "isolate", "examples"})


@dataclass(frozen=True, slots=True)
class Model:
    """A model as dbt compiled it: SQL, the columns of its relation, the models it reads."""

    name: str
    sql: str
    columns: tuple[str, ...]
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A column that an AI call fills, as `model.column`, and the task of the call."""

    column: str
    task: Task


@dataclass(frozen=True, slots=True)
class Lineage:
    """The AI columns that a column's values come from; `is_answer` where it is one, unchanged."""

    origins: frozenset[Origin]
    is_answer: bool = True

    def __or__(self, other: Lineage) -> Lineage:
        return Lineage(self.origins | other.origins, self.is_answer and other.is_answer)


Lineages = Mapping[str, Lineage]
"""By column of a model; columns that have nothing to do with an AI call are left out."""


def lineages(models: Mapping[str, Model]) -> dict[str, Lineages]:
    """Return for each model which of its columns come from an AI call, and from which.

    `models` are in an order in which each comes after those it reads. A column comes from a call
    when its expression holds the call, or names a column that does: of the statement itself, or
    of a model that it reads. Names are compared without their scope, so that a column that is
    called like an AI column of another relation of the same statement counts as well.
    """
    found: dict[str, Lineages] = {}
    for key, model in models.items():
        found[key] = _of_model(model, [found.get(parent, {}) for parent in model.reads])
    return found


def meta(lineage: Lineage, column: str, settings: Settings) -> dict[str, Any]:
    """Return what the docs say of a `model.column`: function, labels, prompt hash and model.

    A column that is made of AI columns names them; one that is more than a copy, only these.
    """
    names = sorted({origin.column for origin in lineage.origins})
    told: dict[str, Any] = {} if names == [column] else {"ai_from": names}
    tasks = {origin.task.handle: origin.task for origin in lineage.origins}
    if not lineage.is_answer or len(tasks) != 1:
        return told
    (task,) = tasks.values()
    return told | {
        "ai_function": f"ai_{task.kind}",
        **_arguments(task),
        "ai_prompt_hash": task.prompt_hash,
        "ai_model": model_of(settings, task),
    }


def _arguments(task: Task) -> dict[str, Any]:
    """Return what a task was given, in short: labels and fields by name, examples by number."""
    given = {
        f"ai_{name}": _short(getattr(task, name))
        for name, field in type(task).model_fields.items()
        if name not in _NOT_SHOWN and getattr(task, name) != field.get_default()
    }
    return given | ({"ai_examples": len(task.examples)} if task.examples else {})


def _short(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_short(one) for one in value]
    if isinstance(value, BaseModel):
        return getattr(value, "name", None) or getattr(value, "text", None) or str(value)
    return value


def _of_model(model: Model, read: Iterable[Lineages]) -> Lineages:
    """Return the lineage of a model's columns, by a search that ends when nothing is added."""
    upstream: dict[str, Lineage] = {}
    for columns in read:
        _add(upstream, columns)
    if not upstream and ASKS not in model.sql:
        return {}
    found = list(expressions(parsed(model.sql)))
    known = dict(upstream) if any(name == "*" for name, _ in found) else {}
    known |= _called(model, [(name, one) for name, one in found if name != "*"])
    plain = [(name, one) for name, one in found if name != "*" and not any(specs(one))]
    while (grown := _grown(known, upstream, plain)) != known:
        known = grown
    return {name: lineage for name, lineage in known.items() if name in model.columns}


def _called(model: Model, found: Iterable[tuple[str, Any]]) -> dict[str, Lineage]:
    """Return the lineage of the columns whose expression is an AI call."""
    called: dict[str, Lineage] = {}
    for name, expression in found:
        tasks = [parse_task(spec) for spec in specs(expression)]
        if tasks:
            made = frozenset(Origin(f"{model.name}.{name}", task) for task in tasks)
            called[name] = Lineage(made)
    return called


def _grown(
    known: Lineages, upstream: Lineages, plain: Iterable[tuple[str, Any]]
) -> dict[str, Lineage]:
    """Return `known` with what the expressions add that name a column of it or of `upstream`."""
    grown = dict(known)
    for name, expression in plain:
        found = [known.get(one) or upstream.get(one) for one in names(expression)]
        if lineages := [lineage for lineage in found if lineage]:
            is_copy = expression.get("class") == "COLUMN_REF"
            origins = frozenset[Origin]().union(*(one.origins for one in lineages))
            is_answer = is_copy and all(one.is_answer for one in lineages)
            _add(grown, {name: Lineage(origins, is_answer)})
    return grown


def _add(lineages: dict[str, Lineage], more: Lineages) -> None:
    for name, lineage in more.items():
        lineages[name] = lineages[name] | lineage if name in lineages else lineage
