"""Frames: the columns that a suite reads, in types that can be compared."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from assay.project.gates.frames import explained, frame_of
from assay.project.gates.records import Expectation, Suite

ORDERS = """
    select
        range as id,
        {'value': 'a', 'status': 'ok'} as topic,
        1.5::decimal(8, 2) as price,
        date '2026-01-01' as day,
        uuid() as token,
        'canary' as name
    from range(3)
"""


@pytest.fixture
def orders() -> Iterator[duckdb.DuckDBPyRelation]:
    """Three rows with a type of each kind."""
    with duckdb.connect() as connection:
        yield connection.query(ORDERS)


def suite(*columns: str, **computed: str) -> Suite:
    """A suite that reads these columns."""
    items = [Expectation("expect", {"column": name}, 1) for name in (*columns, *computed)]
    return Suite("orders", tuple(items), computed)


def test_only_what_is_read_is_fetched(orders: duckdb.DuckDBPyRelation) -> None:
    """Each column once, envelopes unpacked by SQL."""
    frame = frame_of(orders, suite("id", "id", topic_value="topic.value"))
    assert list(frame.data.columns)[1:] == ["id", "topic_value"]
    assert frame.data["topic_value"].tolist() == ["a", "a", "a"]
    assert frame.errors == {}


def test_types_that_great_expectations_cannot_compare_are_cast(
    orders: duckdb.DuckDBPyRelation,
) -> None:
    """Decimals, dates and identifiers."""
    frame = frame_of(orders, suite("price", "day", "token"))
    assert [str(kind) for kind in frame.data.dtypes][1:] == ["float64", "str", "str"]
    assert frame.data.columns.tolist()[1:] == ["price as number", "day as text", "token as text"]


def test_rows_are_there_without_columns(orders: duckdb.DuckDBPyRelation) -> None:
    """For a suite that only counts them."""
    assert len(frame_of(orders, suite()).data) == 3


def test_a_column_that_cannot_be_made_is_told_of(orders: duckdb.DuckDBPyRelation) -> None:
    """The others are there all the same."""
    frame = frame_of(orders, suite("id", "nope", odd="topic.valu"))
    assert list(frame.data.columns)[1:] == ["id"]
    assert frame.errors["nope"].startswith(
        'BinderException: Binder Error: Referenced column "nope"'
    )
    assert frame.errors["odd"].startswith("BinderException")


def test_f09_an_error_about_a_value_does_not_quote_it(orders: duckdb.DuckDBPyRelation) -> None:
    """Its class is all that is told."""
    with pytest.raises(duckdb.ConversionException, match="canary") as caught:
        frame_of(orders, suite(number="name::integer"))
    assert explained(caught.value) == "ConversionException"
