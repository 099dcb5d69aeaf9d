"""What a file of data is, told from its bytes, and what to do where that is not what was read."""

from __future__ import annotations

import csv
import gzip
import shlex
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Literal, cast

from assay.hosts.duckdb.encodings import likely_encoding, wide_encoding

PAGE = "docs/how-to/your-own-files.md"
NEVER = "do not use ignore_errors, which loses rows"

Wanted = Literal["csv", "json", "parquet"]

_HEAD = 4096
_SAMPLE = 65_536
_MOST_LINES = 5_000_000
"""How far a file is looked through for what is not UTF-8; a minute at most."""

_RAGGED_LINES = 100_000
_DELIMITERS = ",;\t|"
_BLANK = b"\xef\xbb\xbf \t\r\n"
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<error")
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_ZIP_END = b"PK\x05\x06"
_LISTED = 1 << 20
_PACKED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
}
_NO_TEXT = {
    b"%PDF": ("a PDF", "take its text out first"),
    b"\xd0\xcf\x11\xe0": ("an old Excel or Office file", "save its sheet as CSV UTF-8"),
    b"SQLite format 3\x00": ("a SQLite database", "export its table as CSV"),
    b"\x89PNG": ("an image", "name a file of data"),
    b"\xff\xd8\xff": ("an image", "name a file of data"),
}


def trouble(path: Path, wanted: Wanted) -> str | None:
    """Return a sentence: what keeps a file from being read as `wanted`, and the remedy.

    None where nothing is wrong that bytes can tell, or the file cannot be opened. The sentence
    holds nothing of the file but its name.
    """
    with suppress(OSError, EOFError):
        head = _head(path)
        said = _kind(path, head, wanted)
        said = said or (None if wanted == "parquet" else _text(path, head))
        return f"{path} {said}" if said else None
    return None


def misnamed(path: Path, wanted: Wanted) -> str | None:
    """Return a sentence that a file is not what it was read as, from how it begins; or None."""
    with suppress(OSError, EOFError):
        said = _kind(path, _head(path), wanted)
        return f"{path} {said}" if said else None
    return None


def not_utf8(path: Path) -> str | None:
    """Return a sentence with the likely encoding of a text and its remedy; None for UTF-8."""
    with suppress(OSError, EOFError):
        said = _text(path, _head(path))
        return f"{path} {said}" if said else None
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def ragged(path: Path, delimiter: str | None) -> str | None:
    """Return a sentence about the first line with other fields than the first one; or None."""
    with (
        suppress(OSError, UnicodeDecodeError, csv.Error),
        path.open(encoding="utf-8-sig", newline="") as file,
    ):
        first = file.readline()
        delimiter = delimiter or max(_DELIMITERS, key=first.count)
        file.seek(0)
        rows = csv.reader(islice(file, _RAGGED_LINES), delimiter=delimiter)
        width = len(next(rows, []))
        odd = next((row for row in rows if row and len(row) != width), None)
        if odd is not None and width > 1:
            return (
                f"{path}: by {delimiter!r} line {rows.line_num} has {len(odd)} fields and the "
                f"first line {width}; put quotes around a text that holds {delimiter!r}, or read "
                f"it with `delim = {delimiter!r}, null_padding = true, strict_mode = false`; "
                f"{NEVER} ({PAGE})."
            )
    return None


def starts_with(path: Path, names: list[str]) -> bool:
    """Whether these names of columns stand in the first line of a file."""
    with suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
        return all(name in first for name in names)
    return True


def _kind(path: Path, head: bytes, wanted: Wanted) -> str | None:
    """Return what the first bytes give away."""
    said = (looks(path, head, wanted) for looks in _LOOKS)
    return next(filter(None, said), None)


def _blank(_path: Path, head: bytes, _wanted: Wanted) -> str | None:
    blank = len(head) < _HEAD and not head.strip(_BLANK)
    return "is empty; fetch it again, or leave it out." if blank else None


def _no_text(_path: Path, head: bytes, wanted: Wanted) -> str | None:
    found = next((found for mark, found in _NO_TEXT.items() if head.startswith(mark)), None)
    return f"is {found[0]}, not {_NAMES[wanted]}; {found[1]}." if found else None


def _packed(path: Path, head: bytes, wanted: Wanted) -> str | None:
    name = next((name for mark, name in _PACKED.items() if head.startswith(mark)), None)
    name = "tar" if head[257:262] == b"ustar" else name
    if name:
        return f"is an archive ({name}), not {_NAMES[wanted]}; unpack it."
    if not head.startswith(_GZIP):
        return None
    if wanted == "parquet":
        return f"is packed by gzip; unpack it: gunzip < {_quoted(path)} > {_quoted(path)}.parquet"
    if path.suffix.lower() == ".gz":
        return None
    return "is packed by gzip; read it with `compression = 'gzip'`, or let its name end in `.gz`."


