"""`assay query`: one question to the warehouse, every column and every value as DuckDB has it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from assay.cli.console import Json, print_json
from assay.core.errors import BudgetError, ConfigError
from assay.core.program import program
from assay.core.reach import Places
from assay.hosts.dbt.ai_calls import ASKS
from assay.hosts.dbt.settings import database_path, places_here
from assay.hosts.duckdb.quoting import quoted
from assay.hosts.duckdb.reading import explained
from assay.hosts.duckdb.warehouse import open_warehouse

WHOLE = 10**6
"""Wider and longer than any table."""

FEW = 20
"""Requests that a query may send without a word."""

_JINJA = ("{{", "{%")

_WHOLE_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint")
_JSON_HAS = frozenset(
    ("boolean", "varchar", "float", "double", *_WHOLE_NUMBERS, *(f"u{n}" for n in _WHOLE_NUMBERS))
)
"""Types of DuckDB whose values Python and JSON hold; of all others DuckDB makes text."""


def command(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A SELECT; the file is opened read-only.")
    ],
    max_requests: Annotated[
        int, typer.Option(min=0, help="Where AI functions are in it: ask at most so many.")
    ] = FEW,
    as_json: Json = False,
) -> None:
    """Run a query on the warehouse and print the result.

    Jinja in it is rendered by dbt with the project's macros, AI functions among them. What these
    would ask is counted first; exit code 3, and nothing is sent, where it is more than
    --max-requests.
    """
    run_query(sql, max_requests=max_requests, as_json=as_json)


def run_query(sql: str, *, max_requests: int, as_json: bool) -> None:
    """Render a SELECT, run it on the warehouse and print its rows; raises as the command does."""
    path, places = database_path(), places_here()
    if not path.exists():
        message = (
            f"There is no warehouse at {path}; run {program('build')}, or see `ASSAY_DATABASE`."
        )
        raise ConfigError(message)
    try:
        _answer(path, _rendered(sql), places, max_requests, as_json=as_json)
    except BudgetError as error:
        from assay.hosts.dbt.process import BUDGET_EXIT

        typer.echo(f"assay: {error}", err=True)
        raise typer.Exit(BUDGET_EXIT) from None


def _answer(path: Path, sql: str, places: Places, max_requests: int, *, as_json: bool) -> None:
    """Run SQL on the warehouse and print what it finds."""
    with (
        open_warehouse(path) as connection,
        explained(sql, places),
        _asked(connection, sql, max_requests),
    ):
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


def _rendered(sql: str) -> str:
    """Return SQL as dbt renders it; as it is, and without dbt, where there is no Jinja in it."""
    if not any(mark in sql for mark in _JINJA):
        return sql
    from assay.hosts.dbt.process import rendered_beside

    return rendered_beside(sql)


def _asked(
    connection: duckdb.DuckDBPyConnection, sql: str, max_requests: int
) -> AbstractContextManager[None]:
    """Let the AI functions of a query ask; without them nothing of the engine is imported."""
    if ASKS not in sql:
        return nullcontext()
    from assay.hosts.dbt.asking_query import asking

    return asking(connection, bare(sql), max_requests)


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
    types = [_plain_type(kind) for kind in found.types]
    as_they_are = types == list(map(str, found.types))  # `show tables` must not see our view
    rows = found.fetchall() if as_they_are else _cast(found, types)
    names = list(different(found.columns))
    return [dict(zip(names, map(_exact, row), strict=True)) for row in rows]


def _cast(found: duckdb.DuckDBPyRelation, types: Sequence[str]) -> list[tuple[Any, ...]]:
    places = [f"c{place}" for place in range(len(types))]
    casts = [f"cast({place} as {kind})" for place, kind in zip(places, types, strict=True)]
    view = f"found as t({', '.join(places)})"
    cast = found.query("found", f"select {', '.join(casts)} from {view}")  # noqa: S608
    return [] if cast is None else cast.fetchall()


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


_NAMELESS = "\u2060"
"""Begins the name of a field that has none: DuckDB 1.5 can name no type without names."""


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
                f"{quoted(name or f'{_NAMELESS}{place}')} {_plain_type(each)}"
                for place, (name, each) in enumerate(kind.children)
            ]
            return f"struct({', '.join(fields)})"
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
        exact = {name: _exact(each) for name, each in value.items()}
        nameless = bool(exact) and all(str(name).startswith(_NAMELESS) for name in exact)
        return [*exact.values()] if nameless else exact
    return [_exact(each) for each in value] if isinstance(value, list | tuple) else value
