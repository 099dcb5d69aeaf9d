"""Batches: many requests in one file, answered within a day at half the price. Values, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

BatchStatus = Literal[
    "validating",
    "in_progress",
    "finalizing",
    "completed",
    "failed",
    "expired",
    "cancelling",
    "cancelled",
]
"""Where a batch is on its way, in the words of OpenAI's Batch API."""

BATCH_STATUSES: tuple[BatchStatus, ...] = get_args(BatchStatus)

ID_DIGITS = 12
"""So many digits of our own name of a batch are shown, and name it."""

_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTerms:
    """What an endpoint takes in a batch, and for how much.

    `requests` and `bytes` bound one file; `price` is what a request costs in it, as a share of
    what it costs on the wire.
    """

    requests: int = 50_000
    bytes: int = 200_000_000
    price: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch as its endpoint tells of it.

    `mark` is our own name of it, None where somebody else made it. `output_file` and `error_file`
    are ids of files, None where there is none (yet): a batch that has expired or was cancelled has
    them too, and one that is completed may have none. `total`, `completed` and `failed` count
    requests, as far as the endpoint counts them. `submitted_at` and `expires_at` are UTC in ISO
    form. `message` is why it failed, in the server's words, cut; blank where it says nothing.
    """

    id: str
    status: BatchStatus
    mark: str | None
    input_file: str | None
    output_file: str | None = None
    error_file: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    submitted_at: str | None = None
    expires_at: str | None = None
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it: what its files hold is all."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """One line of what a batch brought back, not yet read: `Batches.read` makes a reply of it.

    `custom_id` names the request that it is about, as the server says, so it may be one that
    nobody asked for, or come again; it is None where there is no such name: the line is torn or
    no line at all, or its file is gone, and `note` says so in words, without any text of it.
    `status` is the HTTP status of the reply in it, `body` the JSON value of that reply; a line
    without a status holds an error object, None where there is none. A line is `unserved` where
    the batch expired or was cancelled before its request was asked: it was not paid for.
    """

    custom_id: str | None
    status: int | None = None
    body: Any = None
    request_id: str | None = None
    unserved: bool = False
    note: str = ""


__all__ = ["BATCH_STATUSES", "ID_DIGITS", "BatchLine", "BatchState", "BatchStatus", "BatchTerms"]
