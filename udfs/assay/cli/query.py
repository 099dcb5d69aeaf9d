"""`assay query`: one question to the warehouse, every column and every value as DuckDB has it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import duckdb
import typer

from assay.cli.console import Json, print_json
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.hosts.dbt.settings import database_path, places_here
from assay.hosts.duckdb.quoting import quoted
from assay.hosts.duckdb.reading import explained
from assay.hosts.duckdb.warehouse import open_warehouse

WHOLE = 10**6
"""Wider and longer than any table."""

_WHOLE_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint")
_JSON_HAS = frozenset(
    ("boolean", "varchar", "float", "double", *_WHOLE_NUMBERS, *(f"u{n}" for n in _WHOLE_NUMBERS))
)
"""Types of DuckDB whose values Python and JSON hold; of all others DuckDB makes text."""


def command(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A SELECT; the file is opened read-only.")
    ],
    as_json: Json = False,
) -> None:
    """Run a query on the warehouse and print the result."""
    path = database_path()
    if not path.exists():
        message = (
            f"There is no warehouse at {path}; run {program('build')}, or see `ASSAY_DATABASE`."
        )
        raise ConfigError(message)
    with open_warehouse(path) as connection, explained(sql, places_here()):
        _check_one(connection.extract_statements(sql))
        found = connection.sql(bare(sql))
        if found is None:
            message = f"{sql!r} gives no table; write a SELECT."
            raise ConfigError(message)
        if as_json:
            print_json(rows_of(found))
        elif sys.stdout.isatty():
            typer.echo(found)  # as wide as the terminal; what is left out is marked
        else:
            found.show(max_width=WHOLE, max_rows=WHOLE, max_col_width=WHOLE)


def _check_one(statements: Sequence[Any]) -> None:
    """Raise `ConfigError` for several statements: only the last would be answered."""
    if len(statements) > 1:
        message = (
            f"These are {len(statements)} statements, and one query has one answer; run them one "
            "by one, or join them with UNION ALL."
        )
        raise ConfigError(message)


def bare(sql: str) -> str:
    """Return a statement without the semicolons and comments behind it.

    DuckDB puts what it is given into a statement of its own.
    """
    written, end = sql.encode(), None
    for start, kind in reversed(duckdb.tokenize(sql)):
        if kind != duckdb.token_type.comment and written[start : start + 1] != b";":
            break
        end = start
    return written[:end].decode()


def rows_of(found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """Return the rows of a relation by the names of its columns, each value exact.

    What JSON has no name for is text, as DuckDB writes it, inside lists, structs and maps, too:
    dates, intervals, decimals, bytes; NaN is None. A name that is there twice is counted on.
    """
    places = [f"c{place}" for place in range(len(found.columns))]
    shown = ", ".join(
        f"cast({place} as {_plain_type(kind)})"
        for place, kind in zip(places, found.types, strict=True)
    )
    sql = f"select {shown} from found as t({', '.join(places)})"  # noqa: S608 - types and places
    rows = [] if (cast := found.query("found", sql)) is None else cast.fetchall()
    names = list(different(found.columns))
    return [dict(zip(names, map(_exact, row), strict=True)) for row in rows]


def different(names: Sequence[str]) -> Iterator[str]:
    """Yield `names` so that no two are the same: a, a, a_1 become a, a_2, a_1."""
    taken: set[str] = set()
    for name in names:
        given, number = name, 0
        while given in taken or (number and given in names):
            number += 1
            given = f"{name}_{number}"
        taken.add(given)
        yield given


def _plain_type(kind: Any) -> str:
    """Return a type like `kind` in which only what JSON has is no text."""
    inner = dict(kind.children) if kind.id in {"list", "array", "map"} else {}
    match kind.id:
        case "list":
            return f"{_plain_type(inner['child'])}[]"
        case "array":
            return f"{_plain_type(inner['child'])}[{inner['size']}]"
        case "struct" | "tuple":  # whose fields have no names
            fields = [
                f"{quoted(name)} {_plain_type(each)}" if name else _plain_type(each)
                for name, each in kind.children
            ]
            return f"{kind.id}({', '.join(fields)})"
        case "map":
            return f"map(varchar, {_plain_type(inner['value'])})"
        case name if name in _JSON_HAS and str(kind) != "JSON":
            return str(kind)
    return "varchar"


def _exact(value: Any) -> Any:
    """Return a value of Python for JSON: an infinite number is a word, as an infinite date is."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    return [_exact(each) for each in value] if isinstance(value, list | tuple) else value
