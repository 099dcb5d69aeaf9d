"""Vectors as DuckDB has them: the text of an answer becomes numbers, bare or in its envelope.

The functions that ask give text; the macro wraps them in these, and casts to the length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from assay.core.vectors import floats_of
from assay.hosts.duckdb.registering import create_function

Column = Any

_FLOATS = pa.list_(pa.float32())
_ENVELOPE = pa.struct(
    [
        ("value", _FLOATS),
        ("status", pa.string()),
        ("error", pa.string()),
        ("confidence", pa.float64()),
        ("model", pa.string()),
        ("prompt_hash", pa.string()),
        ("answered_at", pa.string()),
    ]
)
_ENVELOPE_SQL = (
    'STRUCT("value" FLOAT[], status VARCHAR, error VARCHAR, confidence DOUBLE, model VARCHAR, '
    "prompt_hash VARCHAR, answered_at VARCHAR)"
)


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Register both functions on a root connection."""
    for name, function, returns in (
        ("assay_vector", vector, "FLOAT[]"),
        ("assay_vector_envelope", envelope, _ENVELOPE_SQL),
    ):
        create_function(connection, name, function, parameters=1, volatile=False, returns=returns)


def vector(texts: Column) -> Column:
    """The numbers of packed vectors; NULL for NULL."""
    return _numbers(texts.to_pylist())


def envelope(texts: Column) -> Column:
    """Envelopes in JSON as structs, with numbers as their value; NULL for NULL."""
    told = [None if text is None else json.loads(text) for text in texts.to_pylist()]
    values = _numbers([None if one is None else one["value"] for one in told])
    others = [
        pa.array([None if one is None else one[field.name] for one in told], field.type)
        for field in _ENVELOPE
        if field.name != "value"
    ]
    nothing = pa.array([one is None for one in told])
    return pa.StructArray.from_arrays([values, *others], fields=list(_ENVELOPE), mask=nothing)


def _numbers(texts: Sequence[str | None]) -> Column:
    """Return an Arrow list of float32 for each text, over one buffer of all numbers."""
    parts = [None if text is None else floats_of(text) for text in texts]
    ends, missing = [0], [part is None for part in parts]
    for part in parts:
        ends.append(ends[-1] + len(part or b"") // 4)
    numbers = pa.Array.from_buffers(
        pa.float32(), ends[-1], [None, pa.py_buffer(b"".join(part or b"" for part in parts))]
    )
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), numbers, type=_FLOATS, mask=pa.array(missing)
    )
