"""The function `assay_hits`: the rows that indexes of a table name for a query."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assay.hosts.duckdb.index_files import (
    Connect,
    Index,
    Indexed,
    NamedRow,
    VectorIndex,
    WordIndex,
    current,
    opened,
)
from assay.hosts.duckdb.registering import Udf, create_function

Column = Any

MOST_BY_WORDS = 10_000
"""So many rows that words name are looked at."""

_TIMES = 10
"""Of two indexes each names so many times the rows that are wanted."""


class IndexedSearch:
    """Searches by indexes in `folder`; keep the object as long as the connection."""

    def __init__(self, folder: Path, connect: Connect) -> None:
        self._folder = folder
        self._connect = connect
        self._making = threading.Lock()

    def hits(self, wanted: Column, queries: Column, vectors: Column) -> Column:
        """The rows named, as JSON: `[{"key": ..., "bm25": ..., "share": ...}]`.

        `wanted` is what `ai_search` asks for, in JSON. NULL for a vector of NULL: a statement that
        gathers comes once more.
        """
        rows = zip(wanted.to_pylist(), queries.to_pylist(), vectors.to_pylist(), strict=True)
        found = [None if row[2] is None else self._found(*row) for row in rows]
        return pa.array(found, pa.string())

    def _found(self, wanted: str, query: str, vector: str) -> str:
        told = json.loads(wanted)
        by_key: dict[str, NamedRow] = {}
        for index, most in _indexes(told):
            with self._making:
                path = current(self._folder, index, self._connect)
            with opened(path, index) as connection:
                if isinstance(index, WordIndex):
                    found = index.hits(connection, query, most)
                else:
                    found = index.hits(connection, json.loads(vector), most)
            by_key = {hit.key: hit for hit in found} | by_key  # words come first, and say more
        return json.dumps([hit._asdict() for hit in by_key.values()])


def register(
    connection: duckdb.DuckDBPyConnection, folder: Path | None, connect: Connect | None = None
) -> None:
    """Register the function on a root connection; without a folder nothing is known of any row.

    `connect` gives another connection to the same warehouse.
    """
    search: Udf = _nothing
    if folder is not None:
        search = IndexedSearch(folder, connect or connection.cursor).hits
    create_function(connection, "assay_hits", search, parameters=3, volatile=True)


def _nothing(wanted: Column, _queries: Column, _vectors: Column) -> Column:
    return pa.nulls(len(wanted), pa.string())


def _indexes(told: dict[str, Any]) -> Iterator[tuple[Index, int]]:
    """Yield the indexes that a search asks for, words first, and how many rows each may name."""
    both, k = len(told["index"]) > 1, int(told["k"])
    relation, key = told["relation"], told["key"]
    if WordIndex.extension in told["index"]:
        of = Indexed(relation, key, f"cast({told['words']} as varchar)")
        yield WordIndex(of, told["language"]), _TIMES * k if both else max(MOST_BY_WORDS, k)
    if VectorIndex.extension in told["index"]:
        yield VectorIndex(Indexed(relation, key, told["column"])), _TIMES * k if both else k
