"""Vectors as text: float32 numbers, least byte first, in base64. Pure."""

from __future__ import annotations

import base64
import math
import struct
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from assay.core.task import Rejected

_BYTES = 4


def packed(vector: Sequence[float]) -> str:
    """Return a vector as text."""
    return packed_bytes(struct.pack(f"<{len(vector)}f", *vector))


def packed_bytes(floats: bytes) -> str:
    """Return the bytes of float32 numbers, least byte first, as text."""
    return base64.b64encode(floats).decode()


def floats_of(text: str) -> bytes:
    """Return the bytes of a packed vector; `ValueError` for a text that is none."""
    floats = base64.b64decode(text, validate=True)
    if len(floats) % _BYTES:
        message = "a vector that is cut"
        raise ValueError(message)
    return floats


def numbers_of(text: str) -> array[float]:
    """Return the numbers of a packed vector; `ValueError` for a text that is none."""
    vector = array("f", floats_of(text))
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


def unpacked(raw: Any, dimensions: int) -> array[float]:
    """Return the vector that a model gave as a list of numbers or as base64 of float32.

    `Rejected` for anything else, for another number of numbers than `dimensions`, for numbers that
    are not finite and for zeros alone, which are near to nothing.
    """
    vector = _decoded(raw) if isinstance(raw, str) else _listed(raw)
    if len(vector) != dimensions:
        message = f"{len(vector):,} numbers where the model has {dimensions:,}"
        raise Rejected(message)
    if not all(map(math.isfinite, vector)):
        message = "a vector with a number that is not finite"
        raise Rejected(message)
    if not any(vector):
        message = "a vector of zeros alone"
        raise Rejected(message)
    return vector


def _decoded(text: str) -> array[float]:
    try:
        return numbers_of(text)
    except ValueError:  # binascii's error is one
        message = "a text that is no vector in base64"
        raise Rejected(message) from None


def _listed(raw: Any) -> array[float]:
    if not isinstance(raw, list) or any(isinstance(one, bool) for one in raw):
        message = "no list of numbers"
        raise Rejected(message)
    try:
        return array("f", raw)
    except (TypeError, OverflowError):
        message = "a list with something that is no number"
        raise Rejected(message) from None
