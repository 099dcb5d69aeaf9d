"""Where gold is delivered to: addresses, keys, and how values travel. No destination is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.cli import delivery
from assay.core.errors import ConfigError
from assay.project.publishing.deliver import chosen_keys
from assay.project.publishing.destinations.contract import CarriedColumn, differing, travelling
from assay.project.publishing.destinations.open import open_destination, shown
from assay.project.publishing.gold import gold_keys


def model(name: str, **more: Any) -> dict[str, Any]:
    """A model of gold, as the manifest has it."""
    config = {"materialized": "table", **more.pop("config", {})}
    return {
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "gold",
        "fqn": ["shop", "gold", name],
        "path": f"gold/{name}.sql",
        "original_file_path": f"models/gold/{name}.sql",
        "tags": [],
        "config": config,
        "depends_on": {"nodes": []},
        **more,
    }


def manifest(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A manifest of these models."""
    return {
        "metadata": {"project_name": "shop"},
        "nodes": {node["unique_id"]: node for node in nodes},
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("lancedb:data/vectors", "lancedb:data/vectors"),
        ("json:site/gold.json", "json:site/gold.json"),
        ("delta:lake", "delta:lake"),
        ("delta:s3://bucket/lake", "delta:s3://bucket/lake"),
        ("iceberg:lake", "iceberg:lake"),
        ("ducklake:gold.ducklake", "ducklake:gold.ducklake"),
        ("parquet:lake?by=country,year", "parquet:lake"),
        ("postgresql://me:p%40ss@db.example/shop?sslmode=require", "postgresql://db.example/shop"),
        ("postgres://db/shop", "postgres://db/shop"),
    ],
)
def test_an_address_is_told_without_what_is_secret(address: str, name: str) -> None:
    """User, password and options stay where they are."""
    open_destination(address)
    assert shown(address) == name


@pytest.mark.parametrize(
    "address",
    [
        "lancedb:",
        "json:",
        "json:site",
        "json:s3://bucket/gold.json",
        "lancedb:s3://bucket",
        "parquet:",
        "parquet:s3://bucket",
        "delta:gs://bucket/gold",
        "iceberg:s3://bucket",
        "ducklake:",
        "mysql://me:pw@db/shop",
        "x",
    ],
)
def test_an_address_of_nothing_is_told_what_there_is(address: str) -> None:
    """Each kind, by how it is written; no password is repeated."""
    with pytest.raises(ConfigError, match="write json:FILE, parquet:FOLDER, delta") as caught:
        open_destination(address)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("option", ["parts=a", "by=", "by=a,", "by=a&x=1"])
def test_an_option_that_is_none_is_told(option: str) -> None:
    """Columns by which a table is parted are the only one."""
    with pytest.raises(ConfigError, match=r"is no option of parquet:FOLDER; name the columns"):
        open_destination(f"parquet:lake?{option}")


def test_a_key_is_what_the_model_says_or_what_its_tests_say() -> None:
    """`unique_key` first, then what dbt made of constraints and tests."""
    found = gold_keys(
        manifest(
            model("said", config={"unique_key": "a"}, primary_key=["b"]),
            model("tested", primary_key=["b"]),
            model("none", primary_key=[]),
        )
    )
    assert found == {"none": [], "said": ["a"], "tested": ["b"]}


def test_tables_are_chosen_by_name_or_all_are() -> None:
    """Each with its key."""
    keys = {"mails": ["mail_id"], "topics": ["topic"]}
    assert chosen_keys(keys, []) == keys
    assert chosen_keys(keys, ["topics"]) == {"topics": ["topic"]}


def test_what_cannot_be_chosen_is_told() -> None:
    """A name that gold has not, and a table without a key."""
    with pytest.raises(ConfigError, match="'mail' is no table of gold; there are mails, topics"):
        chosen_keys({"mails": [], "topics": []}, ["mail"])
    with pytest.raises(
        ConfigError, match="mails cannot be delivered without a key; name the column"
    ):
        chosen_keys({"mails": [], "topics": ["topic"]}, [])


def test_tables_without_a_destination_are_told(tmp_path: Path) -> None:
    """All of gold is published, always."""
    with pytest.raises(ConfigError, match="`mails` is for --to"):
        delivery.orders(tmp_path, [], ["mails"])


@pytest.mark.parametrize(
    ("kind", "travels", "sql"),
    [
        ("FLOAT[256]", "FLOAT[256]", '"x"'),
        ("DECIMAL(18,3)", "DECIMAL(18,3)", '"x"'),
        ("UTINYINT", "SMALLINT", '"x"::SMALLINT'),
        ("HUGEINT", "VARCHAR", '"x"::varchar'),
        ("UUID", "VARCHAR", '"x"::varchar'),
        ("FLOAT[]", "VARCHAR", 'to_json("x")::varchar'),
        ("STRUCT(a INTEGER)", "VARCHAR", 'to_json("x")::varchar'),
        ("MAP(VARCHAR, INTEGER)", "VARCHAR", 'to_json("x")::varchar'),
        ("ENUM('a]', 'b')", "VARCHAR", '"x"::varchar'),
    ],
)
def test_a_value_travels_in_a_type_that_all_have(kind: str, travels: str, sql: str) -> None:
    """Vectors and plain values as they are, nested ones as JSON, the rest as text."""
    assert travelling("x", kind) == (CarriedColumn("x", travels), sql)


def test_columns_that_differ_are_told_both_ways() -> None:
    """What a table lacks, and what it has beside."""
    said = differing([("a", "text"), ("b", "text")], [("a", "text"), ("b", "date")])
    assert said == "it lacks b (date), it has b (text)"
    assert differing([("a", "text")], [("a", "text")]) == ""
