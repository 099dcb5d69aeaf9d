"""The producer: what a batch has become goes out and is acknowledged before offsets are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from assay.core.errors import RunError
from assay.hosts.stream.contract import StreamContract
from assay.hosts.stream.intake import Intake
from assay.hosts.stream.kafka import client, said_of
from assay.hosts.stream.messages import Produced
from assay.hosts.stream.routing import ERROR

TOO_BIG = "the brokers take no message as large as what became of it"

_FLUSH_SECONDS = 0.2
_TRANSACTION_SECONDS = 30.0


class NotSent(RunError):
    """The brokers did not take what was produced; nothing is committed, and it is sent again."""

    cause = "brokers"


class Outlet:
    """Sends batches: at least once, or each in one transaction with its offsets."""

    def __init__(self, config: Mapping[str, Any], contract: StreamContract, member: str) -> None:
        self._transactional = contract.options.transactions
        own: dict[str, Any] = {"enable.idempotence": True}
        if self._transactional:
            own = {
                "transactional.id": f"{contract.group}-{member}",
                "transaction.timeout.ms": 60_000,
            }
        limits = {"linger.ms": 5, "message.timeout.ms": 60_000}
        self._producer = client.Producer({**limits, **config, **own})
        self._dead = contract.dead
        self._refused = ""
        self._too_big: list[Produced] = []
        if self._transactional:
            self._begin()

    def _begin(self) -> None:
        try:
            self._producer.init_transactions(_TRANSACTION_SECONDS)
        except client.KafkaException as error:
            message = f"The brokers take no transactions: {said_of(error)}."
            raise NotSent(message) from None

    def send(
        self,
        messages: Iterable[Produced],
        ends: Mapping[int, int],
        intake: Intake,
        attend: Callable[[], None],
    ) -> bool:
        """Send all and commit `ends`; return whether the group has taken the offsets.

        `attend` is called while brokers are waited for; what it raises is passed on. Raises
        `NotSent` where the brokers did not take all.
        """
        self._refused = ""
        if not self._transactional:
            self._produce(messages, attend)
            return intake.commit(ends)
        try:
            self._producer.begin_transaction()
            self._produce(messages, attend)
            self._producer.send_offsets_to_transaction(
                intake.offsets(ends), intake.membership, _TRANSACTION_SECONDS
            )
            self._producer.commit_transaction(_TRANSACTION_SECONDS)
        except client.KafkaException as error:
            self._abort()
            message = f"The transaction failed: {said_of(error)}."
            raise NotSent(message) from None
        except BaseException:
            self._abort()
            raise
        return True

    def _produce(self, messages: Iterable[Produced], attend: Callable[[], None]) -> None:
        self._too_big = []
        for message in messages:
            self._put(message, attend)
        self._flush(attend)
        for message in self._too_big:
            self._put(dataclasses.replace(message, **self._as_dead(message)), attend)
        self._flush(attend)
        if self._refused:
            said = f"The brokers did not take a message: {self._refused}."
            raise NotSent(said)

    def _as_dead(self, message: Produced) -> dict[str, Any]:
        """Return what makes a dead letter of a message that the brokers do not take, too."""
        headers = (*message.headers, (ERROR, TOO_BIG.encode()))
        return {"kind": "dead", "topic": self._dead, "value": None, "headers": headers}

    def _flush(self, attend: Callable[[], None]) -> None:
        while self._producer.flush(_FLUSH_SECONDS):
            attend()

    def _put(self, message: Produced, attend: Callable[[], None]) -> None:
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    on_delivery=partial(self._delivered, message),
                )
            except BufferError:
                self._producer.poll(_FLUSH_SECONDS)
                attend()
            except client.KafkaException as error:
                self._delivered(message, error.args[0], None)
                return
            else:
                self._producer.poll(0)
                return

    def _delivered(self, message: Produced, error: Any, _sent: Any) -> None:
        if error is None:
            return
        if error.code() == client.KafkaError.MSG_SIZE_TOO_LARGE and message.value is not None:
            self._too_big.append(message)
        else:
            self._refused = said_of(error)

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(_TRANSACTION_SECONDS)
        except client.KafkaException as error:
            self._refused = said_of(error)

    def close(self) -> None:
        """Let what was not sent go: it is produced again by whoever reads its source."""
        self._producer.purge()
        self._producer.flush(_FLUSH_SECONDS)
