"""What is said where SQL fails on a file: the file, the reason and the remedy, in a line."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import duckdb

from assay.core.project import Project
from assay.core.reach import Reach
from assay.hosts.duckdb import fence
from assay.hosts.duckdb.data_files import NEVER, PAGE, Wanted, ragged, starts_with, trouble
from assay.hosts.duckdb.readers import calls, columns, files, option, reads_csv, within

_READER_SAYS = re.compile(
    r"CSV Error|sniffing file|magic bytes|too small to be a Parquet|Malformed JSON"
    r"|valid UTF-8|not (utf-8|latin-1|utf-16) encoded|does not support the encoding"
    r"|Parquet|thrift|gzip|compress",
    re.IGNORECASE,
)
"""Words of DuckDB's messages that are about what is in a file."""

_CSV_SAYS = re.compile("CSV Error|sniffing file")
_NAMED = re.compile(r"""(?:^\s*file = |file ["'])(?P<path>[^"'\n]+)""", re.MULTILINE)
_MISSING = re.compile(r'No files found that match the pattern "(?P<path>.+?)"')
_UNBOUND = re.compile(r'Binder Error: Referenced column "(?P<column>.*?)" not found')
_READERS = re.compile(
    r"(?P<csv>CSV Error|sniffing file|read_csv)"
    r"|(?P<parquet>magic bytes|Parquet file|(?:read|scan)_parquet|parquet_\w+)"
    r"|(?P<json>Malformed JSON|read_n?d?json)",
    re.IGNORECASE,
)
_ON_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CONVERTED = re.compile('converting column "(.+?)"')
_ROW_TEXT = re.compile(r"^\s*Original Line:.*$|Could not convert string .*$", re.MULTILINE)
_SETTINGS = re.compile(r"\n\s*(?:Possible |  file = |LINE 1: |\n).*", re.DOTALL)
_COMPARES = re.compile("assay_(?:peek|glance)_")
_DUE_TYPES = (
    "ai_due: a column of `key` or `also` has another type in the table than in what the model "
    "reads now; cast it in the model to the type of the table, or run once with --full-refresh, "
    "which buys nothing that is in the store."
)
_OUR_FUNCTION = re.compile(r"Function with name \W?((?:ai|assay)_\w+)\W? does not exist")
_OF_VIEWS = re.compile(
    r"assay_((ask|gather|peek|glance)_(value|envelope)|(begin|end)_gather|task(_of)?|text|chunks"
    r"|pair|embedding|vector(_envelope)?)"
)
"""Functions that a macro has written; what else begins like them was written by a person."""

MACROS = (
    *("ai_agg", "ai_assess", "ai_candidates", "ai_classify", "ai_complete", "ai_dedup", "ai_due"),
    *("ai_embed", "ai_extract", "ai_filter", "ai_match", "ai_score", "ai_search", "ai_sentiment"),
    *("ai_similarity", "ai_summarize", "ai_translate", "ai_verify"),
)
"""Macros that a person may have meant to call."""

_OUTSIDE = (
    "It reads a view that asks a model each time it is read, and nobody is asked outside dbt; let "
    "the view's model be a table, or query the tables that it reads (docs/errors.md)."
)
_MOST_NAMES = 8
_MOST_LETTERS = 40


@contextlib.contextmanager
def explained(sql: str, reach: Reach, project: Project | None = None) -> Iterator[None]:
    """Raise an error of DuckDB inside anew, with what `explanation` says of it."""
    try:
        yield
    except duckdb.Error as error:
        if (said := explanation(error, sql, reach, project)) is None:
            raise
        raise type(error)(said) from None


def explanation(
    error: duckdb.Error, sql: str, reach: Reach, project: Project | None = None
) -> str | None:
    """Return what to say in place of an error of `sql`; None where DuckDB's own words will do.

    Looks into the files that the error or the SQL names, as far as `reach` lets SQL do so.
    """
    said = str(error)
    if (remedy := fence.remedy(error, project)) is not None:
        return None if remedy in said else f"{said}\n{remedy}"
    if "Cannot compare values of type" in said and _COMPARES.search(sql):
        return _DUE_TYPES
    if (asks := _of_functions(said)) is not None:
        return asks
    if missing := _MISSING.search(said):
        return _not_there(missing["path"], reach)
    if unbound := _UNBOUND.search(said):
        return _not_a_column(said, unbound["column"], sql, reach)
    return _unreadable(said, sql, reach) if _READER_SAYS.search(said) else None


def _of_functions(said: str) -> str | None:
    """Return the remedy where a function is not there: it is dbt that asks, by a macro."""
    if (named := _OUR_FUNCTION.search(said)) is None:
        return None
    name = named[1].casefold()
    if _OF_VIEWS.fullmatch(name):
        return _OUTSIDE
    meant = macro_like(name)
    if meant is None:
        return (
            f"There is no function {name}, and no macro like it; docs/functions.md has them all."
        )
    there = f"{name} is" if meant == name else f"There is no function {name}; {meant} is"
    return (
        f"{there} a macro, not a function of SQL: write it in two pairs of braces, with the name "
        f"of a column in quotes, {{{{ {meant}('body', ...) }}}} (docs/functions.md)."
    )


