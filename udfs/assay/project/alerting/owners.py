"""Who owns a node of dbt: its `meta: owner`, its group's owner, or those of what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assay.project.report.facts import plain

_LONGEST = 80


def owners_of(manifest: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Return the owners of nodes, each once, in the order of their names.

    Who checks others and has no owner (a test, a gate) is owned by whoever owns these.
    """
    nodes = manifest.get("nodes", {})
    found: set[str] = set()
    for name in names:
        node = nodes.get(name, {})
        parents = [nodes.get(parent, {}) for parent in node.get("depends_on", {}).get("nodes", ())]
        found.update(_own(node, manifest) or [one for up in parents for one in _own(up, manifest)])
    return tuple(sorted(found))


def _own(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    config = node.get("config", {})
    meta = {**(node.get("meta") or {}), **(config.get("meta") or {})}
    stated = meta.get("owner") or _of_group(config.get("group"), manifest)
    owners = stated if isinstance(stated, list) else [stated] if stated else []
    return [plain(one, _LONGEST) for one in owners]


def _of_group(group: object, manifest: Mapping[str, Any]) -> object:
    groups = manifest.get("groups", {}).values()
    owner: Mapping[str, object] = next(
        (one.get("owner", {}) for one in groups if one.get("name") == group), {}
    )
    return owner.get("name") or owner.get("email")
