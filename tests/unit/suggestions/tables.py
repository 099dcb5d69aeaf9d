"""Small tables of our own making for the tests of suggestions, and what is suggested for them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assay.core.settings import Settings
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.suggest import Suggestions, suggest
from assay.project.suggestions.suites import Suggestion

TABLE = Relation("main", "things")


def put(connection: duckdb.DuckDBPyConnection, table: Relation = TABLE, **columns: Any) -> None:
    """Make a table of whole columns; blanks in a name are written as they are."""
    put_columns(connection, columns, table)


def put_columns(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, Any], table: Relation = TABLE
) -> None:
    """The same for names that are no Python names."""
    connection.register("given", pa.table({name: list(columns[name]) for name in columns}))
    connection.execute(f"create or replace table {table.sql} as select * from given")
    connection.unregister("given")


def suggested(connection: duckdb.DuckDBPyConnection, provider: Any = None) -> Suggestions:
    """What is suggested for the table, with a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(store=Path(folder) / "store.sqlite")
        return suggest(connection, TABLE, settings, provider=provider)


def issues(found: Sequence[Suggestion], kind: str, column: str) -> list[Suggestion]:
    """The suggestions of a kind about a column that something does not meet today."""
    return [
        each
        for each in found
        if each.candidate.wrong
        and each.candidate.rule.kind == kind
        and each.candidate.rule.cell == column
    ]
