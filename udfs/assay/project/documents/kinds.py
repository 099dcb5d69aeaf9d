"""What kind a document is: its bytes say so, its name only where bytes cannot tell."""

from __future__ import annotations

from pathlib import PurePath

PLAIN = "text/plain"
PDF = "application/pdf"

_SAYS_LITTLE = (None, PLAIN, "text/xml", "application/xml")
"""What bytes are taken for that could be many things."""

_BY_NAME = {
    ".csv": "text/csv",
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
    if told in _SAYS_LITTLE:
        return _BY_NAME.get(PurePath(name).suffix.lower(), told)
    return told
