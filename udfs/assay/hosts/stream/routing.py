"""Where a message goes: its route, the dead letters with a reason, or those without an answer.

Pure. A topic is never named by what a model answers: a route is one of the contract's, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from assay.hosts.stream.contract import StreamContract
from assay.hosts.stream.messages import Message, Produced

SOURCE, ERROR, STATUS, MODEL = "assay-source", "assay-error", "assay-status", "assay-model"
"""The headers of what is produced."""

NO_ROUTE = "the model gave no route"
UNKNOWN_ROUTE = "the model gave a route that is none of its contract's"


@dataclass(frozen=True, slots=True)
class StreamedRow:
    """A row of the model: its message's place, its route, and itself as JSON.

    `unanswered` says which columns have no answer, as `topic=invalid`; blank where all have.
    """

    partition: int
    offset: int
    route: str | None
    unanswered: str
    key: str | None
    value: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be processed, and why; the reason holds nothing of its text."""

    message: Message
    reason: str


def outgoing(
    contract: StreamContract,
    batch: Mapping[tuple[int, int], Message],
    rows: Iterable[StreamedRow],
    letters: Iterable[DeadLetter],
) -> Iterator[Produced]:
    """Yield what is to be produced for a batch, in the order of its rows; dead letters last."""
    for row in rows:
        message = batch[(row.partition, row.offset)]
        if row.unanswered:
            yield unanswered(contract, message, row.unanswered)
        elif row.route in contract.options.routes:
            yield _routed(contract, message, row, row.route)
        else:
            yield dead(contract, message, NO_ROUTE if row.route is None else UNKNOWN_ROUTE)
    for letter in letters:
        yield dead(contract, letter.message, letter.reason)


def _routed(contract: StreamContract, message: Message, row: StreamedRow, topic: str) -> Produced:
    key = message.key if contract.options.key is None else (row.key or "").encode()
    headers = ((SOURCE, message.source.encode()), (MODEL, contract.model.encode()))
    return Produced("routed", topic, message.partition, key, row.value.encode(), headers)


def unanswered(contract: StreamContract, message: Message, statuses: str) -> Produced:
    """Return a message as it came, for those whose questions have no answer."""
    headers = (
        (SOURCE, message.source.encode()),
        (MODEL, contract.model.encode()),
        (STATUS, statuses.encode()),
    )
    topic = contract.unanswered
    return Produced("unanswered", topic, message.partition, message.key, message.value, headers)


def dead(contract: StreamContract, message: Message, reason: str) -> Produced:
    """Return a message as it came, for the dead letters; a huge one without what it holds."""
    headers = (
        (SOURCE, message.source.encode()),
        (MODEL, contract.model.encode()),
        (ERROR, reason.encode()),
    )
    huge = len(message.value or b"") > contract.options.max_bytes
    value = None if huge else message.value
    return Produced("dead", contract.dead, message.partition, message.key, value, headers)
