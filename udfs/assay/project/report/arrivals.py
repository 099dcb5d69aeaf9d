"""What came in with a build: rows and columns of its first tables, and what got lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.core.reach import Reach
from assay.hosts.dbt.layers import OPS, is_gate, layer_of
from assay.hosts.dbt.manifest import models
from assay.hosts.duckdb.data_files import PAGE, misnamed, ragged
from assay.hosts.duckdb.quoting import literal
from assay.hosts.duckdb.readers import calls, columns, files, option, reads_csv, rows
from assay.hosts.duckdb.reading import listed
from assay.hosts.duckdb.warehouse import open_warehouse

_MOST_LINES = 4
"""How many tables get a line each with their columns; more share one line."""

_MOST_LETTERS = 92
"""Of the line that they share: it fits most terminals."""

_LOOKED_AT = 10_000
"""Rows of a file in which a column is looked for that has its own name among its values."""

_SECONDS = 10.0
"""How long the rows of views may be counted: each reads its files once more."""

_WHOLE = "count(*), max(hash(whole))"
"""Counts rows that were read to their end: to count alone DuckDB does not look into the fields."""

_MOST_FILES = 100
_DELIMITED = re.compile(r"[,;\t|]")
_TEXT = re.compile(r"@|://|\S+ \S+ \S+ \S+[.?!]$|(\S+ ){5}|.{60}")
"""What names of columns have not, and texts, addresses and links have."""

_READER = re.compile(r"^\w+\s*\(")
_ASKS = re.compile(r"\bassay_ask_\w+\s*\(")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A table as a build left it; `rows` is None where they cannot be counted outside of dbt."""

    name: str
    rows: int | None
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a build says of its input: what came, what is odd, and the names of empty tables."""

    lines: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


NOTHING_CAME = Arrivals()


def arrivals_of(
    results: Mapping[str, Any], manifest: Mapping[str, Any], database: Path, reach: Reach
) -> Arrivals:
    """Return what came in with the build that left these artifacts of dbt.

    That is the tables of the first layer, such as bronze, that it has built; empty may also be
    what it has asked about.
    """
    built = [one for one in results["results"] if _is_built(one)]
    first = first_layers(manifest)
    layers = {_name(one): first[one["unique_id"]] for one in built if one["unique_id"] in first}
    asked = {name: relation for one in built for name, relation in _inputs(one, manifest)}
    came = {_name(one): str(one["relation_name"]) for one in built if _name(one) in layers}
    found = _counted({**asked, **came}, database)
    empty = tuple(one.name for one in found if one.rows == 0)
    odd = (
        *(empty_line(name) for name in empty),
        *(line for one in built for line in _file_lines(one, reach)),
    )
    return Arrivals(tuple(_lines_of_layers(found, layers)), odd, empty)


def asks(result: Mapping[str, Any]) -> bool:
    """Whether the statement of a node calls an AI function."""
    return _ASKS.search(str(result.get("compiled_code") or "")) is not None


def first_layers(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the layers that read no other, by the models in them: what is there has come in."""
    held = {
        name: node
        for name, node in models(manifest).items()
        if not is_gate(node) and layer_of(node) != OPS
    }
    layers = {name: layer_of(node) for name, node in held.items()}
    later = {
        layer
        for name, layer in layers.items()
        if any(layers.get(parent, layer) != layer for parent in _parents(held[name]))
    }
    return {name: layer for name, layer in layers.items() if layer not in later}


def _parents(node: Mapping[str, Any]) -> list[str]:
    return list(node.get("depends_on", {}).get("nodes", ()))


def _lines_of_layers(found: list[Arrival], layers: Mapping[str, str]) -> Iterator[str]:
    for layer in sorted({*layers.values()}):
        yield from layer_lines(layer, [one for one in found if layers.get(one.name) == layer])


def layer_lines(layer: str, arrivals: list[Arrival]) -> list[str]:
    """Return a line for each table with its columns; one for all where there are many.

    That one begins with what has the fewest rows, which is where something is missing.
    """
    head = f"{layer.capitalize():<7}"
    if len(arrivals) <= _MOST_LINES:
        return [
            f"{head} {one.name}: {_size(one)} ({listed(list(one.columns))})" for one in arrivals
        ]
    fewest = sorted(arrivals, key=lambda one: (-1 if one.rows is None else one.rows, one.name))
    lines = (_shared(head, fewest, named) for named in range(len(fewest), 0, -1))
    return [next((line for line in lines if len(line) <= _MOST_LETTERS), _shared(head, fewest, 1))]


def _shared(head: str, arrivals: list[Arrival], named: int) -> str:
    """Return the line in which so many tables are named, and what the others hold together."""
    sizes = [f"{one.name} {_size(one)}" for one in arrivals[:named]]
    others = [one.rows or 0 for one in arrivals[named:]]
    tables = f"{_number(len(others), 'table')} more with {_number(sum(others), 'row')}"
    return f"{head} {'; '.join([*sizes, *([tables] if others else [])])}"


def empty_line(name: str) -> str:
    """Return what is said of a table without rows."""
    return f"Empty   0 rows in {name}; look at what it reads, and how ({PAGE})"


def _size(one: Arrival) -> str:
    rows = "rows not counted" if one.rows is None else _number(one.rows, "row")
    return f"{rows}, {_number(len(one.columns), 'column')}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _is_built(result: Mapping[str, Any]) -> bool:
    is_model = str(result["unique_id"]).startswith("model.")
    return is_model and result["status"] == "success" and bool(result.get("relation_name"))


