"""The consumer: messages in, offsets committed; what rebalances bring and take is kept apart.

Three rules hold it together. A message that a poll returns while a batch is asked about is kept
for the next batch. What belongs to a partition that went elsewhere is dropped, whoever has it
now reads it again from what is committed; and where the partition came back meanwhile, so do we.
Only offsets of what was produced are committed, never the position of the consumer.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.core.errors import ConfigError
from assay.hosts.stream.contract import StreamContract
from assay.hosts.stream.kafka import client, said_of
from assay.hosts.stream.messages import Message

_POLL_SECONDS = 0.1
_FIRST_OFFSET = 0


class Intake:
    """Takes batches from a topic as a member of its group.

    `lost` are the partitions that went elsewhere since the batch in hand began; `trouble` is
    what the client said last of its brokers, blank where all is well; `is_member` is true once
    the group has dealt partitions to it, or none.
    """

    def __init__(self, config: Mapping[str, Any], contract: StreamContract) -> None:
        self._contract = contract
        self._early: list[Message] = []
        self.lost: set[int] = set()
        self.trouble = ""
        self.is_member = False
        self._consumer = client.Consumer(
            {
                "session.timeout.ms": 10_000,
                "max.poll.interval.ms": 120_000,
                "auto.offset.reset": "earliest",
                **config,
                "group.id": contract.group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "partition.assignment.strategy": "cooperative-sticky",
                "error_cb": self._hear,
            }
        )
        self._consumer.subscribe(
            [contract.options.topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )

    def collect(self, stopping: Callable[[], bool]) -> list[Message]:
        """Return a batch: what is there, up to `max_records`, or `linger_seconds` after the first.

        Empty where nothing came for a moment. All of it is of partitions that are ours.
        """
        options = self._contract.options
        self.lost.clear()
        held, self._early = self._early[: options.max_records], self._early[options.max_records :]
        end = time.monotonic() + options.linger_seconds
        while len(held) < options.max_records and not stopping():
            waits = min(_POLL_SECONDS, max(0.0, end - time.monotonic())) if held else _POLL_SECONDS
            came = self._take(options.max_records - len(held), waits)
            if came and not held:
                end = time.monotonic() + options.linger_seconds
            held = [one for one in held if one.partition not in self.lost] + came
            if not held or time.monotonic() >= end:
                break
        return held

    def attend(self, seconds: float) -> None:
        """Stay in the group for so long while nothing more is taken; keep what comes all the same.

        All partitions are paused, those as well that a rebalance has just brought.
        """
        self._pause()
        self._early += self._take(1, seconds)
        self._pause()

    def go_on(self) -> None:
        """Take again from all partitions."""
        with contextlib.suppress(client.KafkaException):  # one has just gone
            self._consumer.resume(self._consumer.assignment())

    def commit(self, ends: Mapping[int, int]) -> bool:
        """Commit offsets by partition; return whether the group took them.

        It does not where it has just been dealt anew: then what was produced comes once more.
        """
        if not ends:
            return True
        try:
            self._consumer.commit(offsets=self.offsets(ends), asynchronous=False)
        except client.KafkaException as error:
            self.trouble = said_of(error)
            return False
        return True

    def offsets(self, ends: Mapping[int, int]) -> list[Any]:
        """Return offsets as the client has them."""
        topic = self._contract.options.topic
        return [client.TopicPartition(topic, number, end) for number, end in ends.items()]

    @property
    def membership(self) -> Any:
        """What a transaction is told of the group."""
        return self._consumer.consumer_group_metadata()

    def lag(self) -> int:
        """Return how many messages wait in our partitions, as far as the brokers have told."""
        waiting = 0
        with contextlib.suppress(client.KafkaException):
            for place in self._consumer.position(self._consumer.assignment()):
                low, high = self._consumer.get_watermark_offsets(place, cached=True)
                at = place.offset if place.offset >= _FIRST_OFFSET else low
                waiting += max(0, high - max(at, 0))
        return waiting + len(self._early)

    def close(self) -> None:
        """Leave the group, so that the others need not wait."""
        self._consumer.close()

    def _take(self, most: int, seconds: float) -> list[Message]:
        """Return what a poll returns; where it has dealt partitions anew, what is surely ours."""
        before = set(self.lost)
        self.lost.clear()
        came = [
            found for one in self._consumer.consume(most, seconds) if (found := self._read(one))
        ]
        gone = set(self.lost)
        self.lost |= before
        if not gone:
            return came
        self._seek(gone & self._numbers())
        return [one for one in came if one.partition not in gone]

    def _read(self, one: Any) -> Message | None:
        if (error := one.error()) is None:
            self.trouble = ""
            return Message(
                one.topic(),
                one.partition(),
                one.offset(),
                one.timestamp()[1],
                one.key(),
                one.value(),
            )
        if error.fatal():
            message = f"The consumer cannot go on: {said_of(error)}; start it again."
            raise ConfigError(message)
        self._hear(error)
        return None

    def _numbers(self) -> set[int]:
        return {place.partition for place in self._consumer.assignment()}

    def _seek(self, partitions: set[int]) -> None:
        """Read partitions again from what is committed; from the first where nothing is."""
        if not partitions:
            return
        topic = self._contract.options.topic
        with contextlib.suppress(client.KafkaException):
            wanted = [client.TopicPartition(topic, number) for number in partitions]
            for place in self._consumer.committed(wanted, timeout=10):
                if place.offset < _FIRST_OFFSET:
                    place.offset = client.OFFSET_BEGINNING
                self._consumer.seek(place)

    def _pause(self) -> None:
        with contextlib.suppress(client.KafkaException):
            self._consumer.pause(self._consumer.assignment())

    def _assigned(self, _consumer: Any, _places: Sequence[Any]) -> None:
        self.is_member = True

    def _revoked(self, _consumer: Any, places: Sequence[Any]) -> None:
        gone = {place.partition for place in places}
        self.lost |= gone
        self._early = [one for one in self._early if one.partition not in gone]

    def _hear(self, error: Any) -> None:
        self.trouble = said_of(error)
