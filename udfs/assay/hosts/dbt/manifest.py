"""dbt's manifest of a project: its nodes, their tables and keys, and what they are made of."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.hosts.dbt.project_folder import target_of

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]

ROW_GATE = "row_gate"
"""The materialization of a model that makes two tables beside its own."""

SERVED = "assay_store"
"""The source whose tables are copies of the store, made anew by each build."""

_PARTED = "_passed"
_PARTS = ("_checked", "_quarantined")
_QUOTED = re.compile(r'"(?:[^"]|"")+"')


def read_manifest(project: Path) -> dict[str, Any]:
    """Return dbt's manifest of the project; an empty one where there is none yet."""
    path = target_of(project) / "manifest.json"
    if not path.exists():
        return {}
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        message = f"{path} cannot be read; run {program('build')}, which writes it anew."
        raise ConfigError(message) from None
    return manifest


def models(manifest: Manifest) -> dict[str, Node]:
    """Return the models of a manifest by unique id."""
    nodes: Mapping[str, Node] = manifest.get("nodes", {})
    return {name: node for name, node in nodes.items() if node["resource_type"] == "model"}


def made_tables(manifest: Manifest) -> set[str]:
    """Return the tables that a build makes again, as `schema.table`; copies of the store, too."""
    nodes: Iterable[Node] = manifest.get("nodes", {}).values()
    made = (node for node in nodes if node["resource_type"] in ("model", "snapshot"))
    served = (
        f"{source['schema']}.{source['identifier']}"
        for source in manifest.get("sources", {}).values()
        if source["source_name"] == SERVED
    )
    return {*(f"{node['schema']}.{table}" for node in made for table in tables_of(node)), *served}


def tables_of(node: Node) -> tuple[str, ...]:
    """Return the tables of a node, its own first; those of a row gate stand beside it."""
    own = str(node.get("alias"))
    if node.get("config", {}).get("materialized") != ROW_GATE:
        return (own,)
    return (own, *(gated_name(own) + part for part in _PARTS))


def gated_name(passed: str) -> str:
    """Return the name of the model of which `passed` are the passed rows."""
    return passed.removesuffix(_PARTED)


def node_of(manifest: Manifest, schema: str, table: str) -> str | None:
    """Return the unique id of the model, seed or snapshot that makes a table, or None."""
    for name, node in manifest.get("nodes", {}).items():
        if node.get("schema") == schema and table in tables_of(node):
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
    """Return the columns of a model's `unique_key`, without quotes; none where it has none."""
    key = node.get("config", {}).get("unique_key") or []
    return [_unquoted(name) for name in ([key] if isinstance(key, str) else key)]


def as_held(keys: Iterable[str], columns: Iterable[str]) -> list[str]:
    """Return the keys that are among the columns, spelled as these, as DuckDB compares names."""
    spelled = {_folded(name): name for name in columns}
    return [spelled[_folded(key)] for key in keys if _folded(key) in spelled]


def name_of(node: Node) -> str:
    """Return the name of a node as people select it: `ver.v1` for a version of a model."""
    version = node.get("version")
    return str(node["name"]) if version is None else f"{node['name']}.v{version}"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if _QUOTED.fullmatch(name) else name


def _folded(name: str) -> str:
    """Return a name as DuckDB compares it: A to Z are a to z, other letters stay as they are."""
    return name.encode().lower().decode()
