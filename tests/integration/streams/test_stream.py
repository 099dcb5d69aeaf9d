"""A stream on a real broker: where messages go, what is paid, and what a build then costs."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from assay.faultd import FaultServer, Latency

from ..dbt.project import asking
from .conftest import STREAM, Streaming, events, free_port, sources

pytestmark = pytest.mark.streams

BAD = {
    b"{not json": "its value is no JSON",
    b"[]": "its value is JSON, but no object",
    b'{"body": "mine"}': "it lacks `id`",
    b'{"id": "x", "amount": "many"}': "`amount` is no bigint",
    b'{"id": "x", "body": {"text": "deep"}}': "`body` is no varchar",
    b"\xff\xfe": "its value is no UTF-8",
    b'{"id": "x", "body": "' + b"a" * 1000 + b'"}': "its value has 1023 bytes",
}


def test_each_message_goes_where_it_belongs(streaming: Streaming) -> None:
    """Routed, or dead with its reason; a build over what was landed then asks nothing."""
    streaming.say(max_bytes=500)
    with FaultServer() as server:
        streaming.project.env |= asking(server)
        streaming.compiled()
        streaming.broker.produce(streaming.topic, [*events(0, 300), *BAD])
        done = streaming.stream()
        asked = len(server.ledger.entries)
        build = streaming.project.dbt("build")
        assert build.code == 0, build.output
        assert 0 < asked == len(server.ledger.entries)
    sent = streaming.everything(300 + len(BAD))

    assert done["messages"] == len(sent) == len(sources(sent)) == 300 + len(BAD)
    dead = {one.headers["assay-error"].decode() for one in sent if one.topic == streaming.dead}
    assert all(any(said.startswith(reason) for said in dead) for reason in BAD.values())
    routed = {one.row["id"]: one for one in sent if one.topic in streaming.outputs}
    assert routed.keys() == {f"e{i}" for i in range(300)}
    assert routed["e1"].topic == f"{streaming.topic}_rest"
    assert routed["e1"].row["topic"]["status"] == "skipped"
    built = streaming.project.rows("select id, topic.value from main.stream_events")
    assert {name: one.row["topic"]["value"] for name, one in routed.items()} == dict(built)


def test_a_huge_message_leaves_its_value_where_it_is(streaming: Streaming) -> None:
    """Its dead letter says where; what is only odd is kept as it came."""
    streaming.say(max_bytes=500)
    streaming.compiled()
    huge = b'{"id": "x", "body": "' + b"a" * 1000 + b'"}'
    streaming.broker.produce(streaming.topic, [huge, b"[]"])
    streaming.stream()
    values = {one.value for one in streaming.rows(streaming.dead, wanted=2)}

    assert values - {b""} == {None, b"[]"} or values == {b"", b"[]"}


def test_a_row_that_the_model_fails_on_is_dead_alone(streaming: Streaming) -> None:
    """The rest of its batch goes where it belongs, and what its letter says quotes no row."""
    streaming.model(STREAM.replace("select *, {{", "select *, cast(body as integer) as n, {{"))
    streaming.compiled()
    bodies = [{"id": f"e{i}", "body": str(i)} for i in range(20)] + [{"id": "p", "body": "canary"}]
    streaming.broker.produce(streaming.topic, bodies)
    done = streaming.stream()
    (letter,) = streaming.rows(streaming.dead, wanted=1)

    assert (done["routed"], done["dead"]) == (20, 1)
    assert letter.headers["assay-error"] == b"the model fails on it: Conversion Error"
    assert b"canary" in (letter.value or b"")


def test_a_route_is_one_of_the_contract(streaming: Streaming) -> None:
    """What a model makes up names no topic."""
    streaming.model(STREAM.replace("'TOPIC_' || case", "body || case"))
    streaming.compiled()
    streaming.broker.produce(streaming.topic, [{"id": "a", "body": "a.topic.of.mine"}])
    done = streaming.stream()

    assert (done["routed"], done["dead"]) == (0, 1)


def test_rows_without_an_answer_have_a_topic(streaming: Streaming) -> None:
    """Over the budget of its window a stream that may passes rows on, as they came."""
    streaming.say(max_requests=1, over_budget="pass", window="1d")
    with FaultServer() as server:
        streaming.project.env |= asking(server)
        streaming.compiled()
        streaming.broker.produce(streaming.topic, events(0, 120))
        done = streaming.stream()
        again = streaming.stream()
        streaming.broker.produce(streaming.topic, events(120, 150))
        later = streaming.stream()
        assert len(server.ledger.entries) == 1
    sent = streaming.rows(streaming.unanswered, wanted=done["unanswered"] + later["unanswered"])

    assert (done["routed"], done["unanswered"]) == (96, 24)
    assert again["messages"] == 0
    assert (later["routed"], later["unanswered"]) == (20, 10)  # a start has no budget of its own
    assert {one.headers["assay-status"] for one in sent} == {b"topic=not_attempted"}
    assert "topic" not in sent[0].row


def test_a_stream_that_is_parked_commits_nothing(streaming: Streaming) -> None:
    """It waits for its next window, in its group, and ends in good order when told."""
    streaming.say(max_requests=1, window="1d")
    with FaultServer() as server:
        streaming.project.env |= asking(server) | {"ASSAY_PROGRESS": "true"}
        streaming.compiled()
        streaming.broker.produce(streaming.topic, events(0, 120))
        process = streaming.start("--compiled")
        streaming.hear(process, "parked until 00:00:00 UTC")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert len(server.ledger.entries) == 0

    assert process.returncode == 0
    assert streaming.broker.committed("assay-stream_events", streaming.topic) == 0


def test_a_batch_may_be_a_transaction(streaming: Streaming) -> None:
    """Outputs and offsets in one; this broker commits them, and aborts nothing."""
    streaming.say(transactions="true")
    streaming.compiled()
    streaming.broker.produce(streaming.topic, events(0, 60, every=100))
    done = streaming.stream("--member", "a")
    again = streaming.stream("--member", "a")
    sent = streaming.everything(60)

    assert (done["routed"], again["messages"]) == (60, 0)
    assert len(sent) == len(sources(sent)) == 60


def test_an_outage_is_waited_out(streaming: Streaming) -> None:
    """The endpoint is away when events come; once it is back all is done, and nothing is lost."""
    port = free_port()
    with FaultServer(port=port) as server:
        streaming.project.env |= asking(server)
    streaming.compiled()
    streaming.broker.produce(streaming.topic, events(0, 30))
    process = streaming.start("--compiled", "--until-idle", "1s", "--json", ASSAY_PROGRESS="true")
    streaming.hear(process, "stopped: ")
    assert streaming.broker.committed("assay-stream_events", streaming.topic) == 0
    with FaultServer(port=port) as server:
        out, err = process.communicate(timeout=60)
        assert len(server.ledger.paid) == 10
    sent = streaming.everything(30)

    assert process.returncode == 0, err
    assert '"routed": 30' in out
    assert set(sources(sent).values()) == {1}


def test_killed_again_and_again_it_loses_nothing_and_pays_once(streaming: Streaming) -> None:
    """Two members, one of them killed thrice; a tenth of the promise that stands below."""
    _kill_loop(streaming, messages=600, kills=3, pause=3.0)


@pytest.mark.whole
def test_twenty_kills(streaming: Streaming) -> None:
    """20,000 messages of which a third is asked about, 2 members, 20 kills."""
    _kill_loop(streaming, messages=20_000, kills=20, pause=8.0)


def _kill_loop(streaming: Streaming, *, messages: int, kills: int, pause: float) -> None:
    streaming.say(max_records=100)
    with FaultServer(latency=Latency(median=0.15, sigma=0.3)) as server:
        streaming.project.env |= asking(server)
        streaming.compiled()
        streaming.broker.produce(streaming.topic, events(0, messages))
        group = ("assay-stream_events", streaming.topic)
        steady, victim = (streaming.start("--compiled") for _ in range(2))
        for _ in range(kills):
            time.sleep(pause)
            victim.kill()
            victim.communicate()
            victim = streaming.start("--compiled")
        end = time.monotonic() + 600
        while streaming.broker.committed(*group) < messages and time.monotonic() < end:
            time.sleep(1)
        for member in (steady, victim):
            member.send_signal(signal.SIGTERM)
        assert [member.wait(30) for member in (steady, victim)] == [0, 0]
        paid = Counter(server.ledger.paid)
    sent = streaming.everything(messages)
    landed = _landed(streaming)

    assert sources(sent).keys() == landed
    assert len(landed) == messages
    assert len(paid) == len([i for i in range(messages) if i % 3 == 0])
    assert sum(paid.values()) - len(paid) <= 32 * 16 * kills  # what was in flight when it died


def _landed(streaming: Streaming) -> set[str]:
    import duckdb

    files = f"{streaming.landing}/*.parquet"
    found = duckdb.sql(f"select distinct _topic, _partition, _offset from '{files}'").fetchall()
    return {f"{topic}/{partition}/{offset}" for topic, partition, offset in found}
