"""What dbt built and checked: the nodes of a run by kind, those that ended well and the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BUILT = ("model", "seed", "snapshot")
CHECKED = ("test", "unit_test")

_DONE = frozenset({"success", "pass", "fail", "warn", "no-op"})
"""What was built, and what was looked at, whatever it found; the rest failed or was skipped."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of one kind in a run: how many there were, and how they ended."""

    total: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Those that were built, or checked."""
        return sum(count for status, count in self.statuses.items() if status in _DONE)


def nodes_of(results: Mapping[str, Any], *kinds: str) -> Nodes:
    """Return the nodes of these kinds in dbt's `run_results.json`."""
    ended = [str(one["status"]) for one in results["results"] if kind_of(one) in kinds]
    return Nodes(len(ended), dict(sorted(Counter(ended).items())))


def called(node: Mapping[str, Any]) -> str:
    """Return what people call a node of a manifest; a test by what it tests, and where.

    That is its generic test, and the model with the column, if there is one, that it looks at.
    """
    if node["resource_type"] != "test":
        return str(node["name"])
    test = str((node.get("test_metadata") or {}).get("name") or node["name"])
    column = f".{node['column_name']}" if node.get("column_name") else ""
    model = str(node.get("attached_node") or "").rpartition(".")[2]
    return f"{test} on {model}{column}" if model else test


def kind_of(result: Mapping[str, Any]) -> str:
    """Return what kind of node a result is of: `model`, `test`, `operation`."""
    return str(result["unique_id"]).split(".", maxsplit=1)[0]
