"""Index files of a search, by DuckDB's `fts` and `vss`: copies beside the store that can be lost.

An index in the warehouse would be one that whoever lacks the extension cannot write beside, and
one of vectors in a file DuckDB calls experimental. So each is a file of its own, made whole under
another name and never changed afterwards: its name says what it is of and how new it is.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from assay.core.errors import ConfigError
from assay.core.locks import lock_on
from assay.hosts.duckdb.extensions import load_extension
from assay.hosts.duckdb.quoting import literal

EXTRA = "indexes"
"""The extra that brings the extensions."""

Connect = Callable[[], duckdb.DuckDBPyConnection]

_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}]+"
_LOOKED_AT = 200
"""How many vectors of a graph a search looks at, at least; DuckDB's own 64 miss some."""

_NATURAL = 2.302585092994046
"""`fts` weighs by the logarithm to ten, `ai_search` by the natural one."""

_AT_ONCE = 10_000
"""So many rows are copied at once."""


class NamedRow(NamedTuple):
    """A row that an index names, by its key: how much its words say, and which share of all."""

    key: str
    bm25: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an index is of: a table, its key and the text or vector, as SQL."""

    relation: str
    key: str
    what: str


@dataclass(frozen=True, slots=True)
class WordIndex:
    """Words of a text by `fts`; those of a `language` by their stems, of `none` as they are."""

    of: Indexed
    language: str

    extension = "fts"
    wanted = r"regexp_matches(what, '[\p{L}\p{M}\p{N}]')"

    @property
    def fingerprint(self) -> str:
        """SQL of what is another number for other keys or texts."""
        return f"bit_xor(hash({self.of.key}, {self.of.what}))"

    def make(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the index of the copy, and drop the texts."""
        connection.execute(
            f"pragma create_fts_index('copy', 'key', 'what', stemmer={literal(self.language)}, "
            f"stopwords='none', ignore={literal(_BETWEEN_WORDS)})"
        )
        connection.execute("alter table copy drop column what")

    def hits(self, connection: duckdb.DuckDBPyConnection, query: str, most: int) -> list[NamedRow]:
        """Return at most so many rows in which words of `query` stand, the best first."""
        words = f"stem(unnest(fts_main_copy.tokenize(?)), {literal(self.language)})"
        highest = (
            "select sum(2.2 * log(1 + (num_docs - df + 0.5) / (df + 0.5))) "  # noqa: S608
            f"from (select distinct {words} as term) join fts_main_copy.dict using (term) "
            "cross join fts_main_copy.stats"
        )
        found = connection.execute(
            f"select key, bm25, bm25 / ({highest}) from "  # noqa: S608
            "(select key, fts_main_copy.match_bm25(key, ?) as bm25 from copy) "
            "where bm25 is not null order by bm25 desc, key limit ?",
            [query, query, most],
        ).fetchall()
        return [NamedRow(key, bm25 * _NATURAL, share) for key, bm25, share in found]


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """Vectors by `vss`, a graph (HNSW) in which near ones are found without a look at all."""

    of: Indexed

    extension = "vss"
    wanted = "array_inner_product(what, what) > 0"

    @property
    def fingerprint(self) -> str:
        """SQL of what is another number for other keys: to read all vectors is a search."""
        return f"bit_xor(hash({self.of.key}))"

    def make(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the index of the copy."""
        connection.execute("create index near on copy using hnsw (what) with (metric = 'cosine')")

    def hits(
        self, connection: duckdb.DuckDBPyConnection, vector: list[float], most: int
    ) -> list[NamedRow]:
        """Return the rows whose vectors are nearest, so many; it may miss some."""
        connection.execute(f"set hnsw_ef_search = {max(_LOOKED_AT, 2 * most)}")
        order = f"order by array_cosine_distance(what, ?::float[{len(vector)}]) limit {most}"
        found = connection.execute(f"select key from copy {order}", [vector])  # noqa: S608
        return [NamedRow(key) for (key,) in found.fetchall()]


Index = WordIndex | VectorIndex


def current(folder: Path, index: Index, connect: Connect) -> Path:
    """Return the file of an index as its table is now; it is made where there is none.

    `connect` gives a connection to the warehouse. Raises `ConfigError` for a key that does not
    tell rows apart, and without the extension.
    """
    named = f"{index.extension}-{hashlib.sha256(repr(index).encode()).hexdigest()[:16]}"
    with contextlib.closing(connect()) as warehouse:
        path = folder / f"{named}-{_fingerprint(warehouse, index)}.duckdb"
        if path.is_file():
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with lock_on(folder / f"{named}.lock"):
            if not path.is_file():  # nobody else made it meanwhile
                _make(path, index, warehouse)
                for old in set(folder.glob(f"{named}-*.duckdb*")) - {path}:
                    old.unlink()
    return path


@contextlib.contextmanager
def opened(
    path: Path, index: Index, *, read_only: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an index file in a DuckDB of its own, which has the extension."""
    with contextlib.closing(duckdb.connect(":memory:", config={"threads": 2})) as connection:
        load_extension(connection, index.extension, EXTRA, f"`index='{index.extension}'`")
        if index.extension == VectorIndex.extension:
            connection.execute("set hnsw_enable_experimental_persistence = true")
        connection.execute(f"attach {literal(path)} as made{' (read_only)' if read_only else ''}")
        connection.execute("use made")
        yield connection


def _fingerprint(warehouse: duckdb.DuckDBPyConnection, index: Index) -> str:
    query = f"select count(*), {index.fingerprint} from {index.of.relation}"  # noqa: S608
    rows, keys = warehouse.execute(query).fetchall()[0]
    return f"{rows}-{keys or 0:x}"


def _make(path: Path, index: Index, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Make a file under another name and put it into its place."""
    _check_key(warehouse, index.of)
    unborn = path.with_suffix(".new")
    for old in path.parent.glob(f"{unborn.name}*"):  # of who was killed here
        old.unlink()
    of = index.of
    query = f"select cast({of.key} as varchar) as key, {of.what} as what from {of.relation}"  # noqa: S608
    with opened(unborn, index, read_only=False) as connection:
        connection.register("rows", warehouse.execute(query).to_arrow_reader(_AT_ONCE))
        connection.execute(f"create table copy as select * from rows where {index.wanted}")  # noqa: S608
        index.make(connection)
        connection.execute("checkpoint")
    unborn.chmod(0o600)
    unborn.replace(path)


def _check_key(warehouse: duckdb.DuckDBPyConnection, of: Indexed) -> None:
    query = f"select count(*), count(distinct cast({of.key} as varchar)) from {of.relation}"  # noqa: S608
    rows, different = warehouse.execute(query).fetchall()[0]
    if rows != different:
        message = (
            f"ai_search: wrong `key` {of.key!r}; {rows - different:,} of {rows:,} rows have none "
            "or that of another row; name what tells rows apart."
        )
        raise ConfigError(message)
