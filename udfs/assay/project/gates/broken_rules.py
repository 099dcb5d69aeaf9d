"""Which rules of a table are broken: what a red test `table_rules` found, in a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from assay.core.plural import counted
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.gates.inventory import TABLE_RULES

_FIRED = ("fail", "warn")


def broken_rules(
    results: Mapping[str, Any], manifest: Mapping[str, Any], warehouse: Path
) -> dict[str, str]:
    """Return what each red test `table_rules` of a run found, by the test's unique id.

    dbt keeps only how many rules are broken, so the statement of the test is asked once more.
    """
    statements = {
        result["unique_id"]: result["compiled_code"]
        for result in results["results"]
        if result["status"] in _FIRED and _is_table_rules(manifest, result["unique_id"])
    }
    if not statements or not warehouse.exists():
        return {}
    with open_warehouse(warehouse) as connection:
        told = {name: _told(connection, sql) for name, sql in statements.items() if sql}
    return {name: said for name, said in told.items() if said}


def _is_table_rules(manifest: Mapping[str, Any], unique_id: str) -> bool:
    node = manifest.get("nodes", {}).get(unique_id, {})
    return (node.get("test_metadata") or {}).get("name") == TABLE_RULES


def _told(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return ""  # the count that dbt kept has to do
    return ", ".join(f"{rule} on {subject} ({counted(n, 'row')})" for rule, subject, n in rows)
