"""Streams without a broker: contracts, windows, types of messages, routes, names of files."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.core.events import Streamed
from assay.hosts.stream.contract import StreamContract, StreamOptions, contract_of, read_contract
from assay.hosts.stream.decoding import NO_JSON, NO_OBJECT, NO_UTF8, NO_VALUE, Decoder
from assay.hosts.stream.kafka import properties
from assay.hosts.stream.landing import file_of
from assay.hosts.stream.messages import Message, ends_of, oldest_seconds
from assay.hosts.stream.routing import NO_ROUTE, UNKNOWN_ROUTE, DeadLetter, StreamedRow, outgoing
from assay.hosts.stream.window import begin_of, run_name, seconds_of
from assay.telemetry.instruments import Instruments

COLUMNS = {
    "id": "varchar",
    "amount": "bigint",
    "price": "decimal(9, 2)",
    "paid": "boolean",
    "at": "timestamp",
    "tags": "varchar[]",
    "shop": "struct(name varchar)",
    "more": "json",
}


def contract(**options: Any) -> StreamContract:
    """A contract of a stream of orders."""
    given = {"topic": "orders", "routes": ["good", "bad"], "required": ["id"]} | options
    return StreamContract(
        "stream", "select 1", ("w", "main", "b"), COLUMNS, StreamOptions(**given)
    )


def message(value: bytes | None, offset: int = 0, partition: int = 0) -> Message:
    """A message of the topic."""
    return Message("orders", partition, offset, 1_000, b"key", value)


def manifest(**stream: Any) -> dict[str, Any]:
    """A manifest in which a model streams."""
    columns = {"id": {"name": "id", "data_type": "varchar"}, "x": {"name": "x"}}
    place = {"database": "w", "schema": "main", "resource_type": "model"}
    bronze = place | {"name": "bronze", "alias": "bronze", "columns": columns, "config": {}}
    model = place | {
        "name": "stream",
        "config": {"meta": {"stream": {"topic": "t", "routes": ["r"]} | stream}},
        "compiled_code": "select 1;",
        "depends_on": {"nodes": ["bronze"]},
    }
    return {"nodes": {"bronze": bronze, "stream": model}, "sources": {}}


def test_a_contract_is_what_model_and_bronze_say() -> None:
    """Statement, relation, typed columns, names of topics; and it can be kept."""
    found = contract_of(manifest(window="15m"), "stream")

    assert found.sql == "select 1"
    assert found.relation == ("w", "main", "bronze")
    assert found.columns == {"id": "varchar"}
    assert found.topics == ("r", "t.dead", "t.unanswered")
    assert found.options.window == 900


def test_a_kept_contract_is_the_same(tmp_path: Path) -> None:
    """A start from what is kept is a start from what was compiled."""
    found = contract_of(manifest(window="15m", max_requests=3), "stream")
    (tmp_path / "stream.json").write_text(found.written())

    assert read_contract(tmp_path / "stream.json", "stream") == found
    with pytest.raises(ConfigError, match="stream other --check"):
        read_contract(tmp_path / "other.json", "other")


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ({"topics": "t"}, "`topics` is unknown; there are topic, routes"),
        ({"routes": []}, "`routes`"),
        ({"routes": ["a/b"]}, "'a/b' is no name of a topic"),
        ({"topic": ".."}, "'..' is no name of a topic"),
        ({"window": "soon"}, "'soon' is no span of time"),
        ({"required": ["y"]}, "`required` names y"),
        ({"reads": "other"}, "reads bronze, and a stream reads one relation"),
        ({"over_budget": "stop"}, "`over_budget`"),
    ],
)
def test_a_wrong_contract_is_refused(stream: dict[str, Any], said: str) -> None:
    """The key, and what it may be."""
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        contract_of(manifest(**stream), "stream")


def test_a_model_that_is_no_stream_is_told_how_to_be_one() -> None:
    """And one that is not there, which ones stream."""
    without = manifest()
    without["nodes"]["stream"]["config"]["meta"] = {}
    with pytest.raises(ConfigError, match="stream is no stream; give it `config: meta: stream:`"):
        contract_of(without, "stream")
    with pytest.raises(ConfigError, match=r"no model .none. in this project; .*: stream"):
        contract_of(manifest(), "none")


def test_a_stream_reads_one_relation() -> None:
    """Another one is not there where it runs."""
    two = manifest()
    two["nodes"]["other"] = two["nodes"]["bronze"] | {"name": "other"}
    two["nodes"]["stream"]["depends_on"]["nodes"].append("other")
    with pytest.raises(ConfigError, match="reads bronze, other, and a stream reads one"):
        contract_of(two, "stream")
    del two["nodes"]["bronze"]["columns"]["id"]
    two["nodes"]["stream"]["depends_on"]["nodes"].pop()
    with pytest.raises(ConfigError, match="bronze has no column with a `data_type`"):
        contract_of(two, "stream")


WHOLE = {
    "id": "o1",
    "amount": 3,
    "price": 1.5,
    "paid": True,
    "at": "2026-01-02T03:04:05",
    "tags": ["a"],
    "shop": {"name": "s"},
    "more": {"any": [1]},
    "unknown": 1,
}


def test_a_message_is_a_row_of_its_types() -> None:
    """With where it came from, and as it came."""
    table, letters = Decoder(contract()).decode([message(json.dumps(WHOLE).encode(), 7)])
    (row,) = table.to_pylist()

    assert letters == []
    assert row["amount"] == 3
    assert row["paid"] is True
    assert row["at"] == datetime.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as DuckDB has it
    assert row["tags"] == ["a"]
    assert row["shop"] == {"name": "s"}
    assert (row["_partition"], row["_offset"], row["_key"]) == (0, 7, "key")
    assert json.loads(row["_raw"])["unknown"] == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, NO_VALUE),
        (b"\xff", NO_UTF8),
        (b"", NO_JSON),
        (b'{"id": "a"', NO_JSON),
        (b"[" * 100_000, NO_JSON),
        (b'{"id": "\\ud800"}', NO_JSON),
        (b'"text"', NO_OBJECT),
        (b"null", NO_OBJECT),
        (b"{}", "it lacks `id`"),
        (b'{"id": null}', "it lacks `id`"),
        (b'{"id": 5}', "`id` is no varchar"),
        (b'{"id": "a", "amount": 1.5}', "`amount` is no bigint"),
        (b'{"id": "a", "amount": "1"}', "`amount` is no bigint"),
        (b'{"id": "a", "amount": 99999999999999999999}', "`amount` is no bigint"),
        (b'{"id": "a", "price": 1e300}', "`price` is no decimal(9, 2)"),
        (b'{"id": "a", "paid": "yes"}', "`paid` is no boolean"),
        (b'{"id": "a", "at": "soon"}', "`at` is no timestamp"),
        (b'{"id": "a", "tags": "a"}', "`tags` is no varchar[]"),
        (b'{"id": "a", "shop": [1]}', "`shop` is no struct(name varchar)"),
    ],
)
def test_what_is_no_row_has_its_reason(value: bytes | None, reason: str) -> None:
    """Nothing of what it held is in the reason; the messages beside it are rows."""
    good = message(b'{"id": "good"}', 9)
    table, (letter,) = Decoder(contract()).decode([message(value), good])

    assert [row["id"] for row in table.to_pylist()] == ["good"]
    assert letter.reason == reason


def test_a_message_that_is_too_large_is_not_read() -> None:
    """Its letter leaves the value where it is."""
    small = contract(max_bytes=10)
    huge = message(b'{"id": "0123456789"}')
    table, letters = Decoder(small).decode([huge])
    (sent,) = outgoing(small, {huge.place: huge}, [], letters)

    assert table.num_rows == 0
    assert letters[0].reason == "its value has 20 bytes, more than the 10 of `max_bytes`"
    assert (sent.topic, sent.value) == ("orders.dead", None)


@pytest.mark.parametrize(
    ("route", "unanswered", "kind", "topic"),
    [
        ("good", "", "routed", "good"),
        ("orders", "", "dead", "orders.dead"),
        ("", "", "dead", "orders.dead"),
        (None, "", "dead", "orders.dead"),
        ("good", "topic=invalid", "unanswered", "orders.unanswered"),
    ],
)
def test_a_row_goes_to_a_topic_of_the_contract(
    route: str | None, unanswered: str, kind: str, topic: str
) -> None:
    """Or to the dead; what has no answer goes as it came."""
    came = message(b"as it came", 3, 1)
    row = StreamedRow(1, 3, route, unanswered, None, "{}")
    (sent,) = outgoing(contract(), {came.place: came}, [row], [])

    assert (sent.kind, sent.topic) == (kind, topic)
    assert dict(sent.headers)["assay-source"] == b"orders/1/3"
    assert sent.value == (b"{}" if kind == "routed" else b"as it came")
    reasons = {None: NO_ROUTE, "good": None}
    wanted = reasons.get(route, UNKNOWN_ROUTE)
    assert dict(sent.headers).get("assay-error") == (wanted.encode() if wanted else None)


def test_the_key_is_that_of_the_message_or_a_column() -> None:
    """As the contract says."""
    came = message(b"{}")
    row = StreamedRow(0, 0, "good", "", "own", "{}")
    keys = [
        next(outgoing(one, {came.place: came}, [row], [])).key
        for one in (contract(), contract(key="id"))
    ]
    assert keys == [b"key", b"own"]


def test_letters_come_last() -> None:
    """The order of rows is that of their partition."""
    came = {(0, n): message(b"{}", n) for n in range(3)}
    rows = [StreamedRow(0, n, "good", "", None, "{}") for n in (0, 2)]
    sent = list(outgoing(contract(), came, rows, [DeadLetter(came[(0, 1)], "odd")]))
    assert [one.kind for one in sent] == ["routed", "routed", "dead"]


def test_offsets_to_commit_are_behind_the_batch() -> None:
    """Of each partition that is in it."""
    batch = [message(b"", 4), message(b"", 5), message(b"", 9, 2)]
    assert ends_of(batch) == {0: 6, 2: 10}
    assert oldest_seconds(batch, 3_500) == 2.5
    assert oldest_seconds([], 3_500) == 0


def test_a_file_is_named_by_what_is_in_it() -> None:
    """However many partitions there are, its name is short enough."""
    batch = [message(b"", 4), message(b"", 5), message(b"", 9, 2)]
    assert file_of(batch) == file_of(batch[::-1]) == "0-4-5_2-9-9.parquet"
    many = [message(b"", 10**9 + n, n) for n in range(64)]
    assert len(file_of(many)) < 100
    assert file_of(many) != file_of(many[:-1])


def test_windows_are_of_the_clock() -> None:
    """The same for every process, whenever it was started."""
    now = datetime.datetime(2026, 12, 1, 4, 37, 12, tzinfo=datetime.UTC)
    assert begin_of(now, 900).isoformat() == "2026-12-01T04:30:00+00:00"
    assert run_name("m", begin_of(now, 86_400)) == "stream-m-20261201T000000Z"
    assert [seconds_of(span) for span in ("90s", "15m", "1h", "2d", 60)] == [
        90,
        900,
        3600,
        172_800,
        60,
    ]
    for wrong in ("0s", "1w", "40d", True, None, -1):
        with pytest.raises(ValueError, match="is no span of time"):
            seconds_of(wrong)


def test_properties_of_the_client_come_from_a_file(tmp_path: Path) -> None:
    """But for those that promises hang on; a line is never shown."""
    file = tmp_path / "kafka.properties"
    file.write_text("# ours\nsasl.password = a=b \n\nsecurity.protocol=SASL_SSL\n")
    assert properties(file) == {"sasl.password": "a=b", "security.protocol": "SASL_SSL"}
    file.write_text("enable.auto.commit=true")
    with pytest.raises(ConfigError, match=r"sets enable\.auto\.commit, which a stream"):
        properties(file)
    file.write_text("canary")
    with pytest.raises(ConfigError, match=r"Line 1 of .* is no `name=value`") as told:
        properties(file)
    assert "canary" not in str(told.value)


def test_a_batch_is_seen_by_whoever_watches() -> None:
    """Counts by what became of messages, seconds, lag, and the age of the oldest."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    batch = Streamed("events", {"routed": 3, "dead": 1}, 0.5, 7, 2.0)
    Instruments(provider.get_meter("assay"), {}).see(batch)
    data = reader.get_metrics_data()
    assert data is not None
    points: dict[str, list[Any]] = {
        metric.name: list(metric.data.data_points)
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }
    provider.shutdown()

    assert {
        point.attributes["assay.stream.end"]: point.value
        for point in points["assay.stream.messages"]
    } == {"routed": 3, "dead": 1}
    assert [point.value for point in points["assay.stream.lag"]] == [7]
    assert [point.value for point in points["assay.stream.oldest"]] == [2.0]
