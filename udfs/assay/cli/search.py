"""`assay search`: the rows of a model that are nearest to a text, by the macro `ai_search`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from assay.cli.console import Json
from assay.cli.query import run_query
from assay.core.errors import ConfigError
from assay.hosts.duckdb.quoting import quoted

USUAL_COLUMN = "embedding"

Option = str | int | list[str] | None
"""What an argument of the macro may be."""


def command(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="What is searched for.")],
    model: Annotated[
        str, typer.Option("--in", metavar="MODEL", help="The model with a column of vectors.")
    ],
    *,
    most: Annotated[int, typer.Option("-k", min=1, help="How many rows.")] = 10,
    column: Annotated[str, typer.Option(help="The column with the vectors.")] = USUAL_COLUMN,
    where: Annotated[
        str | None, typer.Option(help="A SQL condition that a row has to meet.")
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A column of texts; its words count as well."),
    ] = None,
    index: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Use an index: fts of words, vss of vectors, or both."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="NAME", help="With an index: what tells rows apart.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="With --index fts: whose words count by their stems.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search a model by meaning: the rows whose vectors are nearest to a text, best first.

    What is printed are all columns but the vectors, and how near each row is.
    """
    if not query.strip():
        message = "There is nothing to search for; give a text."
        raise ConfigError(message)
    asked = {"k": most, "where": where, "words": _column(words)}
    by = {"index": index or None, "key": _column(key), "language": language}
    sql = search_sql(query, model, column, **asked, **by)
    run_query(sql, max_requests=1, as_json=as_json)


def search_sql(query: str, model: str, column: str, **options: Option) -> str:
    """Return the search as a query with Jinja, in which what was given is data.

    Options that are None are left out.
    """
    told = {"column": column, **options}
    given = "".join(
        f", {name}={_literal(value)}" for name, value in told.items() if value is not None
    )
    found = f"assay.ai_search(ref({_literal(model)}), {_literal(query)}{given})"
    return f"select * exclude ({quoted(column)}) from {{{{ {found} }}}}"  # noqa: S608


def _column(name: str | None) -> str | None:
    """Return a name as SQL; blank stays blank, which the macro refuses."""
    return quoted(name) if name and name.strip() else name


def _literal(value: Option) -> str:
    """Return a value as Jinja writes it, which knows the escapes of JSON."""
    return json.dumps(value, ensure_ascii=False)
