"""Publishes `gold.big` and delivers it to a file, another turn each time, until it is killed."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import duckdb

from assay.project.publishing.deliver import deliver
from assay.project.publishing.destinations.open import open_destination
from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish

if __name__ == "__main__":
    warehouse, file = Path(sys.argv[1]), sys.argv[2]
    for turn in count(1):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("update gold.big set turn = ?", [str(turn)])
        release = Release(f"run{turn:05}", [GoldTable("gold", "big")], [], {})
        done = publish(warehouse, warehouse.parent / "published", release)
        deliver(done, {"big": ["id"]}, open_destination(f"json:{file}"), "the file")
        print(turn, flush=True)  # noqa: T201 - the test waits for the first one
