"""The AI calls of a SQL statement, read by DuckDB's own parser: column, task and text of each."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb

from assay.hosts.duckdb.quoting import literal

ASKS = "assay_ask_"
"""What the name of every function that asks begins with."""

_ASKING = frozenset({"assay_ask_value", "assay_ask_envelope"})
_ASKING_CALL = re.compile(r"\bassay_ask_(?:value|envelope)\(")
_TASK = re.compile(r"\bassay_ask_(?:value|envelope)\(assay_task\(('(?:[^']|'')*')")
_TYPE = "case when regexp_matches(typeof("
"""What the macro writes in front of an expression that is asked about, once more behind it."""

_PARTS = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]", re.DOTALL)
_BEGINNING = re.compile(r"\b(?:with|from|select|values)\b", re.IGNORECASE)
_KEPT = 256
"""How many statements are remembered with what was found in them."""


@dataclass(frozen=True, slots=True)
class SqlCall:
    """One call: the column that it fills (blank if none), its task as JSON, what is asked about.

    `text_sql` is the expression as it was given to the macro, `asked_sql` what the macro made of
    it: its text; a list of columns is what was made of it. `relation` is the name that it has for
    its table, blank where it names none.
    """

    column: str
    spec: str
    text_sql: str
    asked_sql: str
    relation: str


@lru_cache(_KEPT)
def calls_in(sql: str) -> tuple[SqlCall, ...]:
    """Return the calls of a statement, in the order in which they stand.

    A statement that DuckDB cannot show as a tree (PIVOT, INSERT, UPDATE) is read call by call:
    then no call has a column.
    """
    if ASKS not in sql:
        return ()
    if tree := parsed(sql):
        return tuple(_calls(tree, sql))
    return tuple(call for part in _call_texts(sql) for call in calls_in(f"select {part}"))


def tasks_in(sql: str) -> frozenset[str]:
    """Return the tasks of the calls of any SQL, as literals; quick, and for comparison only."""
    return frozenset(_TASK.findall(sql))


def parsed(sql: str) -> Any:
    """Return the syntax tree of SELECTs; nothing for a statement that DuckDB cannot show."""
    with duckdb.connect() as connection:
        row = connection.execute(f"select json_serialize_sql({literal(sql)})").fetchone()
    tree = json.loads(row[0]) if row else {}
    return {} if tree.get("error") else tree


def selects_in(sql: str) -> list[str | None]:
    """Return for each statement of a script the SELECT that it runs; None where there is none.

    It is what is left from some `with`, `from`, `select` or `values` on: all of a SELECT, and of
    INSERT, CREATE TABLE and DELETE what they evaluate.
    """
    with duckdb.connect() as connection:
        statements = [one.query for one in connection.extract_statements(sql)]
    return [_select_of(statement.rstrip(" \n\t;")) for statement in statements]


def _select_of(statement: str) -> str | None:
    parts = (statement[found.start() :] for found in _BEGINNING.finditer(statement))
    return next((part for part in parts if parsed(part)), None)


def expressions(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield each expression of each select list with the name that it gets; a star as `*`."""
    for node in nodes(tree):
        for expression in node.get("select_list", ()):
            if expression.get("class") == "STAR":
                yield "*", expression
                yield from ((one["key"], one["value"]) for one in expression["replace_list"])
            elif name := expression.get("alias") or _last_name(expression):
                yield name, expression


def specs(expression: Any) -> Iterator[str]:
    """Yield the task of each AI call in an expression, as the macro wrote it."""
    for call in nodes(expression):
        if call.get("function_name") in _ASKING:
            yield _spec(call)


def names(expression: Any) -> Collection[str]:
    """Return the names in the column references of an expression; of `a.b.value` all three."""
    return {name for path in _paths(expression) for name in path}


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON document."""
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from nodes(part)


def _calls(tree: Any, sql: str) -> Iterator[SqlCall]:
    """Yield the calls below a tree; the innermost select list that a call stands in names it."""
    columns: dict[int, str] = {}
    for name, expression in expressions(tree):  # from the outside in
        for call in _asking(expression):
            columns[call["query_location"]] = name
    for call in sorted(_asking(tree), key=lambda call: int(call["query_location"])):
        text, asked = _arguments(call)[1], _asked(call, sql)
        qualified = [path[0] for path in _paths(text) if len(path) > 1]
        yield SqlCall(
            columns.get(call["query_location"], "").removeprefix("*"),
            _spec(call),
            _given(asked),
            asked,
            qualified[0] if qualified else "",
        )


def _asking(tree: Any) -> Iterator[dict[str, Any]]:
    return (node for node in nodes(tree) if node.get("function_name") in _ASKING)


def _spec(call: Any) -> str:
    """Return the task of a call: the literal in its first argument."""
    (literal,) = (
        node["literal"]["text"] if "literal" in node else node["value"]["value"]
        for node in nodes(_arguments(call)[0])
        if node.get("class") == "CONSTANT"
    )
    return str(literal)


def _arguments(call: Any) -> Any:
    """Return the arguments of a call, which DuckDB called children before 2.0."""
    return call["arguments"] if "arguments" in call else call["children"]


def _asked(call: Any, sql: str) -> str:
    """Return the second argument of a call as it stands. Places in the tree count bytes."""
    (task,) = (n for n in nodes(_arguments(call)[0]) if n.get("class") == "FUNCTION")
    after, end = (_end(sql, node["query_location"]) for node in (task, call))
    return sql[after + 1 : end].strip().removeprefix(",").strip()


def _end(sql: str, at_byte: int) -> int:
    """Return where the parenthesis is that closes the call which begins at a byte of `sql`."""
    begin = len(sql.encode()[:at_byte].decode())
    return _closing(sql, sql.index("(", begin) + 1)


def _given(asked: str) -> str:
    """Return the expression of which the macro has made a text: what it asks the type of."""
    if not asked.startswith(_TYPE):
        return asked
    return asked[len(_TYPE) : _closing(asked, len(_TYPE))]


def _closing(sql: str, start: int) -> int:
    """Return where the parenthesis is that closes the one before `start`; the end without one."""
    depth = 1
    for part in _PARTS.finditer(sql, start):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if not depth:
            return part.start()
    return len(sql)


def _call_texts(sql: str) -> Iterator[str]:
    """Yield the text of each call: up to the first parenthesis with which it can be parsed."""
    for found in _ASKING_CALL.finditer(sql):
        ends = (at + 1 for at in range(found.end(), len(sql)) if sql[at] == ")")
        parts = (sql[found.start() : end] for end in ends)
        yield from [part for part in parts if parsed(f"select {part}")][:1]


def _paths(expression: Any) -> Iterator[list[str]]:
    for node in nodes(expression):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"]


def _last_name(expression: Any) -> str:
    return str(expression["column_names"][-1]) if "column_names" in expression else ""
