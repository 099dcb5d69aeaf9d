"""`dbt docs generate` with what made each AI column, and what row gates let through described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any, TypeAlias

from dbt.artifacts.resources import ColumnInfo
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode, SnapshotNode

from assay.core.settings import Settings
from assay.hosts.dbt.ai_columns import Model, lineages, meta
from assay.hosts.dbt.manifest import ROW_GATE, gated_name, name_of

Relational: TypeAlias = ModelNode | SnapshotNode

_PASSED = "Rows of `{0}` that pass its row gate; those that do not are in quarantine. {1}"


def annotate(manifest: Manifest, catalog: Mapping[str, Any], settings: Settings) -> None:
    """Add to each AI column of a compiled project what made it; what is there by hand stays.

    `catalog` has the tables of the warehouse by the node's id, as dbt found them.
    """
    nodes = _models(manifest)
    for node, gated in _row_gates(nodes):
        _describe(node, gated, catalog.get(node.unique_id))
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


def _row_gates(nodes: Mapping[str, Relational]) -> Iterator[tuple[Relational, Relational]]:
    """Yield the passed rows of each row gate with the model that it gates."""
    for node in nodes.values():
        if node.config.materialized == ROW_GATE:
            parents = (nodes[key] for key in node.depends_on.nodes if key in nodes)
            yield from ((node, one) for one in parents if one.name == gated_name(node.name))


def _describe(node: Relational, gated: Relational, table: Any) -> None:
    """Take over the words of the gated model where the passed rows have none of their own."""
    node.description = node.description or _PASSED.format(gated.name, gated.description)
    for name in table.columns if table else ():
        column = node.columns.setdefault(name, ColumnInfo(name=name))
        if name in gated.columns:
            column.description = column.description or gated.columns[name].description
            column.data_type = column.data_type or gated.columns[name].data_type


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
