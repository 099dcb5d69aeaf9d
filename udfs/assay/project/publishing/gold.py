"""What gold is: the models that are published, their tables, their keys, and where each goes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import PublishError
from assay.hosts.dbt.layers import OPS, is_gate, layer_of
from assay.hosts.dbt.manifest import models, unique_keys
from assay.hosts.duckdb.quoting import quoted

GOLD = "gold"
"""What consumers call what is published."""

_FOLDERS = (GOLD, "marts")
"""What is published of a project that says nothing of it."""

_BUILT = frozenset({"model", "seed", "snapshot"})
_SAID = (None, True, False)

_FILE_NAME = re.compile(r"\w[\w .-]*")
"""Names of tables that are names of files as they are, in this folder and no other."""

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoldTable:
    """A table of gold, or one that gold reads: where it is in the warehouse."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The table as SQL names it."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def full_name(self) -> str:
        """The table as people name it."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a table of gold goes once it was published: an address, as after `--to`."""

    address: str
    table: str


def gold_tables(manifest: Mapping[str, Any]) -> list[GoldTable]:
    """Return the tables of gold, by name."""
    return sorted(map(_table, gold_nodes(manifest)), key=lambda table: table.name)


def gold_keys(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the key of each table of gold, by name: its `unique_key`, or what its tests say.

    A constraint, or tests with `unique` and `not_null`, are what dbt calls its primary key.
    """
    return {
        str(node["alias"]): unique_keys(node) or list(node.get("primary_key") or [])
        for node in sorted(gold_nodes(manifest), key=lambda node: str(node["alias"]))
    }


def input_tables(manifest: Mapping[str, Any]) -> list[GoldTable]:
    """Return the tables that gold is made of: what its models read themselves."""
    parents = {
        parent for node in gold_nodes(manifest) for parent in node["depends_on"]["nodes"]
    } - {node["unique_id"] for node in gold_nodes(manifest)}
    nodes = [manifest["nodes"][name] for name in parents if name in manifest["nodes"]]
    held = [
        node
        for node in nodes
        if is_built(node) and _kind(node) != "view" and not _is_told_apart(node)
    ]
    return sorted(map(_table, held), key=lambda table: table.full_name)


def check_names(tables: Sequence[GoldTable]) -> None:
    """Raise `PublishError` for a name that is there twice, or cannot be a file's.

    That one might lead elsewhere.
    """
    for table in tables:
        if not _FILE_NAME.fullmatch(table.name):
            message = (
                f"The gold table {table.name!r} cannot be a file; give its model an alias of "
                "letters, digits, `_`, `-`, `.` and blanks."
            )
            raise PublishError(message)
    names = Counter(table.name for table in tables)
    if twice := sorted(name for name, count in names.items() if count > 1):
        message = f"Two tables to be published are called {twice[0]!r}; give one model an alias."
        raise PublishError(message)


def gold_nodes(manifest: Mapping[str, Any]) -> list[Node]:
    """Return the models that are published: by their own word, an exposure's, or their folder.

    A model that says where it goes is one of them whatever the others say.
    """
    built = models(manifest).values()
    nodes = [node for node in built if is_built(node) and not _is_told_apart(node)]
    exposed = _exposed(manifest)
    unsaid = [node for node in nodes if _said(node) is None or _addresses(node)]
    chosen = (
        [node for node in nodes if _said(node) is True],
        [node for node in unsaid if node["unique_id"] in exposed],
        [node for node in unsaid if layer_of(node) in _FOLDERS],
    )
    first = next(filter(None, chosen), [])
    return first + [node for node in nodes if _addresses(node) and node not in first]


def targets(manifest: Mapping[str, Any]) -> list[Target]:
    """Return where gold goes after it was published, by `meta: publish` of its models."""
    return [
        Target(address, str(node["alias"]))
        for node in sorted(gold_nodes(manifest), key=lambda node: str(node["alias"]))
        for address in _addresses(node)
    ]


def unclear(manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of models whose `meta: publish` is no word that is known, sorted."""
    nodes = models(manifest).values()
    odd = [node for node in nodes if _said(node) not in _SAID and not _addresses(node)]
    return sorted(str(node["name"]) for node in odd)


def _said(node: Node) -> object:
    """Return what a model says of being published; None where it says nothing."""
    return (node["config"].get("meta") or {}).get("publish")


def _addresses(node: Node) -> list[str]:
    """Return where a model says that it goes, such as `json:FILE`: an address or a list."""
    said = _said(node)
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list):
        return []
    return found if all(isinstance(one, str) and ":" in one for one in found) else []


def _exposed(manifest: Mapping[str, Any]) -> set[str]:
    exposures = manifest.get("exposures", {}).values()
    return {name for exposure in exposures for name in exposure["depends_on"]["nodes"]}


def _is_told_apart(node: Node) -> bool:
    """Whether a node shows the store or is a gate: what these counted stands in the manifest."""
    return is_gate(node) or layer_of(node) == OPS


def is_built(node: Node) -> bool:
    """Whether dbt makes a table or view of a node."""
    return _kind_of(node) in _BUILT and _kind(node) != "ephemeral"


def _kind_of(node: Node) -> str:
    return str(node["resource_type"])


def _kind(node: Node) -> str:
    return str(node.get("config", {}).get("materialized", ""))


def _table(node: Node) -> GoldTable:
    return GoldTable(str(node["schema"]), str(node["alias"]))
