"""The contract of a provider: one verb, and its traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from assay.core.traits import Traits

if TYPE_CHECKING:
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


__all__ = ["ListsModels", "Provider", "Traits"]
