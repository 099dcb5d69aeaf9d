"""What dbt runs in a project that may hold an AI call, and which column comes from which."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from assay.core.errors import ConfigError
from assay.core.task import Task
from assay.functions import FUNCTIONS, parse_task
from assay.hosts.dbt.ai_calls import ASKS, calls_in
from assay.hosts.dbt.manifest import Manifest, Node, models, name_of, read_manifest
from assay.store import Ledger, queries

HOOK = "#"
"""Between the unique id of a node and the hook of it that a statement is."""

HEADER = "header"
"""When an `sql_header` runs: before the statement of its model; dbt has compiled it already."""

RUN_BY_DBT = ("model", "snapshot", "test", "unit test", "hook")
"""What a build runs, of the kinds of statements; the order in which people are told of them."""

_KINDS = {
    "model": "model",
    "snapshot": "snapshot",
    "test": "test",
    "unit_test": "unit test",
    "operation": "hook",
    "analysis": "analysis",
}
"""What a statement is, by the type of its node; all others hold no call."""

_HOOKS = ("pre-hook", "post-hook")
_GATHERS = "assay_gather("
_MACROS = tuple(f"ai_{kind}" for kind in FUNCTIONS)
_NAMED = re.compile(rf"\b(?:{'|'.join(_MACROS)})\s*\(")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Statement:
    """SQL that dbt runs and that may hold an AI call.

    `name` is what people call it, unlike that of any other; `node` the unique id of the node
    whose it is, which is `id` unless it is a hook. `sql` is None where it was not compiled. What
    `is_gathered` is asked for the whole relation at once, all else chunk by chunk.
    """

    id: str
    name: str
    kind: str
    node: str
    sql: str | None
    is_gathered: bool = False

    @property
    def asks(self) -> bool:
        """Whether it holds a call."""
        return ASKS in (self.sql or "")


@dataclass(frozen=True)
class Call:
    """One call of an AI function in a statement: its column (blank if it has none), task and text.

    `text_sql` is the SQL expression that is asked about, as it was given to the macro, `asked_sql`
    what the macro made of it, and `relation` the name that it has for its table, blank where it
    names none.
    """

    model: str
    column: str
    task: Task
    text_sql: str
    asked_sql: str
    relation: str

    @property
    def name(self) -> str:
        """The column as people name it: `silver_feedback.topic`."""
        return f"{self.model}.{self.column}" if self.column else self.model


@dataclass(frozen=True)
class Code:
    """A project as dbt has it: its manifest, and SQL by statement that the manifest has not.

    `failed` says why a statement could not be compiled. `selected` are the ids of what a
    selection picks; None where nothing was selected, which is all.
    """

    manifest: Manifest
    compiled: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    selected: Collection[str] | None = None

    @cached_property
    def statements(self) -> Mapping[str, Statement]:
        """What may hold an AI call, by id: what calls a macro of ours, and what was seen to."""
        found = list(self._found())
        names = _told_apart(found)
        return {
            key: self._statement(key, node, name)
            for (key, node, _), name in zip(found, names, strict=True)
        }

    @cached_property
    def calls(self) -> dict[str, list[Call]]:
        """The AI calls of each node and of its hooks, by its unique id."""
        found: dict[str, list[Call]] = {}
        for one in self.statements.values():
            if calls := list(_calls(one)):
                found.setdefault(one.node, []).extend(calls)
        return found

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """The columns that each prompt hash fills, as `model.column`."""
        found: dict[str, list[str]] = {}
        for call in (call for calls in self.calls.values() for call in calls):
            names = found.setdefault(call.task.prompt_hash, [])
            if call.name not in names:
                names.append(call.name)
        return found

    @property
    def uncompiled(self) -> list[str]:
        """The names of statements that may hold a call and were not compiled."""
        return sorted(one.name for one in self.statements.values() if one.sql is None)

    def may_ask(self, key: str, names: Collection[str] = ()) -> bool:
        """Whether a statement holds a call, or reads a view that asks each time it is read.

        `names` are further views, and macros of DuckDB, that ask.
        """
        one = self.statements.get(key)
        if one is not None and (one.asks or one.sql is None):
            return True
        node = self._nodes.get(key.partition(HOOK)[0], {})
        if node.get("resource_type") not in _KINDS or not _is_sql(node):
            return False
        said = _WORD.findall(self._sql(key) or "") if names else ()
        return self._reads_asking(key) or not {*names}.isdisjoint(said)

    def still_has(self, key: str) -> bool:
        """Whether the project still has a statement that may hold a call; of hooks, any."""
        node_id, is_hook, _ = key.partition(HOOK)
        node = self._nodes.get(node_id)
        if node is None:
            return False
        hooks = hooks_of(node).values() if is_hook else ()
        return self._may_call(node) or any(self.names_a_call(text) for _, text in hooks)

    def reading(self, key: str) -> Statement:
        """Return the statement with this id, also where the only calls are those of a view."""
        if key in self.statements:
            return self.statements[key]
        return self._statement(key, self._nodes[key], name_of(self._nodes[key]))

    def _statement(self, key: str, node: Node, name: str) -> Statement:
        hooks = hooks_of(node).items() if HOOK not in key else ()
        gathers = any(_GATHERS in text for _, (_, text) in hooks)
        sql = self._sql(key)
        return Statement(key, name, _kind_of(node, key), str(node["unique_id"]), sql, gathers)

    @cached_property
    def _nodes(self) -> Mapping[str, Node]:
        return {**self.manifest.get("nodes", {}), **self.manifest.get("unit_tests", {})}

    @cached_property
    def _asking_macros(self) -> frozenset[str]:
        return frozenset(_asking_macros(self.manifest.get("macros", {})))

    @cached_property
    def _asking_views(self) -> frozenset[str]:
        views = [key for key, node in models(self.manifest).items() if _is_view(node)]
        asking: set[str] = set()
        for _ in views:  # views of views
            more = {
                key
                for key in views
                if ASKS in (self._sql(key) or "")
                or (self._sql(key) is None and self._may_call(self._nodes[key]))
                or asking.intersection(_reads(self._nodes[key]))
            }
            if more == asking:
                break
            asking = more
        return frozenset(asking)

    def _reads_asking(self, key: str) -> bool:
        node = self._nodes.get(key, {})
        return node.get("resource_type") != "unit_test" and bool(
            self._asking_views.intersection(_reads(node))
        )

    def _found(self) -> Iterator[tuple[str, Node, str]]:
        """Yield the id, node and suffix of the name of each statement that may hold a call."""
        for key, node in self._nodes.items():
            if _is_sql(node) and (ASKS in (self._sql(key) or "") or self._is_unknown(key, node)):
                yield key, node, ""
            for hook, (when, text) in hooks_of(node).items():
                if hook in self.compiled or self.names_a_call(text):
                    yield hook, node, f" ({when})"
        for key in self.compiled:
            node_id, mark, when = key.partition(HOOK)
            if mark and node_id in self._nodes and key not in hooks_of(self._nodes[node_id]):
                yield key, self._nodes[node_id], f" ({when})"

    def _is_unknown(self, key: str, node: Node) -> bool:
        return self._sql(key) is None and self._may_call(node)

    def _sql(self, key: str) -> str | None:
        """The SQL that was compiled last; None for what was not."""
        return self._nodes.get(key, {}).get("compiled_code") or self.compiled.get(key)

    def _may_call(self, node: Node) -> bool:
        """Whether a node calls a macro of ours, itself or by others, or reads so inline."""
        inner = (self._nodes.get(name, {}) for name in _reads(node))
        if any(_is_ephemeral(one) and self._may_call(one) for one in inner):
            return True
        if node["resource_type"] == "unit_test":
            tested = self._nodes.get(next(iter(node["depends_on"]["nodes"]), ""))
            return tested is not None and self._may_call(tested)
        called = node.get("depends_on", {}).get("macros", ())
        arguments = (node.get("test_metadata") or {}).get("kwargs", {})
        said = f"{node.get('raw_code', '')} {json.dumps(arguments)}"
        return not self._asking_macros.isdisjoint(called) or bool(_NAMED.search(said))

    def may_call(self, key: str) -> bool:
        """Whether a node or unit test calls a macro of ours, itself or by others."""
        return self._may_call(self._nodes[key])

    def names_a_call(self, text: str) -> bool:
        """Whether the text of a hook names a macro that asks, or that of a header asks."""
        asking = {key.rpartition(".")[2] for key in self._asking_macros} | set(_MACROS)
        return ASKS in text or not asking.isdisjoint(_WORD.findall(text))


def last_code(store: Ledger, project: Path = Path()) -> Code:
    """Return the code of the last dbt command; what it left uncompiled, as it was built last.

    What has no call any more, or is gone from the project, is left out.
    """
    code = Code(read_manifest(project))
    remembered = store.read(queries.BuiltStatements())
    return replace(
        code, compiled={key: sql for key, sql in remembered.items() if code.still_has(key)}
    )


def hooks_of(node: Node) -> dict[str, tuple[str, str]]:
    """Return when each hook of a node runs, and its text before dbt compiles it, by id.

    An `sql_header` is among them.
    """
    config = node.get("config", {})
    found = {}
    if header := config.get("sql_header"):
        found[f"{node['unique_id']}{HOOK}{HEADER}"] = (HEADER, str(header))
    for when in _HOOKS:
        for place, hook in enumerate(config.get(when) or config.get(when.replace("-", "_")) or ()):
            text = hook["sql"] if isinstance(hook, Mapping) else str(hook)
            nth = f"{when} {place + 1}" if place else when
            found[f"{node['unique_id']}{HOOK}{nth}"] = (nth, str(text))
    return found


def _calls(statement: Statement) -> Iterator[Call]:
    """Yield the AI calls of a statement; one whose task is none any more is left out."""
    for found in calls_in(statement.sql or ""):
        try:
            task = parse_task(found.spec)
        except ConfigError:
            continue
        yield Call(
            statement.name, found.column, task, found.text_sql, found.asked_sql, found.relation
        )


def _asking_macros(macros: Mapping[str, Node]) -> set[str]:
    """Return the macros that are ours, and those that call one that asks."""
    asking = {key for key in macros if key.rpartition(".")[2] in _MACROS}
    size = -1
    while len(asking) != size:
        size = len(asking)
        asking |= {
            key
            for key, macro in macros.items()
            if asking.intersection(macro.get("depends_on", {}).get("macros", ()))
        }
    return asking


def _told_apart(found: Iterable[tuple[str, Node, str]]) -> list[str]:
    """Return a name for each, with what tells it from its namesakes: package, or unique id."""
    found = list(found)
    spelled = [
        [name_of(node), f"{node['package_name']}.{name_of(node)}", node["unique_id"]]
        for _, node, _ in found
    ]
    nodes = {node["unique_id"]: names for (_, node, _), names in zip(found, spelled, strict=True)}
    counts = [Counter(names[place] for names in nodes.values()) for place in range(3)]
    return [
        next(name for name, count in zip(names, counts, strict=True) if count[name] == 1) + suffix
        for names, (_, _, suffix) in zip(spelled, found, strict=True)
    ]


def _kind_of(node: Node, key: str) -> str:
    if HOOK in key:
        return "hook"
    if _is_ephemeral(node):
        return "ephemeral"
    return _KINDS[node["resource_type"]]


def _is_sql(node: Node) -> bool:
    return node["resource_type"] in _KINDS and node.get("language", "sql") == "sql"


def _is_ephemeral(node: Node) -> bool:
    return bool(node.get("config", {}).get("materialized") == "ephemeral")


def _is_view(node: Node) -> bool:
    return node.get("config", {}).get("materialized") in ("view", "ephemeral")


def _reads(node: Node) -> Iterable[str]:
    reads: Iterable[str] = node.get("depends_on", {}).get("nodes", ())
    return reads
