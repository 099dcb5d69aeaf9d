"""What made each AI column, read off the compiled SQL: `meta` for the pages of dbt docs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
from pydantic import BaseModel

from udfs.functions import parse_task
from udfs.settings import Settings
from udfs.tasks import Task

_ASKING = frozenset({"assay_ask_value", "assay_ask_envelope"})
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
        "ai_model": settings.model_for(task.model),
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
    if not upstream and "assay_ask_" not in model.sql:
        return {}
    expressions = list(_expressions(_parsed(model.sql)))
    known = dict(upstream) if any(name == "*" for name, _ in expressions) else {}
    known |= _called(model, expressions)
    plain = [(name, one) for name, one in expressions if name != "*" and not any(_specs(one))]
    while (grown := _grown(known, upstream, plain)) != known:
        known = grown
    return {name: lineage for name, lineage in known.items() if name in model.columns}


def _called(model: Model, expressions: Iterable[tuple[str, Any]]) -> dict[str, Lineage]:
    """Return the lineage of the columns whose expression is an AI call."""
    called: dict[str, Lineage] = {}
    for name, expression in expressions:
        tasks = [parse_task(spec) for spec in _specs(expression)]
        if tasks:
            made = frozenset(Origin(f"{model.name}.{name}", task) for task in tasks)
            called[name] = Lineage(made)
    return called


def _grown(
    known: Lineages, upstream: Lineages, expressions: Iterable[tuple[str, Any]]
) -> dict[str, Lineage]:
    """Return `known` with what the expressions add that name a column of it or of `upstream`."""
    grown = dict(known)
    for name, expression in expressions:
        found = [known.get(one) or upstream.get(one) for one in _names(expression)]
        if lineages := [lineage for lineage in found if lineage]:
            is_copy = expression.get("class") == "COLUMN_REF"
            origins = frozenset[Origin]().union(*(one.origins for one in lineages))
            is_answer = is_copy and all(one.is_answer for one in lineages)
            _add(grown, {name: Lineage(origins, is_answer)})
    return grown


def _add(lineages: dict[str, Lineage], more: Lineages) -> None:
    for name, lineage in more.items():
        lineages[name] = lineages[name] | lineage if name in lineages else lineage


def _parsed(sql: str) -> Any:
    """Return the syntax tree of a SELECT; nothing for a statement that DuckDB cannot show."""
    with duckdb.connect() as connection:
        row = connection.execute("select json_serialize_sql(?)", [sql]).fetchone()
    return json.loads(row[0]) if row else {}


def _expressions(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield each expression of each select list with the name that it gets; a star as `*`."""
    for node in _nodes(tree):
        for expression in node.get("select_list", ()):
            if expression.get("class") == "STAR":
                yield "*", expression
            elif name := expression.get("alias") or _last_name(expression):
                yield name, expression


def _specs(expression: Any) -> Iterator[str]:
    """Yield the task of each AI call in an expression, as the macro wrote it."""
    for call in _nodes(expression):
        if call.get("function_name") in _ASKING:
            (literal,) = (
                node["literal"]["text"]
                for node in _nodes(call["arguments"][0])
                if node.get("class") == "CONSTANT"
            )
            yield literal


def _names(expression: Any) -> Collection[str]:
    """Return the names in the column references of an expression; of `a.b.value` all three."""
    return {
        name
        for node in _nodes(expression)
        if node.get("class") == "COLUMN_REF"
        for name in node["column_names"]
    }


def _last_name(expression: Any) -> str:
    return str(expression["column_names"][-1]) if "column_names" in expression else ""


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON document."""
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _nodes(part)
