"""Rows straight from the pages of a SQLite file, for files that SQLite will not open. Read-only.

Only the file format is used (https://sqlite.org/fileformat.html), page by page: no root, no
interior page and no header has to be whole, so one bad page costs its own rows and no others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PAGE_SIZES = frozenset(2**power for power in range(9, 17))
DEFAULT_PAGE_SIZE = 4096
MAX_COLUMNS = 64

_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x0A, 0x0D
_FIXED = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of a value by serial type; from 12 on they are (type - 12) // 2."""

_FIRST_SIZED = 12
_MORE_FOLLOWS = 0x80

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """The bytes of a file and how large its pages are."""

    data: bytes
    page_size: int

    def page(self, number: int) -> bytes:
        """Return page `number`, counted from 1; short or empty past the end."""
        return self.data[(number - 1) * self.page_size : number * self.page_size]


def rows_in(data: bytes) -> Iterator[_Row]:
    """Yield every record that can be read from a leaf, and from an index's interior pages.

    What it yields is not checked: rows that were deleted, and rows that are damaged inside, may
    be among it.
    """
    file = _File(data, page_size_of(data))
    for number in range(1, -(-len(data) // file.page_size) + 1):
        yield from _rows_of_page(file, number)


def page_size_of(data: bytes) -> int:
    """Return the page size that the header gives, or the default where it gives none."""
    (size,) = struct.unpack(">H", data[16:18].ljust(2, b"\0"))
    size = 65536 if size == 1 else size
    return size if size in PAGE_SIZES else DEFAULT_PAGE_SIZE


def _rows_of_page(file: _File, number: int) -> Iterator[_Row]:
    page, start = file.page(number), 100 if number == 1 else 0
    if len(page) < start + 12 or page[start] not in (_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF):
        return
    kind = page[start]
    pointers = start + (12 if kind == _INDEX_INTERIOR else 8)
    (cells,) = struct.unpack(">H", page[start + 3 : start + 5])
    for place in range(min(cells, (len(page) - pointers) // 2)):
        (offset,) = struct.unpack(">H", page[pointers + 2 * place : pointers + 2 * place + 2])
        try:
            yield _record(_payload(file, page, kind, offset))
        except (IndexError, ValueError, struct.error):  # this cell is damaged
            continue


def _payload(file: _File, page: bytes, kind: int, offset: int) -> bytes:
    """Return the whole payload of a cell, its overflow pages included."""
    at = offset + (4 if kind == _INDEX_INTERIOR else 0)
    size, at = _varint(page, at)
    if kind == _TABLE_LEAF:
        _, at = _varint(page, at)
    local = _local_bytes(size, file.page_size, kind)
    payload = bytearray(page[at : at + local])
    if local < size:
        (following,) = struct.unpack(">I", page[at + local : at + local + 4])
        payload += _overflow(file, following, size - local)
    if len(payload) != size:
        message = "a payload that is cut"
        raise ValueError(message)
    return bytes(payload)


def _overflow(file: _File, number: int, wanted: int) -> bytes:
    found = bytearray()
    seen: set[int] = set()
    while number and len(found) < wanted and number not in seen:
        seen.add(number)
        page = file.page(number)
        (number,) = struct.unpack(">I", page[:4])
        found += page[4 : 4 + wanted - len(found)]
    return bytes(found)


def _local_bytes(size: int, usable: int, kind: int) -> int:
    """Return how much of a payload stands on the page itself."""
    most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    return local if local <= most else least


def _record(payload: bytes) -> _Row:
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end and len(types) < MAX_COLUMNS:
        kind, at = _varint(payload, at)
        types.append(kind)
    values: list[Any] = []
    for kind in types:
        size = _FIXED.get(kind, (kind - _FIRST_SIZED) // 2)
        raw = payload[at : at + size]
        if size < 0 or len(raw) != size:
            message = "a value that is cut"
            raise ValueError(message)
        values.append(_value(kind, raw))
        at += size
    return tuple(values)


def _value(kind: int, raw: bytes) -> Any:
    if kind >= _FIRST_SIZED:
        return raw.decode() if kind % 2 else raw
    return _NUMBERS.get(kind, _integer)(raw)


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


_NUMBERS: dict[int, Callable[[bytes], Any]] = {
    0: lambda _: None,
    7: lambda raw: struct.unpack(">d", raw)[0],
    8: lambda _: 0,
    9: lambda _: 1,
}


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and where the next byte after it stands."""
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < _MORE_FOLLOWS:
            return value, at
    return value << 8 | data[at], at + 1
