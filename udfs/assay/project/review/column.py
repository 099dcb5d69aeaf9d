"""The column that is looked at: its call, its table, its key, and which answers can be right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.task import Task
from assay.hosts.dbt.lineage import Call, Code
from assay.hosts.dbt.manifest import Node, as_held, models, name_of, unique_keys
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.evaluation.exams import SentimentExam
from assay.project.evaluation.golden_checks import GoldenCheck, checks_of

FEELINGS = ("positive", "negative", "neutral", "unknown")
MIXED = "mixed"
"""No score can be it, so a test has to leave it out: `nullif(sentiment, 'mixed')`."""

SEPARATOR = "|"
"""Between several labels of one text in a cell of golden rows."""

_BOOLEAN = ("true", "false")


@dataclass(frozen=True)
class Column:
    """An AI column, or with `path` a field of its answers, and how it is judged.

    `check` is the test that holds it against golden rows, None without one. `choices` are the
    answers that can be right, of several labels each one (`is_several`); None where any text can
    (`is_free`) or nothing of the kind.
    """

    call: Call
    node: Node
    path: tuple[str, ...] = ()
    check: GoldenCheck | None = None

    @property
    def name(self) -> str:
        """As people name it."""
        return ".".join((name_of(self.node), self.call.column, *self.path))

    @property
    def relation(self) -> str:
        """Its table, as SQL."""
        return f"{quoted(self.node['schema'])}.{quoted(self.node['alias'])}"

    @property
    def kind(self) -> str:
        """How answers are held against gold: `sentiment`, `extract` or `label`."""
        kind = self.call.task.kind
        if kind in ("sentiment", "extract"):
            return kind
        return "extract" if self.is_several or self.is_written else "label"

    @property
    def is_written(self) -> bool:
        """Whether the model writes a text of its own: a summary, a translation."""
        return self.call.task.free_text and "string" in _types(self.call.task.answer_schema())

    @property
    def is_several(self) -> bool:
        """Whether an answer is several labels; golden rows have them as `a|b`, blank for none."""
        labels = _labels(_below(self.call.task.answer_schema(), self.path))
        is_read = self.check is None or SEPARATOR in self.check.label
        return bool(labels) and is_read and not any(SEPARATOR in label for label in labels)

    @property
    def may_be_blank(self) -> bool:
        """Whether "nothing" is a right answer: there is none to find, or no label fits."""
        return self.kind == "extract" and not self.is_written

    @property
    def choices(self) -> tuple[str, ...] | None:
        """The answers that can be right, in the order of the question."""
        if self.kind == "sentiment" and not self.path:
            may_be_mixed = self.check is not None and MIXED in self.check.label
            return (*FEELINGS, MIXED) if may_be_mixed else FEELINGS
        if self.is_several:
            return _labels(_below(self.call.task.answer_schema(), self.path))
        schema = _below(self.call.task.tight_schema(()), self.path)
        if "boolean" in _types(schema):
            return _BOOLEAN
        listed = schema.get("enum")
        return None if listed is None else tuple(str(one) for one in listed if one is not None)

    @property
    def is_free(self) -> bool:
        """Whether any text can be right: a single extracted value, or what a model writes."""
        schema = _below(self.call.task.answer_schema(), self.path)
        single = {"string", "integer", "number"} & set(_types(schema))
        return self.kind == "extract" and self.choices is None and bool(single)

    @property
    def can_be_judged(self) -> bool:
        """Whether there is a form for its right answers in golden rows."""
        return self.choices is not None or self.is_free

    def written(self, said: str) -> str:
        """Return a right answer as golden rows have it: several labels in the question's order."""
        if not self.is_several:
            return said.strip()
        named = dict.fromkeys(part.strip() for part in said.split(SEPARATOR))
        ordered = [label for label in self.choices or () if label in named]
        return SEPARATOR.join([*ordered, *(one for one in named if one and one not in ordered)])

    def wrong_part(self, said: str) -> str | None:
        """Return what of a right answer cannot be one; None where all can, and for blank."""
        choices = self.choices
        parts = said.split(SEPARATOR) if self.is_several else [said]
        return next((one for one in parts if one and choices and one not in choices), None)

    def shown(self, value: Any) -> str | None:
        """Return an answer in the form of gold and of people; None for NULL and for no label."""
        if self.kind == "sentiment" and not self.path:
            return str(SentimentExam().answer(value))
        if value is None or isinstance(value, str):
            return value
        if self.is_several and isinstance(value, list):
            return self.written(SEPARATOR.join(map(str, value))) or None
        return json.dumps(value, ensure_ascii=False)

    def of(self, answer: Any) -> Any:
        """Return what of a whole answer is looked at: the field of `path`."""
        for name in self.path:
            answer = answer.get(name) if isinstance(answer, dict) else None
        return answer


