"""What a project checks: its tests, gates, suites, row-gate rules and limits, as one record."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assay.core.line_ends import unix

SUITES = Path("quality/suites")
GATE_PREFIX = "gate_"
_ROW_GATES = ("ai_row_gate", "row_gate")
"""Macros that make a row gate of a model."""

RULES_SEED = "row_gate_rules"
LIMITS = "ai_gates"
"""The variable of dbt_project.yml that holds what row gates check and allow by default."""

_PLAIN = {
    "severity": "error",
    "where": None,
    "limit": None,
    "fail_calc": "count(*)",
    "warn_if": "!= 0",
    "error_if": "!= 0",
}
"""What dbt takes where the `config` of a test says nothing; only what differs is kept."""

TABLE_RULES = "table_rules"
"""The test that checks several rules of a table at once."""

_OURS = "assay"
_TABLE_RULES = {
    "not_null": "dbt.not_null",
    "unique": "dbt.unique",
    "unique_together": "assay.unique_together",
    "accepted_values": "dbt.accepted_values",
    "expression_is_true": "assay.expression_is_true",
}
"""What a rule of the test `table_rules` is called: as the test that checks it alone."""

_TARGETS = ("column", "column_list", "column_set", "column_A", "column_B")
_REFERENCE = re.compile(r"^\s*\"\w+\": dbt\.ref\(\"\w+\"\),\s*$", re.MULTILINE)
_DIGEST = 16

Node = Mapping[str, Any]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Check(_Record):
    """A dbt test or an expectation: what it is, on which columns, and how strict.

    `check` is `package.test` or the type of the expectation; `config` holds what is not as dbt
    has it by default.
    """

    check: str
    on: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in a message."""
        return self.check.removeprefix("dbt.") + (f" on {self.on}" if self.on else "")


class PromisedTable(_Record):
    """A model, seed, snapshot or source, and what is checked about it.

    `waits_for` are the gates above it, `reads` what a gate checks, `row_gate` the settings of its
    row gate, `code` the digest of a gate's own code.
    """

    layer: str
    contract: bool = False
    code: str = ""
    waits_for: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    row_gate: dict[str, Any] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()


class PromisedSuite(_Record):
    """A suite: the SQL of the columns it makes up, and its expectations."""

    columns: dict[str, str] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()


class Inventory(_Record):
    """Everything that a project checks; tables, suites (`silver/orders`) and rules by name.

    `limits` is `vars: ai_gates:`; `macros` are digests of the generic tests and of the row gates;
    `tests` are unit tests and single tests, with a digest of what they say.
    """

    limits: dict[str, Any] = Field(default_factory=dict)
    rules: dict[str, dict[str, str]] = Field(default_factory=dict)
    macros: dict[str, str] = Field(default_factory=dict)
    tests: dict[str, str] = Field(default_factory=dict)
    suites: dict[str, PromisedSuite] = Field(default_factory=dict)
    tables: dict[str, PromisedTable] = Field(default_factory=dict)

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """How many tables, tests and expectations each layer has."""
        found = {table.layer: [0, 0, 0] for table in self.tables.values()}
        for table in self.tables.values():
            found[table.layer][0] += 1
            found[table.layer][1] += len(table.checks)
        for name, suite in self.suites.items():
            found.setdefault(layer_of(name), [0, 0, 0])[2] += len(suite.checks)
        return {layer: (few[0], few[1], few[2]) for layer, few in sorted(found.items())}


def inventory(project: Path, manifest: Mapping[str, Any], told: Mapping[str, Any]) -> Inventory:
    """Return what the project in a folder checks, as dbt's `manifest` and its files have it.

    `told` are the variables of the command line, which take the place of the project's.
    """
    return Inventory(
        limits=_limits(project, told),
        rules=_rules(project, manifest),
        macros=dict(macros(manifest)),
        tests=dict(sorted(single_tests(manifest))),
        suites=suites(project),
        tables=dict(tables(manifest)),
    )


