"""How far dbt is through the nodes of a run: what runs, what is done, and how each layer went."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.plural import counted
from assay.hosts.dbt.layers import layer_of
from assay.hosts.dbt.nodes import CHECKED, called
from assay.hosts.dbt.progress import Standing

_THINGS = {"seed": "seed", "snapshot": "snapshot", "model": "model"} | dict.fromkeys(
    CHECKED, "test"
)
"""What is counted in the line of a layer, by the type of a node."""

_WELL = frozenset({"success", "pass", "no-op"})


@dataclass(frozen=True, slots=True)
class RunNode:
    """A node of the run: what people call it, its layer and its type."""

    name: str
    layer: str
    kind: str


@dataclass(slots=True)
class _Layer:
    """What there is to do in a layer, and what was done."""

    things: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    began_at: float | None = None

    @property
    def is_over(self) -> bool:
        return self.statuses.total() >= self.things.total()


class Walk:
    """Follows the nodes of one run; any thread may tell of one."""

    def __init__(self, steps: Mapping[str, RunNode] | None = None) -> None:
        self._steps = dict(steps or {})
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._done = 0
        self._layers: defaultdict[str, _Layer] = defaultdict(_Layer)
        for step in self._steps.values():
            if thing := _THINGS.get(step.kind):
                self._layers[step.layer].things[thing] += 1

    def name(self, key: str, otherwise: str = "") -> str:
        """Return what people call a node, by its unique id."""
        return self._steps[key].name if key in self._steps else otherwise

    def started(self, key: str, name: str) -> None:
        """A node has begun."""
        with self._lock:
            self._running[key] = self.name(key, name)
            layer = self._layer(key)
            if layer is not None and layer.began_at is None:
                layer.began_at = time.monotonic()

    def finished(self, key: str, status: str) -> str:
        """A node has ended with a status of dbt's; return the line of a layer that is over."""
        with self._lock:
            self._running.pop(key, None)
            self._done += key in self._steps
            layer = self._layer(key)
            if layer is None:
                return ""
            layer.statuses[status] += 1
            return _told(self._steps[key].layer, layer) if layer.is_over else ""

    def standing(self, doing: str) -> Standing:
        """Return where dbt is; it is `doing` something else while no node runs."""
        with self._lock:
            return Standing(doing, self._done, len(self._steps), tuple(self._running.values()))

    def _layer(self, key: str) -> _Layer | None:
        step = self._steps.get(key)
        return self._layers[step.layer] if step and step.kind in _THINGS else None


def steps_of(nodes: Iterable[Any], manifest: Any) -> dict[str, RunNode]:
    """Return the nodes that dbt is about to run, as it has them, by unique id."""
    return {node.unique_id: _step(node, manifest.nodes) for node in nodes if _runs(node)}


def _runs(node: Any) -> bool:
    return str(node.resource_type) != "exposure" and not getattr(node, "is_ephemeral_model", False)


def _step(node: Any, nodes: Mapping[str, Any]) -> RunNode:
    """Return a node as people name it; a test belongs to the layer of what it looks at."""
    looked_at = getattr(node, "attached_node", None) or next(iter(node.depends_on_nodes), None)
    kind = str(node.resource_type)
    home = nodes.get(looked_at or "", node) if kind in CHECKED else node
    return RunNode(called(_facts(node)), layer_of(_facts(home)), kind)


def _facts(node: Any) -> dict[str, Any]:
    """Return what is asked of a node as a manifest has it, without writing out all of it."""
    metadata = getattr(node, "test_metadata", None)
    return {
        "name": node.name,
        "resource_type": str(node.resource_type),
        "fqn": node.fqn,
        "original_file_path": node.original_file_path,
        "attached_node": getattr(node, "attached_node", None),
        "column_name": getattr(node, "column_name", None),
        "test_metadata": {"name": metadata.name} if metadata else None,
    }


def _told(name: str, layer: _Layer) -> str:
    """Return how a layer went: `bronze  5 models and 21 tests, 3 s`."""
    parts = [counted(count, thing) for thing, count in sorted(layer.things.items())]
    odd = {status: count for status, count in layer.statuses.items() if status not in _WELL}
    parts += [f"{count:,} {status}" for status, count in sorted(odd.items())]
    seconds = time.monotonic() - (layer.began_at or time.monotonic())
    return f"{name:<8}{', '.join(parts)}, {seconds:.0f} s"
