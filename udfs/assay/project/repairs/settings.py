"""What a model says of its repairs under `config: meta: repair:`, the key of its rows first."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.core.errors import ConfigError
from assay.hosts.dbt.manifest import Manifest, node_of, unique_keys
from assay.project.suggestions.relations import Relation


class RepairSettings(BaseModel):
    """The key, which columns determine a column, and what is accepted without a look."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = None
    follows: dict[str, list[str]] = {}
    accept_where: str | None = None


def settings_of(manifest: Manifest, table: Relation) -> RepairSettings:
    """Return what is said of a table; its key is also that of a row gate, or a `unique_key`.

    Raises `ConfigError` for a setting that does not exist or cannot be read.
    """
    node = _node(manifest, table)
    meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
    settings = _read(meta.get("repair") or {}, table)
    if settings.key is not None:
        return settings
    gate_key = (meta.get("row_gate") or {}).get("key")
    keys = [gate_key] if isinstance(gate_key, str) else unique_keys(dict(node))
    return settings.model_copy(update={"key": keys[0] if len(keys) == 1 else None})


def _node(manifest: Manifest, table: Relation) -> Mapping[str, Any]:
    named = node_of(manifest, table.schema, table.name)
    return manifest["nodes"].get(named, {}) if named else {}


def _read(said: Any, table: Relation) -> RepairSettings:
    try:
        return RepairSettings.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "repair"
        message = (
            f"`repair:` of {table.name}: {name!r}: {first['msg']}{_nearest(name)}; it takes "
            f"{', '.join(RepairSettings.model_fields)} (docs/how-to/repair.md)."
        )
        raise ConfigError(message) from None


def _nearest(name: str) -> str:
    known: Sequence[str] = list(RepairSettings.model_fields)
    near = difflib.get_close_matches(name, known, n=1) if name not in known else []
    return f"; did you mean {near[0]!r}?" if near else ""
