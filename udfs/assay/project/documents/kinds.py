"""What kind a document is: its bytes say so, its name only where bytes cannot tell."""

from __future__ import annotations

import codecs
from pathlib import PurePath

PLAIN = "text/plain"
PDF = "application/pdf"

_ARCHIVES = frozenset(
    f"application/{name}"
    for name in (
        *("gzip", "vnd.rar", "x-7z-compressed", "x-bzip2", "x-gzip", "x-rar-compressed"),
        *("x-tar", "x-xz", "x-zip-compressed", "zip", "zstd"),
    )
)
"""Boxes of files: a list of their names is no text of a document."""

_SAYS_LITTLE = (None, PLAIN, "text/xml", "application/xml")
"""What bytes are taken for that could be many things."""

_BY_NAME = {
    ".csv": "text/csv",
    ".log": PLAIN,
    ".text": PLAIN,
    ".txt": PLAIN,
    ".doc": "application/msword",
    ".eml": "message/rfc822",
    ".htm": "text/html",
    ".html": "text/html",
    ".json": "application/json",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".msg": "application/vnd.ms-outlook",
    ".ppt": "application/vnd.ms-powerpoint",
    ".rtf": "application/rtf",
    ".tsv": "text/tab-separated-values",
    ".xls": "application/vnd.ms-excel",
}


def kind_of(name: str, told: str | None) -> str | None:
    """Return the media type of a file called `name`; None where nobody knows it.

    `told` is what its bytes are taken for, None where they say nothing.
    """
    if told in _ARCHIVES:
        return None
    if told in _SAYS_LITTLE:
        return _BY_NAME.get(PurePath(name).suffix.lower(), told)
    return told


_WRITTEN = frozenset((PLAIN, "application/json", "text/csv", "text/markdown", _BY_NAME[".tsv"]))
"""Kinds that say nothing of how their letters are written."""

_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before the one that it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def in_utf8(data: bytes, kind: str) -> bytes:
    """Return a text as UTF-8, which it is or is marked to be otherwise; other kinds as they are.

    Raises `ValueError` for anything else: what the letters are nobody knows, and a parser puts
    other signs in their place.
    """
    if kind not in _WRITTEN:
        return data
    coding = next((name for mark, name in _MARKED if data.startswith(mark)), "utf-8")
    try:
        return data.decode(coding).encode()
    except UnicodeError:
        message = "Its letters are not written in UTF-8; save it as UTF-8."
        raise ValueError(message) from None
