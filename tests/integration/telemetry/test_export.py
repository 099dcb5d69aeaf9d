"""Traces and metrics of a run, as a real receiver of OTLP/HTTP decodes them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.faultd import FaultServer

from ..faults.engine_room import CLASSIFY, KEY, SUMMARY, engine_room, texts
from .receiver import Receiver, attributes, named, points, walk

CANARY = "row-canary-8c1d"
HEADER_KEY = "otlp-key-canary-77ab"

Export = Callable[..., Receiver]


@pytest.fixture
def export(
    server: FaultServer, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Export:
    """Run an engine that exports to the receiver, and return the receiver once it has ended."""

    def run(scenario: str = "good", count: int = 6, **changed: Any) -> Receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        prices = {"price_input_usd": 1.0, "price_output_usd": 2.0}
        with engine_room(server.url(scenario), tmp_path, **(prices | changed)) as room:
            handle = room.resolver.register(json.dumps(CLASSIFY))
            given = [f"{text} {CANARY}" for text in texts(count)]
            room.run.begin_gather("silver_reviews")
            room.resolver.gather(handle, given, "silver_reviews")
            room.run.end_gather()
            room.resolver.ask(handle, given)
        return receiver

    return run


def test_a_run_is_a_tree_of_spans(export: Export) -> None:
    """Run → node → pack → attempt; six texts are two packs of up to four."""
    spans = export().spans
    ways = sorted(list(walk(spans, span)) for span in named(spans, "chat "))
    tree = ["chat stub", "assay.pack", "assay.node silver_reviews", "assay.run"]

    assert ways == [tree, tree]
    assert len({span.trace_id for span in spans}) == 1
    assert all(
        span.start_time_unix_nano <= span.end_time_unix_nano and span.end_time_unix_nano
        for span in spans
    )


def test_a_span_of_an_attempt_follows_the_conventions(export: Export, server: FaultServer) -> None:
    """Operation, provider, models, tokens, server; and what it was for in names of ours."""
    spans = export(count=4).spans
    (chat,) = named(spans, "chat ")
    said = attributes(chat)
    (entry,) = server.ledger.entries

    assert chat.kind == 3  # CLIENT
    assert said["gen_ai.operation.name"] == "chat"
    assert said["gen_ai.provider.name"] == "openai"
    assert said["gen_ai.request.model"] == "stub"
    assert said["gen_ai.response.model"] == "stub"
    assert said["gen_ai.usage.input_tokens"] == entry.prompt_tokens
    assert said["gen_ai.usage.output_tokens"] == entry.completion_tokens
    assert (said["server.address"], said["server.port"]) == ("127.0.0.1", _port(server))
    assert (said["assay.records"], said["assay.asks"], said["assay.answers"]) == (4, 4, 4)
    assert "error.type" not in said
    assert attributes(named(spans, "assay.run")[0]) == {"assay.invocation_id": "a-run"}


def test_a_failed_attempt_says_which_error_and_stays_in_its_pack(export: Export) -> None:
    """The first sending meets a 503, the second is answered; both hang below one pack."""
    spans = export("s503,first=1", count=4).spans
    failed, answered = sorted(named(spans, "chat "), key=lambda span: span.start_time_unix_nano)

    assert attributes(failed)["error.type"] == "retryable"
    assert attributes(failed)["http.response.status_code"] == 503
    assert (failed.status.code, answered.status.code) == (2, 0)
    assert failed.parent_span_id == answered.parent_span_id
    assert len(named(spans, "assay.pack")) == 1


def test_metrics_add_up_with_the_server(export: Export, server: FaultServer) -> None:
    """Durations, tokens by type, money, answers; nothing is in flight at the end."""
    metrics = export().metrics()
    entries = server.ledger.entries
    duration = points(metrics["gen_ai.client.operation.duration"])
    tokens = {
        attributes(point)["gen_ai.token.type"]: point.sum
        for point in points(metrics["gen_ai.client.token.usage"])
    }
    sent = sum(entry.prompt_tokens for entry in entries)
    got = sum(entry.completion_tokens for entry in entries)

    assert sum(point.count for point in duration) == len(entries) == 2
    assert tokens == {"input": sent, "output": got}
    assert _sum(metrics["assay.cost"]) == pytest.approx((sent + 2 * got) / 1e6)
    assert _sum(metrics["assay.answers"]) == 6
    assert _sum(metrics["assay.requests.in_flight"]) == 0
    assert attributes(duration[0])["gen_ai.response.model"] == "stub"


def test_failures_and_store_hits_are_counted(export: Export) -> None:
    """What is refused is a failure by its status; the second run finds the rest in the store."""
    metrics = export("refuse", count=2).metrics()
    (refused,) = points(metrics["assay.failures"])
    assert (refused.as_int, attributes(refused)["error.type"]) == (2, "refused")

    export("good", count=4)
    metrics = export("good", count=4).metrics()
    assert _sum(metrics["assay.store.hits"]) == 2


def test_a_pack_of_two_nodes_is_linked_to_the_second(
    server: FaultServer, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs below the node that came first."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{receiver.url}/v1/traces")
    with engine_room(server.url(), tmp_path) as room:
        handle = room.resolver.register(json.dumps(CLASSIFY))
        for node, text in {"first": "one text", "second": "another text"}.items():
            room.run.begin_gather(node)
            room.resolver.gather(handle, [text], node)
        for _ in range(2):
            room.run.end_gather()
        room.resolver.ask(handle, ["one text", "another text"])
    (pack,) = named(receiver.spans, "assay.pack")
    nodes = {span.name: span.span_id for span in named(receiver.spans, "assay.node")}

    assert pack.parent_span_id == nodes["assay.node first"]
    assert [link.span_id for link in pack.links] == [nodes["assay.node second"]]
    assert receiver.metrics() == {}


def test_no_text_no_prompt_and_no_key_leave(
    export: Export, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor the instructions; the header goes to the receiver and is written nowhere."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key={HEADER_KEY}")
    received = export()
    said = b"\n".join(received.bodies)

    assert received.spans
    assert received.headers[0]["x-api-key"] == HEADER_KEY
    for secret in (CANARY, KEY, HEADER_KEY, "billing", "answers"):
        assert secret.encode() not in said.replace(b"assay.answers", b"").replace(
            b"Answers accepted", b""
        ).replace(b"Answers that the store knew", b"")
    assert HEADER_KEY not in "".join(capfd.readouterr())


def test_who_exports_can_be_named_by_the_standard_variables(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`OTEL_SERVICE_NAME` goes before our own name."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    assert {one["service.name"] for one in export(count=1).resources()} == {"nightly"}


@pytest.fixture(params=["refused", "hangs", "fails"])
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """The endpoint of a receiver that nobody runs, that never answers, or that always fails."""
    if request.param == "refused":
        yield "http://127.0.0.1:9"
        return
    faults: dict[str, Any] = {"hang": 30} if request.param == "hangs" else {"status": 503}
    with Receiver(**faults) as running:
        yield running.url


def test_a_broken_receiver_neither_fails_nor_delays_a_run(
    broken: str,
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """All answers arrive, the end takes at most two seconds more, and one line tells of it."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", broken)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-api-key={HEADER_KEY}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with engine_room(server.url(), tmp_path) as room:
        outcomes = room.ask(texts(40), SUMMARY)
        started = time.monotonic()
    took = time.monotonic() - started
    said = "".join(capfd.readouterr())

    assert [outcome.status for outcome in outcomes] == ["ok"] * 40
    assert took < 2
    assert said.count("telemetry did not arrive") == said.count("\n") == 1
    assert HEADER_KEY not in said


def _port(server: FaultServer) -> int:
    return int(server.url().rpartition(":")[2].partition("/")[0])


def _sum(metric: Any) -> float:
    return sum(getattr(point, point.WhichOneof("value")) for point in points(metric))
