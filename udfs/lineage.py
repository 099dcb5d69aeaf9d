"""Which column comes from which question: the AI calls in the compiled SQL of a project. Pure."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udfs.errors import ConfigError
from udfs.functions import FUNCTIONS, parse_task
from udfs.project import target_of
from udfs.tasks import Task

_CALL = re.compile(r"assay_ask_(?:value|envelope)\(assay_task\('((?:[^']|'')*)'\),\s*")
_NAME = re.compile(r'\s+as\s+(?:"([^"]+)"|(\w+))', re.IGNORECASE)
_TYPE = "case when regexp_matches(typeof("
"""What the macro writes in front of an expression that is asked about, once more behind it."""

_LITERAL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of an AI function in a model: its column (blank if it has none), task and text.

    `text_sql` is the SQL expression that is asked about, as it was given to the macro, `asked_sql`
    what the macro made of it: its text.
    """

    model: str
    column: str
    task: Task
    asked_sql: str

    @property
    def text_sql(self) -> str:
        """The expression that the macro was given; a list of columns is what was made of it."""
        if not self.asked_sql.startswith(_TYPE):
            return self.asked_sql
        return self.asked_sql[len(_TYPE) : _end_of(self.asked_sql, len(_TYPE))]

    @property
    def name(self) -> str:
        """The column as people name it: `silver_feedback.topic`."""
        return f"{self.model}.{self.column}" if self.column else self.model


def read_manifest(project: Path) -> dict[str, Any]:
    """Return dbt's manifest of the project; an empty one where there is none yet."""
    path = target_of(project) / "manifest.json"
    if not path.exists():
        return {}
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        message = f"{path} cannot be read; run ./scripts/build, which writes it anew."
        raise ConfigError(message) from None
    return manifest


def calls_of(manifest: Manifest) -> dict[str, list[Call]]:
    """Return the AI calls of each model that was compiled, by the unique id of its node."""
    found = {name: list(calls_in(node)) for name, node in models(manifest).items()}
    return {name: calls for name, calls in found.items() if calls}


def calls_in(node: Node) -> Iterator[Call]:
    """Yield the AI calls of one compiled model; one whose task is none any more is left out."""
    sql = str(node.get("compiled_code") or "")
    for match in _CALL.finditer(sql):
        end = _end_of(sql, match.end())
        try:
            task = parse_task(match[1].replace("''", "'"))
        except ConfigError:
            continue
        yield Call(str(node["name"]), _column(sql, match, end), task, sql[match.end() : end])


def columns_of(manifest: Manifest) -> dict[str, list[str]]:
    """Return the columns that each prompt hash fills, as `model.column`."""
    found: dict[str, list[str]] = {}
    for calls in calls_of(manifest).values():
        for call in calls:
            names = found.setdefault(call.task.prompt_hash, [])
            if call.name not in names:
                names.append(call.name)
    return found


def uncompiled(manifest: Manifest) -> list[str]:
    """Return the models that call AI functions by their macros and were not compiled."""
    macros = tuple(f".ai_{function.__name__.lower()}" for function in FUNCTIONS)
    return sorted(
        str(node["name"])
        for node in models(manifest).values()
        if not node.get("compiled_code")
        and any(macro.endswith(macros) for macro in node["depends_on"].get("macros", ()))
    )


def models(manifest: Manifest) -> dict[str, Node]:
    """Return the models of a manifest by unique id."""
    nodes: Mapping[str, Node] = manifest.get("nodes", {})
    return {name: node for name, node in nodes.items() if node["resource_type"] == "model"}


def node_of(manifest: Manifest, schema: str, table: str) -> str | None:
    """Return the unique id of the model, seed or snapshot that makes a table, or None."""
    for name, node in manifest.get("nodes", {}).items():
        if (node.get("schema"), node.get("alias")) == (schema, table):
            return str(name)
    return None


def with_ancestors(manifest: Manifest, start: str) -> list[str]:
    """Return a node and all that it is made of, the nearest first."""
    seen, waiting = [start], deque([start])
    parents: Mapping[str, list[str]] = manifest.get("parent_map", {})
    while waiting:
        for name in parents.get(waiting.popleft(), ()):
            if name not in seen:
                seen.append(name)
                waiting.append(name)
    return seen


def unique_keys(node: Node) -> list[str]:
    """Return the columns of a model's `unique_key`; none where it has none."""
    key = node.get("config", {}).get("unique_key") or []
    return [key] if isinstance(key, str) else list(key)


def _end_of(sql: str, start: int) -> int:
    """Return where the parenthesis that is open at `start` closes; literals are stepped over."""
    depth, at = 0, start
    while at < len(sql):
        if literal := _LITERAL.match(sql, at):
            at = literal.end()
            continue
        if sql[at] == "(":
            depth += 1
        elif sql[at] == ")":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return at


def _column(sql: str, call: re.Match[str], end: int) -> str:
    """Return the name that the select gives to a call; blank for one that has none."""
    after = end + 1
    if sql[: call.start()].endswith("cast(cast("):  # ... as json) as <type>)
        for _ in range(2):
            after = _end_of(sql, after) + 1
    found = _NAME.match(sql, after)
    return (found[1] or found[2]) if found else ""
