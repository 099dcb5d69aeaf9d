"""Messages of other people's programs without what must not be told: secrets, queries, values."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, unquote

_SECRET_NAME = re.compile(
    "key|token|secret|passw|pwd|credential|dsn|auth|session|signature", re.IGNORECASE
)
_IN_ADDRESS = re.compile(r"://([^/?#\s@]*)@")
_QUERY = re.compile(r"((?:[a-zA-Z][\w+.-]*://|/)[^\s?'\"]*)\?[^\s'\")]*")
_VALUE = re.compile(r"'(?:[^']|'')*'")
_ITEM = re.compile(r"((?:value|item) )`.*?`(?=\s|$)", re.DOTALL)
_ROW = re.compile(r"\s*Offending data item:.*", re.DOTALL)
_SHORTEST = 4
_MOST_CHARACTERS = 300
_GONE = "***"
_told_apart: set[str] = set()
"""Secrets by whatever name that a source has asked for; its process has nothing else to do."""


def tell_apart(secret: str) -> None:
    """Take a secret out of every message from now on, whatever its variable is called."""
    _told_apart.add(secret)


def secrets_of(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return what in an environment is secret by its name, and passwords in addresses."""
    found = {value for name, value in environ.items() if _SECRET_NAME.search(name)} | _told_apart
    for value in (*environ.values(), *_told_apart):
        for login in _IN_ADDRESS.findall(value):
            found.update({login, login.partition(":")[2]})
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text as one line without secrets, logins and queries of addresses."""
    line = " ".join(text.split())
    for secret in secrets:
        for spelling in (secret, quote(secret, safe=""), quote_plus(secret), unquote(secret)):
            line = line.replace(spelling, _GONE)
    line = _QUERY.sub(r"\1?…", _IN_ADDRESS.sub(f"://{_GONE}@", line))
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"


def without_values(text: str) -> str:
    """Return a message of DuckDB without what it quotes, which may be of a row."""
    return _VALUE.sub("'…'", text)


def without_items(text: str) -> str:
    """Return a message of dlt without the values and rows that it gives as evidence."""
    return _ROW.sub("", _ITEM.sub(r"\1`…`", text))
