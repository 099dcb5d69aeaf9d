"""Files of a folder, objects of a bucket, tables of Postgres: what is new, and nothing twice."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ..destinations.conftest import Postgres
from .conftest import KEYS, KEYS_OF_BOTO, Loading, example

pytestmark = pytest.mark.sources

FOLDERS = """
from assay.sources import files


def source():
    return [
        files("data/orders/*.csv"),
        files("data/events/*.jsonl.gz", name="happenings"),
        files("data/parts/**/*.parquet"),
    ]
"""


def test_files_are_read_when_they_are_new_or_changed(loading: Loading) -> None:
    """A file that changed has new rows in the place of its old ones; no type is guessed."""
    data = loading.root / "data"
    for folder in ("orders", "events", "parts/a"):
        (data / folder).mkdir(parents=True)
    (data / "orders/1.csv").write_text("id,body\n1,one\n2,two\n")
    (data / "orders/2.csv").write_text("id,body\n003,three\n")
    events = b'{"id": 1, "tags": ["a"], "place": {"x": 1}}\n{"id": 2}\n'
    (data / "events/1.jsonl.gz").write_bytes(gzip.compress(events))
    pq.write_table(pa.table({"id": [1], "price": [Decimal("1.50")]}), data / "parts/a/1.parquet")
    loading.source("folders", FOLDERS)
    first = loading.loaded()["folders"]
    again = loading.loaded()["folders"]
    (data / "orders/2.csv").write_text("id,body\n003,three again\n4,four\n")
    (data / "orders/1.csv").unlink()
    os.utime(data / "events/1.jsonl.gz", (1, 1))
    changed = loading.loaded()["folders"]

    assert (first["status"], first["rows"]) == ("ok", 6), first
    assert (again["status"], again["rows"]) == ("ok", 0)
    assert changed["rows"] == 4  # one CSV, and the events, whose time is another
    assert loading.rows("select id, body, source_file from bronze_raw.orders order by 1") == [
        ("003", "three again", "data/orders/2.csv"),
        ("1", "one", "data/orders/1.csv"),
        ("2", "two", "data/orders/1.csv"),
        ("4", "four", "data/orders/2.csv"),
    ]
    assert loading.rows("select id, tags, place from bronze_raw.happenings order by 1") == [
        (1, '["a"]', '{"x":1}'),
        (2, None, None),
    ]
    assert loading.rows("select id, price from bronze_raw.parts") == [(1, Decimal("1.50"))]


def test_what_is_wrong_with_files_is_told(loading: Loading) -> None:
    """A pattern without a file, without a kind, a protocol that nobody speaks, a broken line."""
    (loading.root / "data").mkdir()
    (loading.root / "data/odd.jsonl").write_text("[1]\n")
    for name, pattern in {
        "gone": "data/none/*.csv",
        "kind": "data/*",
        "web": "https://example.org/a.csv",
        "line": "data/odd.jsonl",
    }.items():
        loading.source(
            name, f"from assay.sources import files\ndef source():\n    return files({pattern!r})"
        )
    told = {name: one["error"] for name, one in loading.loaded().items()}

    assert "There is no file " in told["gone"]
    assert "data/none/*.csv; see to the name, or remove the source." in told["gone"]
    assert told["kind"].startswith("data/* does not say what its files are; let it end in one of")
    assert told["web"].startswith("https://example.org/a.csv cannot be read; write s3://")
    assert told["line"].startswith("data/odd.jsonl has a line that is no JSON object")


def test_objects_of_a_bucket_as_files_of_a_folder(loading: Loading, s3: str) -> None:
    """New and changed objects alone; keys of the environment, which are told to nobody."""
    import boto3

    client = boto3.client("s3", endpoint_url=s3, **KEYS_OF_BOTO)
    client.put_object(Bucket="lake", Key="orders/1.csv", Body=b"id,body\n1,one\n2,two\n")
    loading.source("lake", example("s3://").replace(".parquet", ".csv"))
    loading.project.env |= KEYS | {"AWS_ENDPOINT_URL": s3}
    first = loading.loaded()["lake"]
    client.put_object(Bucket="lake", Key="orders/2.csv", Body=b"id,body\n3,three\n")
    second = loading.loaded()["lake"]
    third = loading.loaded()["lake"]
    refused = loading.loaded(AWS_ENDPOINT_URL="http://127.0.0.1:9")["lake"]

    assert [(one["status"], one["rows"]) for one in (first, second, third)] == [
        ("ok", 2),
        ("ok", 1),
        ("ok", 0),
    ], (first, second, third)
    assert loading.rows("select id, source_file from bronze_raw.orders order by 1") == [
        ("1", "s3://lake/orders/1.csv"),
        ("2", "s3://lake/orders/1.csv"),
        ("3", "s3://lake/orders/2.csv"),
    ]
    assert refused["status"] == "failed"
    assert "canary-lake-secret" not in str(refused)


def test_a_table_of_postgres_by_its_cursor(loading: Loading, orders: Postgres) -> None:
    """Fifty thousand rows, then what changed, then nothing; a table without a cursor whole."""
    orders.execute(
        f"create type {orders.schema}.mood as enum ('glad', 'sad')",
        f"create table {orders.schema}.orders as select i as id, (i * 1.25)::numeric(12, 2) as "
        f"amount, 'note ' || i as note, jsonb_build_object('a', i) as doc, gen_random_uuid() as "
        f"uid, timestamptz '2026-11-01' + i * interval '1 second' as updated_at, "
        f"array['x', 'y'] as tags, 'glad'::{orders.schema}.mood as mood, '10.0.0.1'::inet as ip, "
        "(i * 1.5)::numeric as free from generate_series(1, 50000) as s(i)",
        f"create table {orders.schema}.kinds as select 'a' as kind union all select 'b'",
    )
    loading.project.env["SHOP_DATABASE"] = orders.server
    loading.source("shop", example("postgres(").replace("public.", f"{orders.schema}."))
    first = loading.loaded()["shop"]
    orders.execute(
        f"update {orders.schema}.orders set note = 'changed', updated_at = now() where id <= 7",
        f"insert into {orders.schema}.orders (id, updated_at) values (50001, now())",
        f"delete from {orders.schema}.kinds where kind = 'a'",
    )
    second = loading.loaded()["shop"]
    third = loading.loaded()["shop"]

    assert (first["status"], first["rows"]) == ("ok", 50_002), first
    assert (second["status"], second["rows"]) == ("ok", 9), second
    assert (third["status"], third["rows"]) == ("ok", 1)
    assert loading.count("orders") == (50_001, 50_001)
    assert loading.rows("select kind from bronze_raw.kinds") == [("b",)]
    assert loading.rows(
        "select amount, note, doc, tags, mood, ip, free from bronze_raw.orders where id = 8"
    ) == [(Decimal("10.00"), "note 8", '{"a": 8}', '["x","y"]', "glad", "10.0.0.1/32", "12.0")]
    assert loading.rows("select count(*) from bronze_raw.orders where note = 'changed'") == [(7,)]


def test_what_is_wrong_with_postgres_is_told(loading: Loading, orders: Postgres) -> None:
    """A table or a column that is not there, a cursor without a key, a server that is none."""
    orders.execute(f"create table {orders.schema}.there (id int)")
    calls = {
        "table": f"secret('SHOP'), '{orders.schema}.gone'",
        "column": f"secret('SHOP'), '{orders.schema}.there', cursor='at', primary_key='id'",
        "key": f"secret('SHOP'), '{orders.schema}.there', cursor='id'",
        "server": "secret('NOBODY'), 'there'",
        "unset": "secret('UNSET'), 'there'",
    }
    for name, call in calls.items():
        loading.source(
            name,
            "from assay.sources import postgres, secret\n"
            f"def source():\n    return postgres({call})",
        )
    nobody = "postgresql://me:canary-pass@127.0.0.1:9/shop"
    told = {
        name: one["error"]
        for name, one in loading.loaded(SHOP=orders.server, NOBODY=nobody).items()
    }

    assert "gone in Postgres that may be read; see to its name." in told["table"]
    assert "has no column at; name another `cursor=`." in told["column"]
    assert "say its `primary_key=`" in told["key"]
    assert told["unset"].startswith("The secret UNSET is not set; set the environment variable")
    assert "canary-pass" not in told["server"]
    assert "refused" in told["server"]