def _name(result: Mapping[str, Any]) -> str:
    return str(result["relation_name"]).replace('"', "").split(".")[-1]


def _inputs(result: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the tables that a model reads, where it asks about them."""
    known = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
    if not asks(result):
        return
    for parent in _parents(known.get(result["unique_id"], {})):
        relation = known.get(parent, {}).get("relation_name")
        if relation:
            yield str(relation).replace('"', "").split(".")[-1], str(relation)


def _counted(relations: Mapping[str, str], database: Path) -> list[Arrival]:
    """Count the rows of tables; none where the warehouse cannot be opened."""
    if not relations or not database.exists():
        return []
    try:
        connection = open_warehouse(database)
    except (ConfigError, duckdb.Error):
        return []
    clock = threading.Timer(_SECONDS, connection.interrupt)
    clock.start()
    try:
        return [_arrival(connection, name, where) for name, where in relations.items()]
    finally:
        clock.cancel()
        connection.close()


def _arrival(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> Arrival:
    try:
        found = connection.execute(f"from {relation} limit 0").description
        names = tuple(str(column[0]) for column in found or ())
        what = _WHOLE if _is_view(connection, name) else "count(*)"
        counted = connection.execute(f"select {what} from {relation} as whole").fetchone()  # noqa: S608
    except duckdb.Error:  # a view on what only dbt can reach, or one that takes too long
        return Arrival(name, None, ())
    return Arrival(name, None if counted is None else int(counted[0]), names)


def _is_view(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(f"select 1 from duckdb_views() where view_name = {literal(name)}")  # noqa: S608
    return found.fetchone() is not None


def _file_lines(result: Mapping[str, Any], reach: Reach) -> Iterator[str]:
    """Yield what happened to the files that a model reads without an error."""
    for call in filter(reads_csv, calls(str(result.get("compiled_code") or ""))):
        names = columns(call, reach) or []
        if odd := list(_odd(call, names, reach)):
            yield from (f"Odd     {said}" for said in odd)
            continue
        if (option(call, "ignore_errors", "store_rejects") or "false").lower() in ("true", "1"):
            yield from _lost(_name(result), call, reach)
        if option(call, "header", "names", "columns", "skip") is None:
            yield from list(_skipped(call, reach)) or _taken_for_names(call, names, reach)


def _odd(call: str, names: list[str], reach: Reach) -> Iterator[str]:
    """Yield each file that is not CSV at all, or of which each line was taken for one column."""
    for path in islice(files(call, reach), _MOST_FILES):
        said = misnamed(path, "csv")
        if said is None and len(names) == 1 and _DELIMITED.search(names[0]):
            said = ragged(path, option(call, "delim", "sep", "delimiter"))
        if said is not None:
            yield said


def _lost(name: str, call: str, reach: Reach) -> Iterator[str]:
    """Yield how many lines `ignore_errors` has left out of a file; it says nothing itself."""
    kept = re.sub(r",?\s*\bstore_rejects\s*(?::=|=>|=)\s*\w+", "", call.rstrip().removesuffix(")"))
    counted = rows(
        "select count(*) from (select distinct file_id, line from reject_errors)",
        reach,
        f"select {_WHOLE} from {kept}, store_rejects = true, rejects_limit = 0) as whole",  # noqa: S608
    )
    lines = "an unknown number of lines" if counted is None else _number(counted[0][0], "line")
    if counted is None or counted[0][0]:
        where = _where(call, reach)
        yield f"Lost    {lines} of {where}: {name} reads it with ignore_errors; see {PAGE}"


def _skipped(call: str, reach: Reach) -> Iterator[str]:
    """Yield that a reader left lines out by itself, because the others fit together better."""
    sniffed = _READER.sub("sniff_csv(", call)
    found = rows(f"select SkipRows from {sniffed}", reach)  # noqa: S608 - a part of their SQL
    if found and (skipped := int(found[0][0])):
        yield (
            f"Header  {_where(call, reach)}: the reader left out {_number(skipped, 'line')} and "
            f"took line {skipped + 1} for the header; if that is right say `skip = {skipped}`, "
            f"else `skip = 0` ({PAGE})"
        )


def _taken_for_names(call: str, names: list[str], reach: Reach) -> Iterator[str]:
    """Yield that the first line of a file, taken for names, may be a record."""
    counts = _own_counts(call, names, reach)
    like = [name for name, count in zip(names, counts, strict=False) if count]
    like += [name for name in names if name not in like and _TEXT.search(name)]
    if like:
        yield (
            f"Header  {_where(call, reach)}: the first line gave the columns their names, but "
            f"{listed(like)} reads like a value; if that line is a record: `header = false, "
            f"names = [...]`, else `header = true` ({PAGE})"
        )


def _own_counts(call: str, names: list[str], reach: Reach) -> tuple[int, ...]:
    """Return how often each column of a file holds its own name, among its first rows."""
    counts = [f"count(*) filter ({_quoted(name)}::varchar = {literal(name)})" for name in names]
    query = f"select {', '.join(counts)} from (from {call} limit {_LOOKED_AT})"  # noqa: S608
    found = rows(query, reach) if names else None
    return found[0] if found else ()


def _where(call: str, reach: Reach) -> str:
    return listed([str(path) for path in files(call, reach)]) or "a file"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
