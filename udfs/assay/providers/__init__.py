"""Providers: who answers. One protocol, one file each; a new one is a file and a line here."""

from __future__ import annotations

import importlib
from typing import Protocol

from assay.core.extras import extra
from assay.core.settings import Settings
from assay.core.values import Reply, Request


class Provider(Protocol):
    """Sends one request once. Everything around it (retries, limits, storing) is the engine's."""

    async def send(self, request: Request) -> Reply:
        """Return the reply to `request`, unjudged.

        Raises `CallError` when this attempt failed and `RunError` when any other would, too.
        """

    async def close(self) -> None:
        """Let go of connections and models."""


PROVIDERS = {
    "local": "assay.providers.local.provider",
    "openai": "assay.providers.openai_compatible.provider",
    "replay": "assay.providers.replay",
}
"""Module of each provider; each has `open_provider(settings)`. Imported only when used;
the libraries of each come with the extra of its name."""


def open_provider(settings: Settings) -> Provider:
    """Return the provider that the settings name."""
    with extra(settings.provider, f"The provider `{settings.provider}`"):
        module = importlib.import_module(PROVIDERS[settings.provider])
        provider: Provider = module.open_provider(settings)
    return provider