def suites(project: Path) -> dict[str, PromisedSuite]:
    """Return the suites of a project; a file that is none is a suite that expects nothing."""
    folder = project / SUITES
    return {
        f"{path.parent.name}/{path.stem}": _suite(path) for path in sorted(folder.glob("*/*.json"))
    }


def layer_of(suite: str) -> str:
    """Return the layer of a suite's name."""
    return suite.partition("/")[0]


def _suite(path: Path) -> PromisedSuite:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        meta, items = document["meta"], document["expectations"]
        if meta.get("suggested"):
            return PromisedSuite()
        checks = tuple(_expectation(item, meta.get("minimum_evaluated")) for item in items)
        return PromisedSuite(columns=meta.get("columns", {}), checks=checks)
    except (ValueError, KeyError, TypeError, AttributeError):
        return PromisedSuite()  # the gate says what is wrong with it


def _expectation(item: Mapping[str, Any], minimum: Any) -> Check:
    given = dict(item["kwargs"])
    targets = [given.pop(name) for name in _TARGETS if name in given]
    least = (item.get("meta") or {}).get("minimum_evaluated", minimum)
    strict = {"mostly": 1.0, "minimum_evaluated": least} | given
    return Check(check=item["type"], on=_columns(targets), arguments=strict)


def _columns(targets: list[Any]) -> str:
    return ", ".join(
        name for target in targets for name in (target if isinstance(target, list) else [target])
    )


