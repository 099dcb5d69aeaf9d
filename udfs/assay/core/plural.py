"""Numbers with their things: one request, two requests."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """Return `1 request`, `2,000 requests`; for things whose plural ends in s."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
