"""The Kafka client and its configuration: what is ours to say, and what the user's file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.core.extras import Later, extra
from assay.core.settings import Settings

client = Later("confluent_kafka", "stream", "`assay stream`")
"""The module, imported when something of it is used."""

OURS = frozenset(
    {
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "group.id",
        "isolation.level",
        "partition.assignment.strategy",
        "transactional.id",
    }
)
"""Properties that a stream sets itself: its promises hang on them."""

_WAIT_SECONDS = 10.0


def client_config(settings: Settings, contract_like: str) -> dict[str, Any]:
    """Return what every client is given: brokers, and what the file of the user says.

    Raises `ConfigError` where no broker is named, or the file says what it may not.
    """
    if not settings.brokers:
        message = (
            "`ASSAY_BROKERS` is not set; name the Kafka brokers to begin at, such as "
            "kafka1:9092,kafka2:9092."
        )
        raise ConfigError(message)
    said = {} if settings.kafka_config is None else properties(settings.kafka_config)
    return {"client.id": f"assay-{contract_like}", "log_level": 0, **said} | {
        "bootstrap.servers": settings.brokers
    }


def properties(path: Path) -> dict[str, str]:
    """Return the properties of a file, `name=value` in each line; `#` begins a comment."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        message = f"{path} cannot be read; see `ASSAY_KAFKA_CONFIG`."
        raise ConfigError(message) from None
    found = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            message = f"Line {number} of {path} is no `name=value`; see `ASSAY_KAFKA_CONFIG`."
            raise ConfigError(message)
        found[name.strip()] = value.strip()
    if ours := sorted(OURS & found.keys()):
        message = (
            f"{path} sets {', '.join(ours)}, which a stream sets itself; take it out, and see "
            "docs/how-to/stream-from-kafka.md."
        )
        raise ConfigError(message)
    return found


def check_topics(
    config: Mapping[str, Any], source: str, wanted: Sequence[str], *, create: bool
) -> None:
    """Raise `ConfigError` for topics that are not there, or `create` those that are produced to.

    The topic that is read is never made.
    """
    with extra("stream", "`assay stream`"):
        from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient(dict(config))
    try:
        topics = admin.list_topics(timeout=_WAIT_SECONDS).topics
    except client.KafkaException as error:
        message = (
            f"The brokers of `ASSAY_BROKERS` ({config['bootstrap.servers']}) do not answer: "
            f"{said_of(error)}. Start them, or correct the setting."
        )
        raise ConfigError(message) from None
    if source not in topics:
        message = f"There is no topic {source!r} at {config['bootstrap.servers']}; make it first."
        raise ConfigError(message)
    if not (missing := [name for name in wanted if name not in topics]):
        return
    if not create:
        message = (
            f"There is no topic {', '.join(map(repr, missing))}; make what the stream is to write "
            "to, or let it do so: --create-topics."
        )
        raise ConfigError(message)
    partitions = len(topics[source].partitions)
    made = admin.create_topics([NewTopic(name, partitions) for name in missing])
    for name, future in made.items():
        try:
            future.result(_WAIT_SECONDS)
        except client.KafkaException as error:
            message = f"The topic {name!r} cannot be made: {said_of(error)}; make it by hand."
            raise ConfigError(message) from None


def said_of(error: Any) -> str:
    """Return in one line what an error of the client says."""
    inner = error.args[0] if error.args else error
    said = inner.str() if hasattr(inner, "str") else str(inner)
    return " ".join(said.split())
