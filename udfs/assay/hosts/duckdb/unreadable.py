"""What DuckDB says of a file of data that it cannot read, without a text of a row."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

_REMEDIES = {
    ".parquet": "fetch or write it again, or give it the ending of what it is",
    ".csv": "correct that line, or its quotes and delimiters",
    ".tsv": "correct that line, or its quotes and delimiters",
}
_JSON_REMEDY = "write one JSON value a line, or one list of objects"
_FILE = re.compile(r"""\s*(?:in |at end of )?[Ff]ile ["'][^"']*["'],?""")
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
_NO_REASON = re.compile(r"^(?:Original Line:|Possible|LINE \d|\s|$)")


def said_of(path: Path, error: duckdb.Error) -> str:
    """Return DuckDB's reason, its first line and the next that is no row and no advice; a remedy.

    What it quotes may be of a row, and is left out.
    """
    first, *rest = str(error).partition("Error: ")[2].splitlines() or [""]
    more = next((line for line in rest if not _NO_REASON.match(line)), "")
    words = [_FILE.sub("", part).strip(" .") for part in (first, more)]
    said = ": ".join(_QUOTED.sub("...", part) for part in words if part)
    return f"{said}; {_REMEDIES.get(path.suffix.lower(), _JSON_REMEDY)}"
