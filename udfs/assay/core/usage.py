"""Usage: what one reply took, as the server says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one reply; None where the server did not say.

    `cached_tokens` are those of the input that the server had in its cache. `stated_usd` is what a
    gateway says that the reply cost, in US dollars; `service_tier` is the one that served it.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    stated_usd: float | None = None
    service_tier: str | None = None


NOTHING_SAID = Usage()
"""Of a reply that says nothing of what it took, or of none."""
