"""Batches as the store keeps them, as records: what is asked by the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from assay.store.records import Values

BatchPlace = Literal["written", "sent", "read", "over"]
"""How far a batch is: written down here, at the endpoint, all read with its files to be deleted,
or done with."""

BATCH_PLACES: tuple[BatchPlace, ...] = get_args(BatchPlace)


class BatchPack(NamedTuple):
    """One request of a batch, until what came of it is in the store.

    `keys` are those of its asks; `reserved_usd` is its worst cost in a batch, None where no price
    is known; `body` is the JSON it is made of again, texts included.
    """

    custom_id: str
    keys: Sequence[bytes]
    reserved_usd: float | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One batch. Times are UTC in ISO form, `input_tokens` an estimate.

    `id` is our own name of it, `remote_id` the endpoint's, None before it has one, `status` what
    the endpoint says of it and `message` why. `owner` is the process that works on it, blank for
    none. `requests` were put into it; `packs` and `asks` are those that wait, and `reserved_usd`
    their worst cost.
    """

    id: str
    provider: str
    host: str
    model: str
    run_id: str
    place: BatchPlace = "written"
    owner: str = ""
    remote_id: str | None = None
    status: str = ""
    message: str = ""
    written_at: str = ""
    submitted_at: str | None = None
    expires_at: str | None = None
    requests: int = 0
    input_tokens: int = 0
    packs: int = 0
    asks: int = 0
    reserved_usd: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether something of it may still be answered."""
        return self.place in ("written", "sent")


class Filling(NamedTuple):
    """Packs that go into a batch, new or begun, and rows of `tasks` that they are about."""

    batch: BatchRow
    packs: Sequence[BatchPack]
    tasks: Sequence[Values] = ()