def disabled(manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of what dbt found and was told to leave out."""
    return [node["name"] for nodes in manifest.get("disabled", {}).values() for node in nodes]


def _limits(project: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    path = project / "dbt_project.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    given = settings.get("vars") or {}
    own = given.get(settings.get("name")) or {}
    return dict({**given, **own, **told}.get(LIMITS) or {})


def _rules(project: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the rows of the seed of rules, without their description."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed" and node["name"] == RULES_SEED:
            own = project / node["original_file_path"]
            seed = own if own.exists() else Path(node["root_path"]) / node["original_file_path"]
            with seed.open(encoding="utf-8", newline="") as file:
                rows = unix(list(csv.DictReader(file)))
            return {
                row["rule_id"]: {
                    name: row[name] for name in ("parameter", "severity", "default_threshold")
                }
                for row in rows
            }
    return {}


def macros(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the generic tests and the macros of the row gates, each with a digest of its code."""
    for macro in sorted(manifest["macros"].values(), key=lambda macro: str(macro["name"])):
        path = str(macro["original_file_path"])
        ours = macro["package_name"] == manifest["metadata"]["project_name"]
        if ours and (macro["name"].startswith("test_") or path.startswith("macros/gates/")):
            yield macro["name"], _digest(macro["macro_sql"])


def single_tests(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the unit tests and the tests that are files of their own, each with a digest."""
    for node in manifest.get("unit_tests", {}).values():
        yield node["name"], _digest([node["model"], node["given"], node["expect"]])
    for node in _nodes(manifest, "test"):
        if not node.get("test_metadata"):
            yield node["name"], _digest([node["raw_code"], _config(node)])


def tables(manifest: Mapping[str, Any]) -> Iterator[tuple[str, PromisedTable]]:
    """Yield the models, seeds, snapshots and checked sources of a manifest, by name."""
    checks: dict[str, list[Check]] = {}
    for node in _nodes(manifest, "test"):
        if node.get("test_metadata"):
            checks.setdefault(str(_tested(node)), []).extend(checks_of(node))
    for node in [*_nodes(manifest, "model", "seed", "snapshot"), *_sources(manifest, checks)]:
        found = sorted(checks.get(node["unique_id"], []), key=lambda check: check.name)
        yield _named(node), _table(node, manifest, tuple(found))


def _nodes(manifest: Mapping[str, Any], *kinds: str) -> list[Node]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] in kinds]
    return sorted(found, key=lambda node: str(node["unique_id"]))


def _sources(manifest: Mapping[str, Any], checks: Mapping[str, Any]) -> list[Node]:
    """Return the sources that are checked."""
    return [node for name, node in manifest.get("sources", {}).items() if name in checks]


def _named(node: Node) -> str:
    of = f"{node['source_name']}." if node["resource_type"] == "source" else ""
    return f"{of}{node['name']}"


def _table(node: Node, manifest: Mapping[str, Any], checks: tuple[Check, ...]) -> PromisedTable:
    config = node.get("config", {})
    is_gate = node["name"].startswith(GATE_PREFIX)
    return PromisedTable(
        layer=node["schema"],
        contract=bool((config.get("contract") or {}).get("enforced")),
        code=_code(node) if is_gate or _calls(node, *_ROW_GATES) else "",
        waits_for=tuple(sorted(_gates_above(node["unique_id"], manifest))),
        reads=tuple(sorted(_reads(node, manifest))) if is_gate else (),
        row_gate=(config.get("meta") or {}).get("row_gate", {}),
        checks=checks,
    )


def _reads(gate: Node, manifest: Mapping[str, Any]) -> list[str]:
    return [_last(name) for name in gate["depends_on"]["nodes"] if name in manifest["nodes"]]


def _gates_above(unique_id: str, manifest: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    waiting = [unique_id]
    while waiting:
        above = set(manifest["parent_map"].get(waiting.pop(), ())) - seen
        seen |= above
        waiting.extend(above)
    names = {_last(name) for name in seen if name.startswith("model.")}
    return {name for name in names if name.startswith(GATE_PREFIX)}


def _calls(node: Node, *wanted: str) -> bool:
    called = node.get("depends_on", {}).get("macros", ())
    return any(_last(name) in wanted for name in called)


def _code(node: Node) -> str:
    """Return a digest of a gate's code; what it reads is kept apart, as more of it is no harm."""
    return _digest(_REFERENCE.sub("", unix(str(node.get("raw_code", "")))))


def _tested(node: Node) -> str | None:
    """Return the unique id of what a generic test is written at."""
    attached = node.get("attached_node")
    return str(attached) if attached else next(iter(node["depends_on"]["nodes"]), None)


def checks_of(node: Node) -> Iterator[Check]:
    """Yield what a test checks: a single rule, or each of those of a whole table."""
    metadata, package, config = node["test_metadata"], _package(node), _config(node)
    given = {
        name: value
        for name, value in metadata["kwargs"].items()
        if name not in ("model", "column_name")
    }
    if metadata["name"] != TABLE_RULES:
        check = f"{package}.{metadata['name']}"
        yield Check(check=check, on=node.get("column_name") or "", arguments=given, config=config)
        return
    for rule, on, arguments in _rules_of_table(given):
        check = _TABLE_RULES[rule] if package == _OURS else f"{package}.{rule}"
        yield Check(check=check, on=on, arguments=arguments, config=config)


def _rules_of_table(given: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each rule of a test `table_rules`: what it is, on which column, its arguments."""
    for column in given.get("not_null", ()):
        yield "not_null", column, {}
    for key in given.get("unique", ()):
        alone = isinstance(key, str)
        yield ("unique", key, {}) if alone else ("unique_together", "", {"columns": key})
    for column, values in given.get("accepted_values", {}).items():
        yield "accepted_values", column, {"values": values}
    for expression in given.get("expressions", ()):
        yield "expression_is_true", "", {"expression": expression}


def _package(node: Node) -> str:
    """Return where the code of a generic test is: a project may put its own in dbt's place."""
    test = f"test_{node['test_metadata']['name']}"
    found = [name for name in node["depends_on"]["macros"] if _last(name) == test]
    return found[0].split(".")[1] if found else "dbt"


def _config(node: Node) -> dict[str, Any]:
    config = node["config"]
    found = {name: config.get(name) for name in _PLAIN} | {
        "severity": str(config.get("severity", "error")).lower()
    }
    return {name: value for name, value in found.items() if value != _PLAIN[name]}


def _last(unique_id: str) -> str:
    return unique_id.split(".")[2]


def _digest(value: Any) -> str:
    return sha256(json.dumps(unix(value), sort_keys=True).encode()).hexdigest()[:_DIGEST]
