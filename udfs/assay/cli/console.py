"""What the commands share: the store that must be there, tables for people, JSON for machines."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assay.core.clock import iso
from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.store_place import StorePlace
from assay.hosts.dbt.settings import places_here

if TYPE_CHECKING:  # a query looks into no store, and does not wait for it
    from assay.store import Store

SHORTEST_PREFIX = 4
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST_DIGITS = 6
_LONGEST = datetime.timedelta(weeks=5_218)
"""A century: from there on times before now get out of hand."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def store_path(environ: Mapping[str, str] = os.environ) -> StorePlace:
    """Return the place of the store; no key and no provider is needed to look at it."""
    return places_here(environ).store.resolve()


@contextlib.contextmanager
def open_store(path: StorePlace | None = None) -> Iterator[Store]:
    """Yield the store of the environment, which must exist; none is ever made.

    Raises `ConfigError` where there is none, `StoreError` where it cannot be trusted.
    """
    from assay import store as stores

    path = existing_store() if path is None else path
    store = stores.open_store(path, guarded=True)
    try:
        yield store
    finally:
        store.close()


def existing_store() -> StorePlace:
    """Return the place of the store of the environment, or raise `ConfigError`."""
    path = store_path()
    if not path.exists():
        message = (
            f"There is no store at {path}; run {program('build')} first, or see `ASSAY_STORE`."
        )
        raise ConfigError(message)
    return path


def key_prefix(key: str) -> str:
    """Return hex digits that a key begins with; raise `ConfigError` for anything else."""
    if len(key) >= SHORTEST_PREFIX and re.fullmatch("[0-9a-fA-F]+", key):
        return key.lower()
    message = f"A key is hex digits, at least the first {SHORTEST_PREFIX}, not {key!r}."
    raise ConfigError(message)


def one_of(option: str, given: str | None, known: Iterable[str]) -> str | None:
    """Return `given`; raise `ConfigError` that names the choices for what is not `known`."""
    names = list(known)
    if given is not None and given not in names:
        message = f"{option} {given!r} is not known; choose one of {', '.join(names)}."
        raise ConfigError(message)
    return given


def span(option: str, text: str) -> datetime.timedelta:
    """Return the time span of `90m`, `12h`, `7d`; raise `ConfigError` for anything else."""
    number, unit = text[:-1], text[-1:]
    digits = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    if unit in _UNITS and digits:
        long = datetime.timedelta(**{_UNITS[unit]: int(number)})
        if long < _LONGEST:
            return long
    message = f"{option} {text!r} is no time span; write a number and s, m, h, d or w: 7d."
    raise ConfigError(message)


def moment(option: str, text: str, now: datetime.datetime) -> str:
    """Return the time that a span before `now` or a UTC date means, as the store writes times."""
    if _DATE.fullmatch(text):
        with contextlib.suppress(ValueError):
            return iso(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC))
    with contextlib.suppress(ConfigError):
        return iso(now - span(option, text))
    message = f"{option} {text!r} is no time; write a span such as 7d, or a UTC date: 2026-03-01."
    raise ConfigError(message)


def one_line(value: object) -> str:
    """Return a value as text that no terminal obeys; blank for None."""
    return "" if value is None else _CONTROL.sub(" ", str(value))


def money(usd: float | None) -> str:
    """Return US dollars for a table; `unknown` where nobody knows, which is not zero."""
    return "unknown" if usd is None else f"{usd:,.4f}"


def number(value: float | None) -> str:
    """Return a count for a table; blank for none."""
    return "" if value is None else f"{value:,.0f}"


def print_json(value: object) -> None:
    """Print a value for machines; what JSON has no name for is text, what is no number null."""
    typer.echo(json.dumps(_plain(value), indent=2, default=str))


def _plain(value: object) -> object:
    """Return a value without the numbers that JSON has not: NaN and the infinities are None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> None:
    """Print a table: as wide as the terminal, or plain and whole where the output is piped.

    `right` has an `r` at the place of each column that is set to the right: `"..rr"`.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    aligned = right.ljust(len(titles), ".")
    if sys.stdout.isatty():
        _print_wide(titles, cells, aligned)
        return
    for line in _lined([list(titles), *cells], aligned):
        typer.echo(line)


def _print_wide(titles: Sequence[str], rows: Sequence[Sequence[str]], aligned: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title, side in zip(titles, aligned, strict=True):
        # Numbers are never cut; words wrap.
        table.add_column(
            title, justify="right" if side == "r" else "left", no_wrap=side == "r", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _lined(rows: Sequence[Sequence[str]], aligned: str) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, aligned, strict=True)
        ).rstrip()
