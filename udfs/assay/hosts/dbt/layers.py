"""Where a node of dbt belongs: the layer, which is a folder, and whether it is a gate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

Node = Mapping[str, Any]

GATE_PREFIX = "gate_"
OPS = "ops"
"""The layer of the models that show the store; they come with the package."""


def layer_of(node: Node) -> str:
    """Return the layer of a node: its first folder among the models; else `seeds`, `snapshots`.

    A schema would not do: in most projects its name holds the target's, `dev_main`. What lies in
    no folder of its own belongs to the one that holds all, `models`.
    """
    kind = str(node["resource_type"])
    if kind in ("seed", "snapshot"):
        return f"{kind}s"
    own = 2 if kind == "source" else 1  # the name, and with sources that of the source
    folders = node["fqn"][1:-own]
    return str(folders[0] if folders else PurePath(node["original_file_path"]).parent.name)


def is_gate(node: Node) -> bool:
    """Whether a node is a gate, which stands beside the tables that it reads."""
    return str(node["name"]).startswith(GATE_PREFIX)
