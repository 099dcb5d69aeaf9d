"""What is counted of a table, and which table is meant."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import duckdb
import pytest

from assay.core.errors import ConfigError
from assay.project.suggestions.dependencies import dependencies
from assay.project.suggestions.detectors import fences
from assay.project.suggestions.profiles import SAMPLE_ROWS, Spread, profile
from assay.project.suggestions.relations import Relation, find_table

from .tables import TABLE, put, put_columns


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory."""
    with duckdb.connect() as opened:
        yield opened


def test_the_columns_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    """Types, NULLs, keys, spread, templates, markers."""
    day = datetime.date(1970, 1, 3)
    put(
        connection,
        id=range(4),
        code=["A-1", "A-22", "N/A", None],
        size=[1.0, 2.0, 3.0, None],
        day=[day] * 4,
        sure=[True, None, None, None],
        tags=[["x"], [], [], []],
    )
    found = profile(connection, TABLE)

    assert (found.rows, found.sampled) == (4, 4)
    families = [column.family for column in found.columns]
    assert families == ["number", "text", "number", "time", "boolean", "other"]
    assert [column.name for column in found.columns if column.unique] == ["id"]
    assert [column.nulls for column in found.columns] == [0, 1, 1, 0, 3, 0]
    code = found.column("code")
    assert code.templates == {"A-9": 2, "N/A": 1}
    assert code.exact == {"A-9": 1, "A-99": 1, "N/A": 1}
    assert code.markers == {"N/A": 1}
    assert found.column("size").spread == Spread(1, 1.5, 2, 2.5, 3)
    assert found.column("day").spread == Spread(2, 2, 2, 2, 2)


def test_a_large_table_is_sampled_the_same_way_each_time(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """With the same rows the provider is handed the same text, and pays once."""
    connection.execute(
        "create table things as select range % 977 as n, range as id "
        f"from range({SAMPLE_ROWS * 3})"
    )
    first, second = profile(connection, TABLE), profile(connection, TABLE)

    assert (first.rows, first.sampled) == (SAMPLE_ROWS * 3, SAMPLE_ROWS)
    assert first == second


def test_a_dependency_is_found_once_it_is_one(connection: duckdb.DuckDBPyConnection) -> None:
    """Two columns together may determine a third that neither does."""
    rows = range(360)
    put(
        connection,
        shop=[f"s{i % 6}" for i in rows],
        shelf=[f"f{i // 6 % 5}" for i in rows],
        thing=[f"t{(i % 6) * 31 + (i // 6 % 5) * 17}" for i in rows],
        chance=[i * 7919 % 11 for i in rows],
    )
    found = dependencies(connection, profile(connection, TABLE))

    assert [
        (each.determinants, each.dependent) for each in found if each.dependent == "thing"
    ] == [(("shelf", "shop"), "thing")]
    assert not [each for each in found if "chance" in (*each.determinants, each.dependent)]


def test_skewed_numbers_are_far_out_by_ratio_too() -> None:
    """Of positive numbers 0 is the lower bound; of others the distance alone counts."""
    assert fences(Spread(1, 10, 20, 40, 9)) == (0, 2560)
    assert fences(Spread(-9, -10, 0, 10, 9)) == (-70, 70)


MANIFEST = {
    "nodes": {
        "model.x.orders": {
            "resource_type": "model",
            "name": "orders",
            "schema": "gold",
            "alias": "orders_v2",
        }
    },
    "sources": {
        "source.x.shop.carts": {
            "name": "carts",
            "source_name": "shop",
            "schema": "raw",
            "identifier": "raw_carts",
        }
    },
}


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("orders", "gold.orders_v2"),
        ("shop.carts", "raw.raw_carts"),
        ("carts", "raw.raw_carts"),
        ("raw.twice", "raw.twice"),
        ("raw_carts", "raw.raw_carts"),
    ],
)
def test_a_relation_is_found_by_its_names(
    connection: duckdb.DuckDBPyConnection, relation: str, expected: str
) -> None:
    """Those of dbt, and those of the warehouse."""
    _put_named(connection)

    table = find_table(connection, relation, MANIFEST)
    assert f"{table.schema}.{table.name}" == expected


@pytest.mark.parametrize(
    ("relation", "told"),
    [
        ("twice", "may be gold.twice, raw.twice"),
        ("raw_cart", "did you mean 'raw_carts'"),
        ('"; drop table raw.twice; --', "There is no table"),
    ],
)
def test_a_relation_that_is_none_is_told_of(
    connection: duckdb.DuckDBPyConnection, relation: str, told: str
) -> None:
    """With what to do."""
    _put_named(connection)
    with pytest.raises(ConfigError, match=told):
        find_table(connection, relation, {})


def _put_named(connection: duckdb.DuckDBPyConnection) -> None:
    for schema in ("gold", "raw"):
        connection.execute(f"create schema {schema}")
        put_columns(connection, {"n": [1]}, Relation(schema, "twice"))
    put_columns(connection, {"n": [1]}, Relation("gold", "orders_v2"))
    put_columns(connection, {"n": [1]}, Relation("raw", "raw_carts"))
