"""What the index `vss` misses of the nearest, and what it costs, beside a look at every vector."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from assay.hosts.duckdb.index_files import Indexed, VectorIndex, current, opened

ASKED, NEAREST = 100, 10
NEAR = (
    "select id from made order by array_cosine_similarity(embedding, ?::float[{}]) desc limit {}"
)


def recall(name: str, fill: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    """Print it for the table `made(id, embedding)` that `fill` makes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(str(Path(folder) / "made.duckdb")) as connection,
    ):
        fill(connection)
        rows = connection.execute("select count(*) from made").fetchall()[0][0]
        asked = connection.execute(
            f"select embedding from made order by hash(id) limit {ASKED}"  # noqa: S608
        ).fetchall()
        index = VectorIndex(Indexed("made.main.made", "id", "embedding"))
        begun = time.perf_counter()
        path = current(Path(folder) / "indexes", index, connection.cursor)
        made = time.perf_counter() - begun
        with opened(path, index) as searched:
            shared = [
                _nearest(connection, vector) & _hits(searched, index, vector)
                for (vector,) in asked
            ]
        found = sum(map(len, shared))
        begun = time.perf_counter()
        with opened(path, index) as searched:
            _hits(searched, index, asked[0][0])
        alone = time.perf_counter() - begun
        begun = time.perf_counter()
        _nearest(connection, asked[0][0])
        brute = time.perf_counter() - begun
        share = found / len(asked) / NEAREST
        print(
            f"vss, {name}: {rows:,} vectors, {share:.3f} of the ten nearest; "
            f"made in {made:.0f} s, {path.stat().st_size / 1e6:.0f} MB; a search of a new process "
            f"{alone:.2f} s, of all vectors {brute:.2f} s"
        )


def _nearest(connection: duckdb.DuckDBPyConnection, vector: list[float]) -> set[str]:
    query = NEAR.format(len(vector), NEAREST)
    return {str(key) for (key,) in connection.execute(query, [vector]).fetchall()}


def _hits(
    searched: duckdb.DuckDBPyConnection, index: VectorIndex, vector: list[float]
) -> set[str]:
    return {hit.key for hit in index.hits(searched, vector, NEAREST)}
