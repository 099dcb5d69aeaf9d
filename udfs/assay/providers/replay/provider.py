"""The `replay` provider: answers come from the store only; whatever reaches it is a miss."""

from __future__ import annotations

from typing import NoReturn

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.values import Request


class ReplayProvider:
    """Refuses every request: the store had no answer, and nothing may be asked."""

    async def send(self, request: Request) -> NoReturn:
        """Raise `ConfigError` naming what is missing."""
        kinds = ", ".join(f"ai_{question.task.kind}" for question in request.pack.questions)
        message = (
            f"The store has no answer for {len(request.pack.records)} or more texts ({kinds}, "
            f"model {request.model!r}) and `ASSAY_PROVIDER=replay` asks nobody. Record them "
            "first with another provider and the same `ASSAY_STORE`, `ASSAY_MODEL` and "
            "`ASSAY_BASE_URL`."
        )
        raise ConfigError(message)

    async def close(self) -> None:
        """Nothing is held."""


def open_provider(_settings: Settings) -> ReplayProvider:
    """Return the provider; it needs no settings."""
    return ReplayProvider()
