"""`dbt docs generate` with what made each AI column: `meta` that is written into the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from dbt.artifacts.resources import ColumnInfo
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode, SnapshotNode

from assay.core.settings import Settings
from assay.hosts.dbt.ai_columns import Model, lineages, meta
from assay.hosts.dbt.manifest import name_of

Relational: TypeAlias = ModelNode | SnapshotNode


def annotate(manifest: Manifest, catalog: Mapping[str, Any], settings: Settings) -> None:
    """Add to each AI column of a compiled project what made it; what is there by hand stays.

    `catalog` has the tables of the warehouse by the node's id, as dbt found them.
    """
    nodes = _models(manifest)
    models = {key: _model(node, catalog.get(key)) for key, node in nodes.items()}
    for key, columns in lineages(models).items():
        for name, lineage in columns.items():
            told = meta(lineage, f"{models[key].name}.{name}", settings)
            _tell(nodes[key], name, told)


def _models(manifest: Manifest) -> dict[str, Relational]:
    """Return the models and snapshots in SQL, each after those it reads."""
    models = {
        key: node
        for key, node in manifest.nodes.items()
        if isinstance(node, Relational) and node.language == "sql"
    }
    graph = {key: node.depends_on.nodes for key, node in models.items()}
    return {key: models[key] for key in TopologicalSorter(graph).static_order() if key in models}


def _model(node: Relational, table: Any) -> Model:
    catalogued = table.columns if table else {}
    return Model(
        name=name_of(node.to_dict()),
        sql=node.compiled_code or "",
        columns=(*node.columns, *catalogued),
        reads=tuple(node.depends_on.nodes),
    )


def _tell(node: Relational, name: str, told: Mapping[str, Any]) -> None:
    column = node.columns.setdefault(name, ColumnInfo(name=name))
    column.meta = dict(told) | column.meta
    column.config.meta = dict(told) | column.config.meta
