"""Vectors in the store: the numbers of an answer apart from it, as bytes with a checksum.

The row of `answers` says how long the vector is, so that whatever counts, shows or drops answers
knows vectors as well; a trigger drops the numbers with it.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from assay.core.vectors import floats_of, packed_bytes
from assay.store.records import Values

TABLE = "vectors"

KIND = "embed"
"""The kind of the answers that are vectors."""

_KEY, _KIND, _VALUE = 0, 1, 5
_BYTES = 4
_SHORT = re.compile(r'\{"dimensions":\d+\}')


def short(row: Values) -> Values:
    """Return a row of `answers` as it is kept: of a vector without its numbers."""
    if row[_KIND] != KIND or _SHORT.fullmatch(row[_VALUE]):
        return row
    told = f'{{"dimensions":{len(_floats(row)) // _BYTES}}}'
    return (*row[:_VALUE], told, *row[_VALUE + 1 :])


def put(connection: sqlite3.Connection, otherwise: str, rows: Iterable[Values]) -> None:
    """Write the numbers of rows that are vectors; `ignore` or `replace` those that are there."""
    found = [(row[_KEY], _floats(row)) for row in rows if row[_KIND] == KIND]
    if found:
        connection.executemany(
            f"insert or {otherwise} into vectors values (?,?,?)",  # noqa: S608
            [(key, floats, checksum(key, floats)) for key, floats in found],
        )


def read(connection: sqlite3.Connection, keys: Sequence[bytes], marks: str) -> dict[bytes, str]:
    """Return the vectors under `keys` as canonical JSON; one that is damaged is left out."""
    query = f"select key, floats, checksum from vectors where key in ({marks})"  # noqa: S608
    return {
        row[0]: f'"{packed_bytes(row[1])}"'
        for row in connection.execute(query, keys)
        if is_sound(row)
    }


def checksum(key: bytes, floats: bytes) -> bytes:
    """Return 16 bytes over a key and the numbers under it."""
    return hashlib.blake2b(key + floats, digest_size=16).digest()


def is_sound(row: Sequence[Any]) -> bool:
    """Whether a row of `vectors` is what was written."""
    try:
        return bool(checksum(row[0], row[1]) == row[2])
    except TypeError:  # a text where bytes were
        return False


def _floats(row: Values) -> bytes:
    return floats_of(row[_VALUE][1:-1])
