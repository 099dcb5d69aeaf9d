"""Why a file of data cannot be read, in one line with the remedy and without a text of a row."""

from __future__ import annotations

import codecs
import re
import shlex
from pathlib import Path

import duckdb

_CHUNK = 1 << 20
_HEADS = {
    b"\x1f\x8b": "it is packed with gzip; unpack it with gunzip",
    b"PK\x03\x04": "it is a ZIP archive or a spreadsheet; unpack it, or save its table as CSV",
    b"\xd0\xcf\x11\xe0": "it is an old spreadsheet; save its table as CSV",
    b"7z\xbc\xaf": "it is a 7z archive; unpack it",
    b"(\xb5/\xfd": "it is packed with zstd; unpack it with unzstd",
    b"PAR1": "it is a Parquet file, perhaps cut off; call it .parquet, or fetch it again",
    b"SQLite format 3\0": "it is a SQLite file; export its table as CSV",
    b"%PDF": "it is a PDF; save its table as CSV",
}
"""What else a file may be, by its first bytes."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDIES = {
    ".parquet": "fetch or write it again, or give it the ending of what it is",
    ".csv": "correct that line, or its quotes and delimiters",
    ".tsv": "correct that line, or its quotes and delimiters",
}
_JSON_REMEDY = "write one JSON value a line, or one list of objects"
_FILE = re.compile(r"""\s*(?:in |at end of )?[Ff]ile ["'][^"']*["'],?""")
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
_NO_REASON = re.compile(r"^(?:Original Line:|Possible|LINE \d|\s|$)")


def why_unreadable(path: Path, error: duckdb.Error | None = None) -> str | None:
    """Return why the data file at `path` cannot be read and what to do; None where nothing is odd.

    `error` is what DuckDB says of it, which may quote rows: none of that is repeated.
    """
    if not path.is_file():
        return f"it is {'a folder' if path.is_dir() else 'a pipe or a device'}; name a file"
    with path.open("rb") as file:
        head = file.read(_CHUNK)
    if not head.strip():
        return "it is empty; fetch or write it again"
    if error is None:
        return None
    is_parquet = path.suffix.lower() == ".parquet"
    return (
        _other_kind(head, is_parquet=is_parquet)
        or (None if is_parquet else _wrong_encoding(path, head))
        or _said(path, error)
    )


def _other_kind(head: bytes, *, is_parquet: bool) -> str | None:
    """Return what a file is instead, by its first bytes; None where they do not tell."""
    if head.lstrip()[:1] == b"<":
        return "it is an HTML or XML page; fetch the data itself"
    heads = ((magic, reason) for magic, reason in _HEADS.items() if head.startswith(magic))
    return next((reason for magic, reason in heads if not (is_parquet and magic == b"PAR1")), None)


def _wrong_encoding(path: Path, head: bytes) -> str | None:
    """Return which line is not UTF-8, and how to make it so; None where all are."""
    if head.startswith(_UTF_16) or head.count(b"\0") > len(head) // 4:
        return f"it is UTF-16, not UTF-8; {_conversion(path, 'UTF-16')}"
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                return (
                    f"it is not UTF-8 (line {line:,}), perhaps Windows-1252; "
                    f"{_conversion(path, 'WINDOWS-1252')}"
                )
            line += chunk.count(b"\n")
    return None


def _conversion(path: Path, encoding: str) -> str:
    made = path.with_stem(f"{path.stem}_utf8")
    name, new = shlex.quote(str(path)), shlex.quote(str(made))
    return f"convert it: iconv -f {encoding} -t UTF-8 {name} > {new}"


def _said(path: Path, error: duckdb.Error) -> str:
    """Return DuckDB's reason: its first line and the next that is no row and no advice."""
    first, *rest = str(error).partition("Error: ")[2].splitlines() or [""]
    more = next((line for line in rest if not _NO_REASON.match(line)), "")
    words = [_FILE.sub("", part).strip(" .") for part in (first, more)]
    said = ": ".join(_QUOTED.sub("...", part) for part in words if part)
    return f"{said}; {_REMEDIES.get(path.suffix.lower(), _JSON_REMEDY)}"
