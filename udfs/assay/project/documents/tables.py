"""The tables of documents in the warehouse: what is known of them, and written, file by file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from assay.core.chunks import chunks_of
from assay.core.clock import now_utc
from assay.project.documents.child import DocumentReading
from assay.project.documents.folders import FoundFile

SCHEMA = "bronze_raw"
TOKENS, OVERLAP = 500, 50
"""Of a chunk, and of it in the next one."""

ATTEMPTS = 2
"""How often a document is tried that takes too long or kills its reader."""

_MAKE = """
create schema if not exists bronze_raw;
create table if not exists bronze_raw.documents (
    path varchar primary key, content_hash varchar not null, bytes bigint not null,
    modified_at timestamp not null, ingested_at timestamp not null, gone_at timestamp
);
create table if not exists bronze_raw.document_contents (
    content_hash varchar, parser varchar, kind varchar, status varchar not null, error varchar,
    title varchar, page_count integer, text varchar, metadata json, attempts integer not null,
    seconds double, parsed_at timestamp not null, primary key (content_hash, parser)
);
create table if not exists bronze_raw.document_pages (
    content_hash varchar not null, parser varchar not null, page integer not null, text varchar
);
create table if not exists bronze_raw.document_chunks (
    chunk_id varchar not null, content_hash varchar not null, parser varchar not null,
    chunk integer not null, page integer, position integer not null, text varchar not null
);
"""
_PAGES = "insert into bronze_raw.document_pages select * from given"
_CHUNKS = "insert into bronze_raw.document_chunks select * from given"
_OF_PARTS = ("document_pages", "document_chunks")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A row of `documents`: what a file was when it was read last."""

    content_hash: str
    size: int
    modified_us: int
    gone: bool


class DocumentTables:
    """The tables, over an open warehouse; `parser` says who reads what is written now."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parser: str) -> None:
        self._connection, self._parser = connection, parser
        connection.execute(_MAKE)

    def files(self) -> dict[str, KnownFile]:
        """Return every file that was ever there, by its path."""
        rows = self._connection.execute(
            "select path, content_hash, bytes, epoch_us(modified_at), gone_at is not null "
            "from bronze_raw.documents"
        ).fetchall()
        return {path: KnownFile(*rest) for path, *rest in rows}

    def contents(self) -> dict[str, tuple[str, int]]:
        """Return status and attempts of each content that this parser has read, by its hash."""
        rows = self._connection.execute(
            "select content_hash, status, attempts from bronze_raw.document_contents "
            "where parser = ?",
            [self._parser],
        ).fetchall()
        return {content: (status, attempts) for content, status, attempts in rows}

    def write_file(self, file: FoundFile, content_hash: str) -> None:
        """Write what a file is now."""
        self._connection.execute(
            "insert or replace into bronze_raw.documents "
            "values (?, ?, ?, make_timestamp(?::bigint), ?, null)",
            [file.name, content_hash, file.size, file.modified_us, now_utc()],
        )

    def write_content(
        self, content_hash: str, reading: DocumentReading, attempts: int, seconds: float
    ) -> None:
        """Write what was read of a content, in place of what this parser has read before."""
        for part in _OF_PARTS:
            self._connection.execute(
                f"delete from {SCHEMA}.{part} where content_hash = ? and parser = ?",  # noqa: S608 - ours
                [content_hash, self._parser],
            )
        self._connection.execute(
            "insert or replace into bronze_raw.document_contents "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(content_hash, self._parser, reading.kind, reading.status, reading.error),
                *(reading.title, reading.page_count, reading.text, reading.metadata),
                *(attempts, seconds, now_utc()),
            ],
        )
        self._write_parts(content_hash, reading)

    def _write_parts(self, content_hash: str, reading: DocumentReading) -> None:
        if reading.text is None:
            return
        cut = enumerate(chunks_of(reading.text, TOKENS, OVERLAP), start=1)
        of = {"content_hash": content_hash, "parser": self._parser}
        self._insert(_PAGES, [of | {"page": at, "text": text} for at, text in reading.pages])
        self._insert(
            _CHUNKS,
            [
                {"chunk_id": one.id, **of, "chunk": at}
                | {"page": one.page, "position": one.position, "text": one.text}
                for at, one in cut
            ],
        )

    def _insert(self, statement: str, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.register("given", pa.Table.from_pylist(rows))
            self._connection.execute(statement)
            self._connection.unregister("given")

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Write that files are no longer there; their contents stay."""
        for path in paths:
            self._connection.execute(
                "update bronze_raw.documents set gone_at = ? where path = ?", [now_utc(), path]
            )

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Let what is written here be there whole, or not at all."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()
