"""Which table of the warehouse is meant: a dbt model, seed or source, or `schema.table`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.project.suggestions import sql


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A table or view of the warehouse."""

    schema: str
    name: str

    @property
    def sql(self) -> str:
        """Its name as SQL spells it."""
        return f"{sql.name(self.schema)}.{sql.name(self.name)}"


def tables_of(connection: duckdb.DuckDBPyConnection) -> list[Relation]:
    """Return all tables and views of the warehouse."""
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = current_database() order by all"
    ).fetchall()
    return [Relation(schema, name) for schema, name in found]


def find_table(
    connection: duckdb.DuckDBPyConnection, relation: str, manifest: Mapping[str, Any]
) -> Relation:
    """Return the table that `relation` means; `manifest` is dbt's, or empty where there is none.

    A name of dbt goes first, then `schema.table`, then a table's bare name. Raises `ConfigError`
    where none or several are meant.
    """
    there = tables_of(connection)
    meant = {table for table in _of_dbt(manifest, relation) if table in there}
    meant = meant or {table for table in there if f"{table.schema}.{table.name}" == relation}
    meant = meant or {table for table in there if table.name == relation}
    if len(meant) == 1:
        return meant.pop()
    raise ConfigError(_several(relation, meant) if meant else _none(relation, there))


def _of_dbt(manifest: Mapping[str, Any], relation: str) -> Iterator[Relation]:
    """Yield the tables of the models, seeds and sources of that name."""
    for node in manifest.get("nodes", {}).values():
        if node["resource_type"] in ("model", "seed", "snapshot") and node["name"] == relation:
            yield Relation(node["schema"], node.get("alias") or node["name"])
    for source in manifest.get("sources", {}).values():
        if relation in (source["name"], f"{source['source_name']}.{source['name']}"):
            yield Relation(source["schema"], source.get("identifier") or source["name"])


def _several(relation: str, meant: set[Relation]) -> str:
    names = ", ".join(f"{table.schema}.{table.name}" for table in sorted(meant))
    return f"{relation!r} may be {names}; write the one you mean with its schema."


def _none(relation: str, there: list[Relation]) -> str:
    names = [name for table in there for name in (table.name, f"{table.schema}.{table.name}")]
    near = difflib.get_close_matches(relation, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; build it first, or see its name"
    return f"There is no table {relation!r} in the warehouse{hint}."
