"""Publishes the table `gold.big` of a warehouse again and again, until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish


def release(invocation_id: str, *names: str) -> Release:
    """A release of tables of gold that were made of nothing."""
    tables = [GoldTable("gold", name) for name in names]
    return Release(invocation_id, tables, [], {"built_at": "2026-01-01T00:00:00Z"})


if __name__ == "__main__":
    warehouse, folder = Path(sys.argv[1]), Path(sys.argv[2])
    count = 0
    while True:
        count += 1
        publish(warehouse, folder, release(f"run{count:05}", "big"))
        print(count, flush=True)  # noqa: T201 - the test waits for the first one