def _zipped(path: Path, head: bytes, _wanted: Wanted) -> str | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    listed = _end(path, _LISTED)  # the names of what is in it stand at the end
    if _ZIP_END not in listed:
        return "is a ZIP archive that was cut off; fetch it again."
    if b"xl/" in listed:
        return f"is an Excel workbook; save its sheet as CSV UTF-8 ({PAGE})."
    if any(name in listed for name in (b"mimetype", b"word/", b"ppt/")):
        return "is an Office document; save its table as CSV UTF-8."
    return f"is a ZIP archive; unpack it: unzip {_quoted(path)} -d {_quoted(path.parent)}"


def _pointer(_path: Path, head: bytes, _wanted: Wanted) -> str | None:
    is_one = head.startswith(b"version https://git-lfs.github.com/spec/")
    return "is a pointer of Git LFS and not the file; run `git lfs pull`." if is_one else None


def _markup(_path: Path, head: bytes, wanted: Wanted) -> str | None:
    """A page in place of a file is what a failed download leaves."""
    lower = head.lstrip(_BLANK).lower()
    if not lower.startswith(_MARKUP):
        return None
    if b"<html" not in lower and b"doctype html" not in lower:
        return f"is XML, not {_NAMES[wanted]}; convert it, or fetch it again if it is an error."
    return (
        f"is an HTML page, not {_NAMES[wanted]}: a log-in page or an error of the download; fetch "
        "it again."
    )


def _other_reader(path: Path, head: bytes, wanted: Wanted) -> str | None:
    """Return that a file is good for another reader, or was cut off."""
    if head.startswith(_PARQUET):
        if wanted != "parquet":
            return f"is Parquet, not {_NAMES[wanted]}; read it with read_parquet."
        return (
            None
            if _end(path, len(_PARQUET)) == _PARQUET
            else "is Parquet that was cut off; fetch it again."
        )
    if wanted == "parquet":
        return "is no Parquet file; read text with read_csv or read_json, or fetch it again."
    if wanted == "csv" and head.lstrip(_BLANK).startswith((b'{"', b"[{")):
        return "is JSON, not CSV; read it with read_json."
    return None


_NAMES: dict[Wanted, str] = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}
_LOOKS = (_blank, _zipped, _no_text, _packed, _pointer, _markup, _other_reader)


def _end(path: Path, most: int) -> bytes:
    """Return the last bytes of a file, at most so many."""
    with path.open("rb") as file:
        file.seek(-min(most, path.stat().st_size), 2)
        return file.read()


def _text(path: Path, head: bytes) -> str | None:
    """Return what is wrong with the encoding of a text."""
    packed = head.startswith(_GZIP)
    with _opened(path, packed=packed) as file:
        wide = wide_encoding(file.read(_HEAD))
    if wide is not None:
        return _foreign(path, wide, packed=packed)
    good, bad, first, sample = _lines(path, packed=packed)
    if not bad:
        return None
    if good > bad:
        return (
            f"is UTF-8, but for {bad:,} of its lines, of which line {first:,} is the first; "
            f"correct them, or leave their bytes that are no text out: "
            f"{_mended(path, '-c -f UTF-8', packed=packed)}."
        )
    guess = likely_encoding(sample)
    if guess is not None:
        return _foreign(path, guess, packed=packed)
    return (
        "is not UTF-8, and its bytes do not tell what it is; ask where it comes from, then mend "
        f"it with {_mended(path, '-f ITS_ENCODING', packed=packed)}."
    )


def _foreign(path: Path, encoding: tuple[str, str], *, packed: bool) -> str:
    name, place = encoding
    return (
        f"is not UTF-8 but probably {name} ({place}); mend it with "
        f"{_mended(path, f'-f {name}', packed=packed)}."
    )


def _lines(path: Path, *, packed: bool) -> tuple[int, int, int, bytes]:
    """Count the lines beyond ASCII that are UTF-8 and those that are not.

    Returns both counts, the number of the first that is not, and such lines as a sample.
    """
    good, bad, first, sample = 0, 0, 0, bytearray()
    with _opened(path, packed=packed) as file:
        for number, line in enumerate(islice(file, _MOST_LINES), start=1):
            if line.isascii():
                continue
            if _is_utf8(line):
                good += 1
                continue
            bad, first = bad + 1, first or number
            if len(sample) < _SAMPLE:
                sample += line
    return good, bad, first, bytes(sample)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _opened(path: Path, *, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _mended(path: Path, encoding: str, *, packed: bool) -> str:
    """Return the command that writes the file anew; it fails before the old one is touched."""
    old, new = _quoted(path), _quoted(path.with_name(f"{path.name}.utf8"))
    if packed:
        return (
            f"`set -o pipefail; gunzip -c {old} | iconv {encoding} -t UTF-8 | gzip > {new} && "
            f"mv {new} {old}`"
        )
    return f"`iconv {encoding} -t UTF-8 {old} > {new} && mv {new} {old}`"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
