"""One attempt within its deadline, by the wall clock and not by read."""

from __future__ import annotations

import asyncio

from assay.core.errors import CallError
from assay.core.values import Reply, Request
from assay.providers import Provider


async def send_within(seconds: float, provider: Provider, request: Request) -> Reply:
    """Return the reply of a provider; raise `CallError` where it takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await provider.send(request)
    except TimeoutError:
        message = f"No whole reply within {seconds:g} seconds (`ASSAY_DEADLINE_SECONDS`)."
        raise CallError("transport", message, maybe_paid=True) from None