def find_column(code: Code, named: str) -> Column:
    """Return the AI column that is called `model.column`, or `model.column.field`.

    The model may be named with its schema. Raises `ConfigError` that says what there is.
    """
    model, rest = _model(code, named)
    calls = [call for call in code.calls.get(model, ()) if call.column]
    node = code.manifest["nodes"][model]
    if not calls:
        message = f"{name_of(node)} asks nothing; it has no AI column. {_there(code)}"
        raise ConfigError(message)
    wanted = rest[0] if rest else ""
    found = next((one for one in calls if one.column.casefold() == wanted.casefold()), None)
    if found is None:
        there = ", ".join(f"{name_of(node)}.{one.column}" for one in calls)
        message = f"{named!r} is no AI column; there are {there}."
        raise ConfigError(message)
    checks = [
        one
        for one in checks_of(code.manifest)
        if one.model["unique_id"] == model and one.column == found.column
    ]
    path = _path(named, found.task, rest[1:], checks)
    check = next((one for one in checks if one.path == path), None)
    return Column(found, node, path, check)


def _model(code: Code, named: str) -> tuple[str, Sequence[str]]:
    """Return the unique id of the model, and the words behind its name."""
    words = named.split(".")
    for key, node in models(code.manifest).items():
        for name in (name_of(node), f"{node['schema']}.{node['alias']}"):
            if f"{named}.".casefold().startswith(f"{name}.".casefold()):
                return key, words[len(name.split(".")) :]
    message = f"There is no model {words[0]!r}. {_there(code)}"
    raise ConfigError(message)


def _there(code: Code) -> str:
    """Return which AI columns a project has."""
    found = [call.name for calls in code.calls.values() for call in calls if call.column]
    if not found:
        return f"No model of this project is compiled that asks; run {program('build')} first."
    return f"AI columns are {', '.join(dict.fromkeys(found))}."


def _path(
    named: str, task: Task, given: Sequence[str], checks: Iterable[GoldenCheck]
) -> tuple[str, ...]:
    """Return the field that is meant: the one that was named, or the only one that there is."""
    fields = list(task.answer_schema().get("properties", {}))
    tested = list(dict.fromkeys(check.path for check in checks))
    if not given and len(tested) == 1:
        return tested[0]
    if (not given and not fields) or (len(given) == 1 and given[0] in fields):
        return tuple(given)
    if not given and len(fields) == 1:
        return (fields[0],)
    listed = ", ".join(f"{named.removesuffix('.' + '.'.join(given))}.{one}" for one in fields)
    message = f"{named!r} names no field of its answers; name one of {listed or 'none'}."
    raise ConfigError(message)


def key_of_rows(
    connection: duckdb.DuckDBPyConnection, column: Column, given: str | None = None
) -> str:
    """Return the column that tells the rows apart, as SQL: given, the test's, or the model's.

    Raises `ConfigError` where none is known or the given one is not there.
    """
    held = _columns(connection, column)
    if given is not None:
        if spelled := as_held([given], held):
            return quoted(spelled[0])
        message = (
            f"--key: {column.node['alias']} has no column {given!r}; it has {', '.join(held)}."
        )
        raise ConfigError(message)
    if column.check is not None:
        return column.check.key
    keys = as_held(unique_keys(column.node), held)
    if len(keys) == 1:
        return quoted(keys[0])
    message = (
        f"Nothing says by which column the rows of {column.node['alias']} are told apart; name it "
        f"with --key (it has {', '.join(held)})."
    )
    raise ConfigError(message)


def _columns(connection: duckdb.DuckDBPyConnection, column: Column) -> list[str]:
    """Return the columns of the table; raise `ConfigError` where it is not built."""
    found = connection.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ? "
        "order by column_index",
        [column.node["schema"], column.node["alias"]],
    ).fetchall()
    if found:
        return [name for (name,) in found]
    message = (
        f"{column.node['schema']}.{column.node['alias']} is not in the warehouse; run "
        f"{program(f'build --select {name_of(column.node)}')} first."
    )
    raise ConfigError(message)


def texts_of_rows(
    connection: duckdb.DuckDBPyConnection,
    code: Code,
    column: Column,
    key: str,
    keys: Sequence[str] | None = None,
) -> dict[str, str]:
    """Return the text that was asked about, by the key of its row; None for `keys` is all rows.

    The table itself is looked at first, then what its model reads: a text need not be kept. The
    connection is registered for reading.
    """
    nodes = {**code.manifest.get("nodes", {}), **code.manifest.get("sources", {})}
    start = str(column.node["unique_id"])
    alias, call = quoted(column.call.relation or "asked"), column.call
    listed = ", ".join(map(literal, keys or ()))
    chosen = (
        "true" if keys is None else f"cast({key} as varchar) in ({listed})" if keys else "false"
    )
    for near in (start, *code.manifest.get("parent_map", {}).get(start, ())):
        node = nodes.get(near, {})
        if (table := node.get("alias") or node.get("identifier")) is None:
            continue
        relation = f"{quoted(node['schema'])}.{quoted(table)}"
        query = (
            f"select cast({key} as varchar), {call.asked_sql} from {relation} as {alias} "  # noqa: S608
            f"where {chosen}"
        )
        try:
            found = connection.execute(query).fetchall()
        except duckdb.Error:  # a column is not there: another relation has it
            continue
        return {str(name): text for name, text in found if text is not None}
    return {}


def _below(schema: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path:
        schema = schema.get("properties", {}).get(name, {})
    return schema


def _labels(schema: dict[str, Any]) -> tuple[str, ...]:
    """Return the labels of which an answer may have several; none where it is something else."""
    items = schema.get("items")
    listed = items.get("enum") if isinstance(items, dict) else None
    return tuple(str(one) for one in listed or ())


def _types(schema: dict[str, Any]) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)
