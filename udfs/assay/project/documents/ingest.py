"""Folders into tables: what is new is read, what is known is not, what is gone is marked."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from assay.project.documents.child import SECONDS, Child, DocumentReading, parser_version
from assay.project.documents.folders import (
    MOST_BYTES,
    FoundFile,
    bytes_of,
    checked,
    files_in,
    named,
)
from assay.project.documents.tables import ATTEMPTS, DocumentTables, KnownFile

_AGAIN = ("timeout", "crashed")


@dataclass
class Ingested:
    """What an ingest did: `statuses` counts the files that are there now by their status, `read`
    contents that were parsed, `unchanged` files not opened, `gone` files that went since, and
    `without_text` has path and status of those without text."""

    statuses: Counter[str] = field(default_factory=Counter)
    without_text: list[tuple[str, str]] = field(default_factory=list)
    read: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def files(self) -> int:
        """How many files are there."""
        return self.statuses.total()


def ingest(
    connection: duckdb.DuckDBPyConnection,
    folders: Iterable[Path],
    root: Path,
    *,
    seconds: float = SECONDS,
) -> Ingested:
    """Bring the documents of `folders` into the warehouse; each one is written once it is read.

    Paths are written from `root`; reading one document may take `seconds`. Raises `ConfigError`
    for a folder that is none, and where the parser is not installed.
    """
    places = checked(folders)
    tables = DocumentTables(connection, parser_version())
    with contextlib.closing(Child(seconds)) as child:
        run = _Run(tables, child)
        for folder in places:
            for file in files_in(folder, root):
                run.take(file)
    run.mark_gone([named(folder, root) for folder in places])
    return run.done


class _Run:
    """One ingest: what is known, and what it has done so far."""

    def __init__(self, tables: DocumentTables, child: Child) -> None:
        self._tables, self._child = tables, child
        self._files, self._contents = tables.files(), tables.contents()
        self._due = {
            content
            for content, (status, attempts) in self._contents.items()
            if status in _AGAIN and attempts < ATTEMPTS
        }
        self._seen: set[str] = set()
        self.done = Ingested()

    def take(self, file: FoundFile) -> None:
        """Bring one file in."""
        self._seen.add(file.name)
        known = self._files.get(file.name)
        if known is not None and self._is_settled(file, known):
            self.done.unchanged += 1
            self._count(file, known.content_hash)
            return
        content_hash, data, trouble = _opened(file)
        with self._tables.at_once():
            if self._is_due(content_hash):
                self._read(file, content_hash, data, trouble)
            self._tables.write_file(file, content_hash)
        self._count(file, content_hash)

    def mark_gone(self, places: list[str]) -> None:
        """Mark the files below `places` that are known and were not seen."""
        gone = [
            path
            for path, known in self._files.items()
            if not known.gone and path not in self._seen and _is_below(path, places)
        ]
        with self._tables.at_once():
            self._tables.mark_gone(gone)
        self.done.gone = len(gone)

    def _is_settled(self, file: FoundFile, known: KnownFile) -> bool:
        same = (known.size, known.modified_us) == (file.size, file.modified_us)
        unread = known.content_hash.startswith("unread:")
        return same and not known.gone and not unread and not self._is_due(known.content_hash)

    def _is_due(self, content_hash: str) -> bool:
        unread = content_hash.startswith("unread:")
        return unread or content_hash not in self._contents or content_hash in self._due

    def _read(
        self, file: FoundFile, content_hash: str, data: bytes, trouble: DocumentReading | None
    ) -> None:
        begun = time.monotonic()
        reading = trouble or self._child.read(file.path.name, data)
        _, attempts = self._contents.get(content_hash, ("", 0))
        took = time.monotonic() - begun
        self._tables.write_content(content_hash, reading, attempts + 1, took)
        self._contents[content_hash] = (reading.status, attempts + 1)
        self._due.discard(content_hash)
        self.done.read += 1

    def _count(self, file: FoundFile, content_hash: str) -> None:
        status, _ = self._contents[content_hash]
        self.done.statuses[status] += 1
        if status != "ok":
            self.done.without_text.append((file.name, status))


def _opened(file: FoundFile) -> tuple[str, bytes, DocumentReading | None]:
    """Return hash and bytes of a file, and what became of one that no parser has to see."""
    too_big = DocumentReading("too_big", error=f"It has more than {MOST_BYTES:,} bytes.")
    if file.size > MOST_BYTES:
        return file.pseudo_hash("size"), b"", too_big
    try:
        data = bytes_of(file)
    except OSError as error:
        return file.pseudo_hash("unread"), b"", DocumentReading("invalid", error=_told(error))
    if len(data) > MOST_BYTES:
        return file.pseudo_hash("size"), b"", too_big
    return hashlib.sha256(data).hexdigest(), data, None if data else DocumentReading("empty")


def _told(error: OSError) -> str:
    return f"It cannot be opened: {error.strerror or error}."


def _is_below(path: str, places: list[str]) -> bool:
    return any(place == "." or path.startswith(f"{place.rstrip('/')}/") for place in places)
