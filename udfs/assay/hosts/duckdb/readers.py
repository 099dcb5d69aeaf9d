"""The calls in SQL that read files, such as `read_csv('data/x.csv')`: their files and columns."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from assay.core.reach import Reach
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.duckdb import fence

_CALL = re.compile(r"\b(?:read|sniff|scan|parquet)_\w+\s*\(|\bfrom\s+(?=')", re.IGNORECASE)
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_BRACKET = re.compile(r"'(?:[^']|'')*'|[()]")
_COMMENT = re.compile(r"('(?:[^']|'')*')|--[^\n]*|/\*.*?\*/", re.DOTALL)


def calls(sql: str) -> Iterator[str]:
    """Yield each call of a reader in SQL with its arguments, and each file named by `from`."""
    sql = _COMMENT.sub(lambda match: match[1] or " ", sql)
    for match in _CALL.finditer(sql):
        if match[0].rstrip().endswith("("):
            yield sql[match.start() : _closing(sql, match.end())]
        elif literal := _LITERAL.match(sql, match.end()):
            yield literal[0]


def reads_csv(call: str) -> bool:
    """Whether a call reads text with delimiters."""
    return re.search(r"csv|tsv|\.txt", call, re.IGNORECASE) is not None


def option(call: str, *names: str) -> str | None:
    """Return the value of an option of a call, as it is written, or None."""
    said = re.search(rf"\b(?:{'|'.join(names)})\s*(?::=|=>|=)\s*('[^']*'|[\w.]+)", call, re.I)
    return said[1].strip("'") if said else None


def files(sql: str, reach: Reach) -> Iterator[Path]:
    """Yield the files within reach that the readers in SQL name, patterns resolved."""
    for call in calls(sql):
        for literal in _LITERAL.findall(call):
            pattern = literal.replace("''", "'")
            yield from within(sorted(glob.glob(pattern, recursive=True)), reach)  # noqa: PTH207


def within(names: Iterable[str], reach: Reach) -> Iterator[Path]:
    """Yield those of these names that are files which `reach` lets SQL read."""
    allowed = [folder.resolve() for folder in fence.folders(reach, project_here())]
    for path in map(Path, names):
        inside = any(path.resolve().is_relative_to(folder) for folder in allowed)
        if (inside or reach.external_access) and path.is_file():
            yield path


def columns(call: str, reach: Reach) -> list[str] | None:
    """Return the columns that a call gives; None where it cannot be run by itself."""
    try:
        with duckdb.connect() as connection:
            fence.enclose(connection, reach)
            return list(connection.sql(f"from {call}").columns)
    except duckdb.Error:
        return None


def rows(query: str, reach: Reach, *before: str) -> list[tuple[Any, ...]] | None:
    """Return the rows of a query on files, after other statements; None where it cannot be run."""
    try:
        with duckdb.connect() as connection:
            fence.enclose(connection, reach)
            for statement in before:
                connection.execute(statement).fetchall()
            return connection.execute(query).fetchall()
    except duckdb.Error:
        return None


def _closing(sql: str, start: int) -> int:
    """Return the place behind the bracket that closes the one before `start`."""
    depth = 1
    for match in _BRACKET.finditer(sql, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return len(sql)
