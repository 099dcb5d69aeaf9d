"""What a destination is asked for, and how the values of gold travel to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import duckdb

from assay.hosts.duckdb.quoting import quoted

MARK = "Gold of Assay; its rows are replaced when gold is published."
"""What a table of ours says of itself, where a table can have a comment."""

_VECTOR = re.compile(r"FLOAT\[(\d+)\]")
_PLAIN = re.compile(
    r"BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|DATE|"
    r"TIMESTAMP|TIMESTAMP WITH TIME ZONE"
)
_NUMBERS = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT"}
_WHOLE = frozenset({"UBIGINT", "HUGEINT", "UHUGEINT"})
_NESTED = re.compile(r".*\]|(STRUCT|MAP|UNION)\b.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CarriedColumn:
    """A column of gold: its name, and the type of DuckDB in which its values travel."""

    name: str
    kind: str

    @property
    def vector(self) -> int | None:
        """How many numbers a value has, where it is a vector."""
        found = _VECTOR.fullmatch(self.kind)
        return int(found.group(1)) if found else None


@dataclass(frozen=True, slots=True)
class Shipment:
    """A table of gold on its way: `rows` rows, no two with the same values of the `key`.

    `relation` names it in SQL over the `connection`, with the `columns` as they travel; by its
    `name` it is there as it is in gold. `published_at` is ISO 8601 with a zone; `content_hash`
    does not depend on the order of rows.
    """

    name: str
    key: Sequence[str]
    columns: Sequence[CarriedColumn]
    rows: int
    connection: duckdb.DuckDBPyConnection
    relation: str
    published_at: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """How many rows were written because they are new or differ, and how many deleted."""

    written: int
    deleted: int


class Destination(Protocol):
    """A store outside, open as long as the context is; what was not kept is undone at its end."""

    errors: tuple[type[Exception], ...]
    """What its library raises."""

    def __enter__(self) -> Self:
        """Open it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Undo what was not kept, and close it."""
        ...

    def replace(self, shipment: Shipment) -> Replacement:
        """Let the table of this name hold these rows; it is made where it is not there.

        Raises `PublishError` for a table that is not ours, or has other columns.
        """
        ...

    def count(self, name: str) -> int:
        """Return how many rows a table has."""
        ...

    def keep(self) -> None:
        """Let what was replaced stay."""
        ...


def travelling(name: str, kind: str) -> tuple[CarriedColumn, str]:
    """Return a column of gold as it travels, and the SQL of its values.

    What few stores have goes as text: nested values as JSON, whole numbers of any size, the rest
    as DuckDB writes it.
    """
    column = quoted(name)
    if kind in _NUMBERS:
        return CarriedColumn(name, _NUMBERS[kind]), f"{column}::{_NUMBERS[kind]}"
    if kind in _WHOLE:
        return CarriedColumn(name, "VARCHAR"), f"{column}::varchar"
    if _VECTOR.fullmatch(kind) or _PLAIN.fullmatch(kind):
        return CarriedColumn(name, kind), column
    if _NESTED.fullmatch(kind):
        return CarriedColumn(name, "VARCHAR"), f"to_json({column})::varchar"
    return CarriedColumn(name, "VARCHAR"), f"{column}::varchar"


def differing(held: Sequence[tuple[str, Any]], wanted: Sequence[tuple[str, Any]]) -> str:
    """Return what a table lacks and has beside, in words; blank where it is as it should be."""
    lacks = [f"{name} ({kind})" for name, kind in wanted if (name, kind) not in held]
    beside = [f"{name} ({kind})" for name, kind in held if (name, kind) not in wanted]
    said = [("it lacks ", lacks), ("it has ", beside)]
    return ", ".join(words + ", ".join(names) for words, names in said if names)


def not_ours(name: str) -> str:
    """Return the message on a table that somebody else made."""
    return (
        f"there is a table {name} that Assay did not make, and its rows would be deleted; name "
        "another place, or give the model another alias"
    )


def not_alike(name: str, difference: str) -> str:
    """Return the message on a table whose columns are not those of gold."""
    return (
        f"the columns of {name} are no longer those of gold: {difference}; drop it there, and "
        "publish again"
    )
