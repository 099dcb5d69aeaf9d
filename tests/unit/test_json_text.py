"""JSON that others wrote: nothing in it ends in another error than ours."""

from __future__ import annotations

import math

import pytest

from assay.core.json_text import MAX_DEPTH, read_record, whole
from assay.core.task import Rejected


@pytest.mark.parametrize("levels", [MAX_DEPTH, 1_200, 100_000])
def test_a12_a_record_that_is_too_deep_is_refused_with_the_remedy(levels: int) -> None:
    """DuckDB hands such JSON columns over; the parser would end in a RecursionError."""
    with pytest.raises(Rejected, match="deeper than 64 levels; leave the column out"):
        read_record('{"payload":' + "[" * levels + "]" * levels + "}")


def test_a12_a_record_as_deep_as_allowed_is_read() -> None:
    """The limit itself is within the limit, and brackets in a text are no depth."""
    inner = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert str(read_record(f'{{"a":{inner},"b":"{inner * 9}"}}')["a"]) == inner


@pytest.mark.parametrize("text", ["", "anna", "[1]", "null", "{", '{"a":}'])
def test_what_is_no_object_is_no_record(text: str) -> None:
    """The same words for all of them."""
    with pytest.raises(Rejected, match="not a record: a JSON object of columns"):
        read_record(text)


def test_c22_numbers_are_kept_as_they_are_written() -> None:
    """Of 1.50 the zero, of a long one every digit."""
    digits = "9" * 5_000
    assert read_record(f'{{"a":1.50,"b":{digits}}}', as_written=True) == {"a": "1.50", "b": digits}


def test_c12_an_integer_of_any_length_is_a_number() -> None:
    """Python refuses to convert more than 4,300 digits."""
    assert (whole("-12"), whole("9" * 5_000)) == (-12, math.inf)
