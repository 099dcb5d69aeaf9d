"""The contract of a provider: one verb, and its traits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from assay.core.traits import Traits

if TYPE_CHECKING:
    from assay.core.batches import BatchLine, BatchState
    from assay.core.values import Reply, Request


class Provider(Protocol):
    """Sends one request once. Everything around it (retries, limits, storing) is the engine's."""

    async def send(self, request: Request) -> Reply:
        """Return the reply to `request`, unjudged.

        Raises `CallError` when this attempt failed and `RunError` when any other would, too.
        """

    async def close(self) -> None:
        """Let go of connections and models."""


@runtime_checkable
class ListsModels(Protocol):
    """A provider whose endpoint says which models it knows."""

    async def models(self) -> list[str]:
        """Return their names; raises as `send` does."""


class Batches(Protocol):
    """The batches of one endpoint and one key: each verb one attempt, raising as `send` does.

    Nothing is remembered between calls, so that another process can go on where one has died.
    """

    def line(self, custom_id: str, request: Request) -> bytes:
        """Return the line of a batch's file that asks `request`, its line end included.

        The body in it is the one that `send` would post. `custom_id`: at most 64 characters.
        """

    async def submit(self, lines: Sequence[bytes], mark: str) -> BatchState:
        """Upload a file of these lines and make a batch of it, which carries `mark` from then on.

        Where this raises, or the process dies, there may be a batch all the same: `known` tells
        by the mark. Where there is none, `discard` deletes the file that may have been left.
        """

    async def known(self) -> list[BatchState]:
        """Return all batches that carry a mark of Assay's, in whatever state, of any store."""

    async def look(self, batch_id: str) -> BatchState | None:
        """Return how a batch is; None where the endpoint knows of none such under this key."""

    def lines(self, state: BatchState) -> AsyncIterator[BatchLine]:
        """Yield what the output file holds, then the error file, line by line as it arrives.

        In any order; some may be missing, doubled or foreign. What cannot be read is a line
        without a `custom_id`. Raises where a download breaks off, after what came before.
        """

    def read(self, line: BatchLine, request: Request) -> Reply:
        """Return the reply in a line, or raise what `send` would have raised for it."""

    async def cancel(self, batch_id: str) -> BatchState | None:
        """Ask for a batch to end, and return how it is; None as in `look`.

        What it has done by then is paid for and will be in its files.
        """

    async def tidy(self, state: BatchState) -> None:
        """Delete input, output and error file of a batch; those that are gone are no error."""

    async def discard(self, mark: str) -> None:
        """Delete the files that were uploaded under a mark, where no batch came of it."""


@runtime_checkable
class TakesBatches(Protocol):
    """A provider that can be asked by the file; `Manner.batches` says whether an endpoint can."""

    @property
    def batches(self) -> Batches:
        """The batches at its endpoint, under its key."""


__all__ = ["Batches", "ListsModels", "Provider", "TakesBatches", "Traits"]
