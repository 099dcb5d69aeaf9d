"""Refuses every search: the store had no answer, and nothing may be searched."""

from __future__ import annotations

from typing import NoReturn

from assay.core.errors import ConfigError
from assay.core.settings import Settings


class ReplayEvidence:
    """Searches nowhere."""

    host = "replay"

    async def find(self, query: str, limit: int) -> NoReturn:
        """Raise `ConfigError`."""
        message = (
            "The store has no verified answer for one or more texts, and `ASSAY_EVIDENCE=replay` "
            "searches nowhere. Record them first with another one and the same `ASSAY_STORE`."
        )
        raise ConfigError(message)

    async def close(self) -> None:
        """Nothing is held."""


def open_evidence(_settings: Settings) -> ReplayEvidence:
    """Return it; it needs no settings."""
    return ReplayEvidence()
