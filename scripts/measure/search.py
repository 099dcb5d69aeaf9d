"""How often a search by vectors finds what has the label of the query, and how fast it is.

The file has the columns `text` and `category`; the speed is that of a million made-up vectors.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assay.core.errors import ConfigError
from assay.providers.vectors import embedded_models, vectorise
from measure.indexes import recall

QUERIES, TEXTS, NEAREST = 400, 3_000, 10
MILLION, LENGTH, PART = 1_000_000, 256, 100_000
RUNS, CHAOS = 5, 20_000
SEARCH = """
    select * from (
        select
            searched.id,
            cast(
                nullif(array_cosine_similarity(searched.embedding, asked.vector), 'nan'::float)
                as double
            ) as similarity
        from made as searched
        cross join (select embedding as vector from made where id = 7) as asked
        order by similarity desc nulls last limit 10
    ) where similarity > -1 order by similarity desc
"""
"""As the macro `ai_search` writes it."""

Floats = NDArray[np.float32]


def vectors(model: str, texts: Sequence[str]) -> Floats:
    """The vectors of texts by an embedded model, a row each."""
    return np.frombuffer(b"".join(vectorise(model)(texts)), "<f4").reshape(len(texts), -1)


def share_right(model: str, queries: list[list[str]], texts: list[list[str]]) -> float:
    """The share of the first ten that have the label of the query; texts come with theirs."""
    asked, searched = (vectors(model, [text for text, _ in part]) for part in (queries, texts))
    nearest = np.argsort(-(asked @ searched.T), axis=1)[:, :NEAREST]
    labels = np.array([label for _, label in texts])
    wanted = np.array([label for _, label in queries])
    return float((labels[nearest] == wanted[:, None]).mean())


def quality(file: Path) -> None:
    """Print for each embedded model how good it is."""
    with file.open(encoding="utf-8") as lines:
        rows = [[row["text"], row["category"]] for row in csv.DictReader(lines)]
    random.Random(7).shuffle(rows)  # noqa: S311 - repeatable on purpose
    queries, texts = rows[:QUERIES], rows[QUERIES : QUERIES + TEXTS]
    for model in embedded_models():
        begun = time.process_time()
        try:
            share = share_right(model, queries, texts)
        except ConfigError as error:
            print(f"{model:<12} {error}")
            continue
        each = (len(queries) + len(texts)) / (time.process_time() - begun)
        print(f"{model:<12} {share:.3f} of the first ten right, {each:,.0f} texts a second")


def make(connection: duckdb.DuckDBPyConnection, rows: int = MILLION) -> None:
    """Make so many vectors around 400 centres."""
    drawn = np.random.default_rng(3)
    centres = drawn.standard_normal((400, LENGTH)).astype(np.float32)
    connection.execute(f"create table made (id bigint, embedding float[{LENGTH}])")
    for start in range(0, rows, PART):
        near = centres[drawn.integers(0, 400, PART)]
        made = near + drawn.standard_normal((PART, LENGTH)).astype(np.float32)
        listed = pa.FixedSizeListArray.from_arrays(pa.array(made.reshape(-1)), LENGTH)
        part = pa.table({"id": np.arange(start, start + PART), "embedding": listed})
        connection.register("part", part)
        connection.execute("insert into made select * from part")


def indexed(file: Path) -> None:
    """Print what the index `vss` misses: of texts, of vectors without order, of clusters."""
    with file.open(encoding="utf-8") as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    recall("texts", lambda connection: fill(connection, vectors("wordllama", texts)))
    drawn = np.random.default_rng(3)
    few = drawn.standard_normal((CHAOS, LENGTH)).astype(np.float32)
    recall("chaos", lambda connection: fill(connection, few))
    recall("clusters", lambda connection: make(connection, PART))


def fill(connection: duckdb.DuckDBPyConnection, made: Floats) -> None:
    """Make a table of vectors."""
    connection.execute(f"create table made (id bigint, embedding float[{made.shape[1]}])")
    rows = pa.FixedSizeListArray.from_arrays(pa.array(made.reshape(-1)), made.shape[1])
    connection.register("part", pa.table({"id": np.arange(len(made)), "embedding": rows}))
    connection.execute("insert into made select * from part")


def speed() -> None:
    """Print what ten nearest of a million take: the best of some runs, and the machine's load."""
    taken = []
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(str(Path(folder) / "made.duckdb")) as connection,
    ):
        make(connection)
        for _ in range(RUNS):
            begun, worked = time.perf_counter(), time.process_time()
            connection.execute(SEARCH).fetchall()
            taken.append((time.perf_counter() - begun, time.process_time() - worked))
    seconds, worked = min(taken)
    load = os.getloadavg()[0]
    print(
        f"ten nearest of {MILLION:,} x {LENGTH}: {seconds:.2f} s, {worked:.2f} s of processors, "
        f"at a load of {load:.1f} on {os.cpu_count()}"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        quality(Path(sys.argv[1]))
        indexed(Path(sys.argv[1]))
    speed()
