"""What of real documents comes into bronze, how fast, and what hostile ones cost.

The folder has `manifest.csv`, whose `expected` names the text of some files as Markdown.
"""

from __future__ import annotations

import csv
import re
import resource
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from pathlib import Path
from statistics import mean

import duckdb

from assay.project.documents.ingest import Ingested, ingest
from measure.hostile import make_hostile

_MARKS = re.compile(r"[|#*_>`\-\[\]()!\\:]+")


def words(text: str) -> Counter[str]:
    """The words of a text without the marks of Markdown, counted."""
    plain = _MARKS.sub(" ", unicodedata.normalize("NFKC", text))
    return Counter(re.findall(r"\w+", plain.lower()))


def word_f1(expected: str, got: str) -> float:
    """How much of the words of two texts is the same: 1 where all are."""
    one, other = words(expected), words(got)
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def timed(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Ingested, float]:
    """What an ingest of a folder did, and in how many seconds."""
    begun = time.perf_counter()
    done = ingest(connection, [folder], folder.parent)
    return done, time.perf_counter() - begun


def real(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Print how many documents have text, how good it is, and the seconds of two ingests."""
    done, first = timed(connection, data / "files")
    _, again = timed(connection, data / "files")
    texts = dict(
        connection.execute(
            "select path, coalesce(text, '') from bronze_raw.documents "
            "inner join bronze_raw.document_contents using (content_hash)"
        ).fetchall()
    )
    with (data / "manifest.csv").open(encoding="utf-8") as file:
        expected = {row["file"]: row["expected"] for row in csv.DictReader(file)}
    scores = [
        word_f1((data / name).read_text("utf-8"), texts[path])
        for path, name in expected.items()
        if name.endswith(".md")
    ]
    print(f"| with text | {done.statuses['ok']} of {done.files} |")
    print(f"| word F1, {len(scores)} with an expected text | {mean(scores):.3f} |")
    print(f"| all, seconds | {first:.1f} |\n| again, seconds | {again:.2f} |")


def hostile(connection: duckdb.DuckDBPyConnection, data: Path, folder: Path) -> None:
    """Print what becomes of each hostile file, and the most memory that any has taken."""
    make_hostile(folder, data / "files")
    done, seconds = timed(connection, folder)
    rows = connection.execute(
        "select path, status, seconds, coalesce(error, '') from bronze_raw.documents "
        "inner join bronze_raw.document_contents using (content_hash) "
        "where path like 'hostile/%' order by path"
    ).fetchall()
    print("\n| hostile file | status | seconds | error |\n|---|---|---:|---|")
    for path, status, took, error in rows:
        print(f"| {path} | {status} | {took:.1f} | {error[:80]} |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"\n{done.files} hostile files in {seconds:.1f} s; the most memory: {peak} MB")


def main(data: Path) -> None:
    """Measure what lies in a folder of documents."""
    with tempfile.TemporaryDirectory() as home, duckdb.connect() as connection:
        print("| documents | |\n|---|---|")
        real(connection, data)
        hostile(connection, data, Path(home, "hostile"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
