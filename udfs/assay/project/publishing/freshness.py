"""Freshness: whether what consumers read is young enough, and still what gold is.

The time is the one inside the file. That of the file itself tells who copied it last.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from assay.core.errors import ConfigError
from assay.hosts.duckdb.warehouse import connect
from assay.project.publishing.destinations.open import json_file
from assay.project.publishing.gold import GoldTable, Target
from assay.project.publishing.publish import Published, measure
from assay.project.publishing.stamp import Stamp, stamp_of
from assay.project.publishing.verdict import age

SECONDS = 30.0
"""Patience with a server that has the file."""

_MOST_BYTES = 1_000_000_000
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_AGE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([mhd])")

Hashes = Mapping[str, str]
"""The hash of the content of each table of gold, by name."""


def max_age(text: str) -> datetime.timedelta:
    """Return an age such as `90m`, `26h` or `2d`; raise `ConfigError` for anything else."""
    found = _AGE.fullmatch(text.strip())
    if found is None or not float(found[1]):
        message = f"--max-age {text!r} is no age; write minutes, hours or days: 90m, 26h, 2d."
        raise ConfigError(message)
    return datetime.timedelta(**{_UNITS[found[2]]: float(found[1])})


def troubles_of(
    place: str, most: datetime.timedelta, now: datetime.datetime, gold: Hashes | None
) -> list[str]:
    """Return what is wrong with what is published at `place`, a file or an http(s) URL.

    `gold` is None where it is not at hand; then only the age is looked at. Nothing is returned
    where all is well.
    """
    try:
        stamp = stamp_of(json.loads(_read(place)))
    except FileNotFoundError:
        return [f"{place} is missing"]
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return [f"{place} cannot be read: {_reason(error)}"]
    except ValueError:
        return [f"{place} is no JSON; name a file that Assay has published"]
    if stamp is None:
        return [f"{place} does not say when it was published; name a file that Assay wrote"]
    return [f"{place} {one}" for one in stale(stamp, most, now, gold)]


def stale(
    stamp: Stamp, most: datetime.timedelta, now: datetime.datetime, gold: Hashes | None
) -> Iterator[str]:
    """Yield why what bears a stamp is not fresh: too old, from the future, or not gold."""
    if now - stamp.at > most:
        yield f"is {age(stamp.at, now)} old"
    elif stamp.at - now > datetime.timedelta(hours=1):
        yield f"says that it was published in {age(now, stamp.at)}; a clock is wrong"
    if gold is None:
        return
    for table, held in stamp.hashes.items():
        if table not in gold:
            yield f"holds {table}, which is no table of gold"
        elif gold[table] != held:
            yield f"does not hold what {table} is now"


def gold_hashes(warehouse: Path, tables: Sequence[GoldTable]) -> Hashes | None:
    """Return the hash of each table of gold as it is now; None where it cannot be looked at.

    A table that is not there has none. The warehouse cannot be read while a build writes to it.
    """
    if not warehouse.exists():
        return None
    try:
        with contextlib.closing(connect(warehouse, read_only=True)) as connection:
            return dict(_hashes(connection, tables))
    except (ConfigError, duckdb.Error):
        return None


def files_of(targets: Sequence[Target]) -> list[Path]:
    """Return the JSON files that the project publishes."""
    return [file for one in targets if (file := json_file(one.address)) is not None]


def behind(
    files: Sequence[Path], done: Published, hours: float | None, now: datetime.datetime
) -> Iterator[str]:
    """Yield what is wrong with files against what is published: missing, too old, or other rows.

    `hours` is how old they may be, None for any age. Gold itself may be further, where a build
    was not green; `stale` looks at that.
    """
    most = datetime.timedelta.max if hours is None else datetime.timedelta(hours=hours)
    tables = done.manifest["tables"]
    published = {name: str(one["content_hash"]) for name, one in tables.items()}
    for file in files:
        yield from troubles_of(str(file), most, now, published)


def _hashes(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[GoldTable]
) -> Iterator[tuple[str, str]]:
    for table in tables:
        with contextlib.suppress(duckdb.CatalogException):
            yield table.name, measure(connection, table.sql).content_hash


def _read(place: str) -> str:
    if urlsplit(place).scheme not in ("http", "https"):
        return Path(place).read_text(encoding="utf-8")
    request = urllib.request.Request(place, headers={"User-Agent": "assay"})  # noqa: S310 - http(s)
    with urllib.request.urlopen(request, timeout=SECONDS) as reply:  # noqa: S310 - as above
        return str(reply.read(_MOST_BYTES).decode())


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or type(error).__name__)