def macro_like(name: str) -> str | None:
    """Return the macro that somebody may mean by a name; None where none is like it."""
    meant = name.casefold().replace("assay_", "ai_", 1)
    return next(iter(difflib.get_close_matches(meant, MACROS, n=1, cutoff=0.7)), None)


def _unreadable(said: str, sql: str, reach: Reach) -> str | None:
    """Return what is wrong with the file; else the reader's reason without its 20 settings."""
    named = list(within([match["path"] for match in _NAMED.finditer(said)], reach))
    named = named or list(files(sql, reach))
    wanted = _wanted(said, sql)
    if found := next(filter(None, (trouble(path, wanted) for path in named)), None):
        return _warned(found)
    if _CSV_SAYS.search(said) is None:
        return None
    for path in named:
        if found := ragged(path, option(sql, "delim", "sep", "delimiter")):
            return found
    return _shortened(said, named)


def _warned(found: str | None) -> str | None:
    """Return what is wrong with a text, and that the hint of the reader is none."""
    return f"{found[:-1]}; {NEVER} ({PAGE})." if found and "iconv" in found else found


def _shortened(said: str, files: list[Path]) -> str | None:
    """Return the reader's reason in a line; no text of the row that it stumbled over."""
    place = _ON_LINE.search(said)
    if place is None or not files:
        return None
    reason = _SETTINGS.sub("", _ROW_TEXT.sub("", said[place.end() :]).strip())
    remedy = "Correct the line, or say how the file is to be read"
    if column := _CONVERTED.search(reason):
        remedy = f"Let it be text, `types = {{'{column[1]}': 'VARCHAR'}}`, or correct the line"
    return (
        f"{files[0]}, line {place[1]}: {' '.join(reason.split()).rstrip('.')}. {remedy}; {NEVER} "
        f"({PAGE})."
    )


def _not_there(pattern: str, reach: Reach) -> str:
    """Return that no file is called so, and which are."""
    folder = Path(pattern).parent
    beside = sorted(path.name for path in folder.glob("*") if path.is_file())
    beside = [name for name in beside if next(within([str(folder / name)], reach), None)]
    near = _nearest(Path(pattern).stem, beside)
    if near:
        hint = f"did you mean {str(folder / near)!r}?"
    elif beside:
        hint = f"in {folder} there are: {listed(beside)}."
    else:
        hint = (
            f"there is no file in {folder}."
            if folder.is_dir()
            else f"there is no folder {folder}."
        )
    return f"There is no file {pattern!r}; {hint}"


def _nearest(stem: str, names: list[str]) -> str | None:
    """Return the name that is most like `stem`, whatever it ends with; None where none is."""
    stems = {Path(name).stem: name for name in reversed(names)}
    near = difflib.get_close_matches(stem, stems, n=1, cutoff=0.7)
    return stems[near[0]] if near else None


def _not_a_column(said: str, column: str, sql: str, reach: Reach) -> str | None:
    """Return why a CSV file has not the column that was asked for, or what it has."""
    for call in filter(reads_csv, calls(sql)):
        path, names = next(files(call, reach), None), columns(call, reach)
        if path is None or names is None or column in names:
            continue
        alone = len(names) == 1
        # a text of two bytes a letter, read in the wrong order, is one column of anything
        decoded = option(call, "encoding") and not (alone and not names[0].isascii())
        wrong = None if decoded else trouble(path, "csv")
        odd = alone or not starts_with(path, names)
        delimiter = option(call, "delim", "sep", "delimiter")
        return (
            _warned(wrong)
            or (ragged(path, delimiter) if odd else None)
            or f"{said}\n{_read_as(path, names)}"
        )
    return None


def _read_as(path: Path, names: list[str]) -> str:
    if len(names) == 1:
        remedy = "name the delimiter, `delim = ';'`, if these are several"
    else:
        remedy = "where these are a record, say `header = false, names = [...]`"
    columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
    return f"{path} was read with {columns}: {listed(names)}; {remedy} ({PAGE})."


def _wanted(said: str, sql: str) -> Wanted:
    """Return what the reader that failed reads."""
    for words in (said, sql):
        found = _READERS.search(words)
        if found is not None and found.lastgroup is not None:
            return cast("Wanted", found.lastgroup)
    return "csv"


def listed(names: list[str]) -> str:
    """Return names in a line: so many, and so long, as people read."""
    shown = [name if len(name) <= _MOST_LETTERS else f"{name[:_MOST_LETTERS]}…" for name in names]
    more = len(names) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
