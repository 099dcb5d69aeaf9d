"""Landing: each batch as one Parquet file in bronze, before anything is asked about it.

A file is named by what is in it, so that a batch that comes again in the same cut replaces its
file; in another cut its messages are there twice, and `assay_landed` reads each once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from assay.core.disk import put_on_disk
from assay.hosts.stream.messages import Message

_LONGEST_NAME = 200
"""What every file system takes, with our temporary name around it."""

EMPTY = "empty.parquet"
"""A file without a row, so that there is always one to read."""


class LandingFolder:
    """The folder of a topic; it is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, empty: Any) -> None:
        """Make the folder, and in it the file of no message with the columns of today."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(EMPTY, empty)

    def land(self, table: Any, batch: Sequence[Message]) -> None:
        """Return once the rows of a batch are on disk."""
        if table.num_rows:
            self._write(file_of(batch), table)

    def _write(self, name: str, table: Any) -> None:
        written = self.folder / f".{name}.{os.getpid()}.new"
        pq.write_table(table, written, compression="zstd")
        put_on_disk(written)
        written.replace(self.folder / name)
        put_on_disk(self.folder)


def file_of(batch: Sequence[Message]) -> str:
    """Return the name of the file of a batch: for each partition the offsets that it spans."""
    spans: dict[int, tuple[int, int]] = {}
    for message in batch:
        first, last = spans.get(message.partition, (message.offset, message.offset))
        spans[message.partition] = (min(first, message.offset), max(last, message.offset))
    parts = [f"{number}-{first}-{last}" for number, (first, last) in sorted(spans.items())]
    whole = "_".join(parts)
    if len(whole) > _LONGEST_NAME:
        whole = f"{parts[0]}_{hashlib.sha256(whole.encode()).hexdigest()[:16]}"
    return f"{whole}.parquet"
