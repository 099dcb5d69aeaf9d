"""The contract of a provider of evidence: one verb, and its traits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from assay.core.sources import FoundSource


class Evidence(Protocol):
    """Searches once. Everything around it (retries, limits, money, keeping) is the engine's."""

    @property
    def host(self) -> str:
        """Who is asked, for the ledger."""

    async def find(self, query: str, limit: int) -> Sequence[FoundSource]:
        """Return at most `limit` sources for `query`, the best first; none where there is none.

        Raises `CallError` when this attempt failed and `RunError` when any other would, too.
        """

    async def close(self) -> None:
        """Let go of connections."""


@runtime_checkable
class ReadsRelations(Protocol):
    """A provider of evidence that reads the warehouse, which its host has open."""

    def read_by(self, connect: Callable[[], Any]) -> None:
        """Read by what `connect` returns, a connection of DuckDB of its own."""
