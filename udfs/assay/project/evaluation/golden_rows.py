"""Golden rows: texts with what a careful person answered, read from files; and their examples."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb

from assay.core.canonical import normalise
from assay.core.errors import ConfigError
from assay.hosts.duckdb import udfs
from assay.hosts.duckdb.data_files import Wanted, misnamed, trouble
from assay.hosts.duckdb.fence import lock
from assay.hosts.duckdb.quoting import quoted
from assay.hosts.duckdb.unreadable import said_of
from assay.project.evaluation.exams import Gold

_READERS = {
    ".csv": "read_csv(?, sample_size=-1)",
    ".tsv": "read_csv(?, sample_size=-1)",
    ".json": "read_json(?, sample_size=-1)",
    ".jsonl": "read_json(?, sample_size=-1)",
    ".ndjson": "read_json(?, sample_size=-1)",
    ".parquet": "read_parquet(?)",
}
_TOLD = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
_UNNAMED = (
    "none has a name: the first line was not taken for names, as it or a later one has another "
    "number of fields, or nothing names the values; correct the file"
)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file: its text, the gold value as it stands, and the slice it belongs to."""

    text: str | None
    gold: Any
    slice: str | None


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """A text with its right answer, in the form of its exam, and the slice it belongs to."""

    text: str | None
    gold: Gold
    slice: str | None = None

    @property
    def normal(self) -> str:
        """The text as it is asked about; blank where there is none."""
        return normalise(self.text or "")


@dataclass(frozen=True, slots=True)
class GoldenSource:
    """Where golden rows are: a file, the columns that matter, and which rows.

    `join` is a second file whose rows belong to those of the first by the columns both have;
    `where` is SQL; `structured` keeps the gold column as it is instead of as text.
    """

    data: Path
    text: str
    label: str
    by: str | None = None
    join: Path | None = None
    where: str | None = None
    structured: bool = False


def read_rows(source: GoldenSource) -> list[RawRow]:
    """Return the rows of `source`, or raise `ConfigError` naming what is not there."""
    with duckdb.connect() as connection:
        _load(connection, "data", source.data)
        if source.join is not None:
            _load(connection, "other", source.join)
        lock(connection)
        joined = "data" if source.join is None else "data natural join other"
        return _select(connection, joined, source)


def read_columns(data: Path, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Return these columns of a file as text, or raise `ConfigError` naming what is not there."""
    with duckdb.connect() as connection:
        _load(connection, "data", data)
        lock(connection)
        columns = [column.casefold() for column, *_ in connection.sql("from data").description]
        for name in names:
            if name.casefold() not in columns:
                message = f"{str(data)!r} has no column {name!r}; there are {', '.join(columns)}."
                raise ConfigError(message)
        wanted = ", ".join(f"cast({quoted(name)} as varchar)" for name in names)
        return connection.execute(f"select {wanted} from data").fetchall()  # noqa: S608


def _select(
    connection: duckdb.DuckDBPyConnection, joined: str, source: GoldenSource
) -> list[RawRow]:
    try:
        columns = [column for column, *_ in connection.sql(f"from {joined}").description]
        _check_columns(source, columns)
        gold = quoted(source.label)
        by = "null" if source.by is None else quoted(source.by)
        udfs.register_for_reading(connection)
        rows = connection.execute(
            f"select {udfs.text_sql(quoted(source.text))}, "  # noqa: S608
            f"{gold if source.structured else f'cast({gold} as varchar)'}, "
            f"cast({by} as varchar) from {joined} where ({source.where or 'true'}\n)"
        ).fetchall()
    except duckdb.Error as error:
        what = f"--where {source.where!r} failed"
        if source.where is None:
            what = (
                f"{source.data} and {source.join} do not fit" if source.join else "--data failed"
            )
        message = f"{what}: {_explained(error)}."
        raise ConfigError(message) from None
    return [RawRow(*row) for row in rows]


def _load(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Read a file into a table, so that nothing but these rows can be queried afterwards."""
    if not path.exists():
        message = f"There is no file {str(path)!r}; --data and --join name files that exist."
        raise ConfigError(message)
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        message = f"{str(path)!r} is {kind}; name a file."
        raise ConfigError(message)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        message = f"{str(path)!r} ends with none of {', '.join(_READERS)}; convert it first."
        raise ConfigError(message)
    wanted = cast("Wanted", reader.partition("(")[0].removeprefix("read_"))
    if (other := misnamed(path, wanted)) is not None:
        raise ConfigError(other)
    try:
        connection.execute(f"create table {name} as from {reader}", [str(path)])
    except duckdb.Error as error:
        message = trouble(path, wanted) or f"{str(path)!r} cannot be read: {said_of(path, error)}."
        raise ConfigError(message) from None


def _check_columns(source: GoldenSource, columns: Sequence[str]) -> None:
    for option in ("text", "label", "by"):
        name = getattr(source, option)
        if name is not None and name.casefold() not in map(str.casefold, columns):
            named = not all(re.fullmatch(r"column\d+|json", column) for column in columns)
            there = f"there are {', '.join(columns)}" if named else _UNNAMED
            message = f"--{option}: there is no column {name!r}; {there}."
            raise ConfigError(message)


def draw_examples(
    rows: Sequence[GoldenRow],
    each: int,
    seed: int,
    topics: Callable[[GoldenRow], Sequence[str]],
    usable: Callable[[GoldenRow], bool],
) -> list[GoldenRow]:
    """Return rows in random order until each topic has `each` of them, or there are no more."""
    taken: Counter[str] = Counter()
    texts: set[str] = set()
    drawn: list[GoldenRow] = []
    for row in random.Random(seed).sample(rows, len(rows) if each else 0):  # noqa: S311 - no secret
        lacking = [topic for topic in set(topics(row)) if taken[topic] < each]
        if lacking and row.normal and row.normal not in texts and usable(row):
            taken.update(set(topics(row)))
            texts.add(row.normal)
            drawn.append(row)
    return drawn


def measured_rows(
    rows: Sequence[GoldenRow], examples: Sequence[GoldenRow], limit: int | None, seed: int
) -> list[GoldenRow]:
    """Return the rows whose text is no example, at most `limit` of them, drawn with `seed`."""
    shown = {row.normal for row in examples}
    rest = [row for row in rows if row.normal not in shown]
    if limit is None or limit >= len(rest):
        return rest
    return random.Random(seed).sample(rest, limit)  # noqa: S311 - draws a sample, keeps no secret


def _explained(error: duckdb.Error) -> str:
    """Return what DuckDB says of names and syntax; of any other error its class alone.

    The words of the others may quote a row.
    """
    if isinstance(error, _TOLD):
        return str(error).split("\n", maxsplit=1)[0].rstrip(".")
    return f"{type(error).__name__} at a row, which is not shown; try `try_cast`"
