"""What a reply says that it took: tokens, those from a cache, money, the tier. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assay.core.usage import Usage

COST_HEADER = "x-litellm-response-cost"
"""Where LiteLLM says in US dollars what a reply cost (docs.litellm.ai, response headers)."""

_MOST_TOKENS = 2**26
_MOST_USD = 10_000.0
_LONGEST_TIER = 20


def usage_of(reply: Mapping[str, Any], headers: Mapping[str, str]) -> Usage:
    """Return what the body of a reply and its headers say of what it took."""
    found = reply.get("usage")
    usage = found if isinstance(found, dict) else {}
    stated = _usd(usage.get("cost"))
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_cached(usage),
        stated_usd=_usd(headers.get(COST_HEADER)) if stated is None else stated,
        service_tier=_tier(reply.get("service_tier")),
    )


def _cached(usage: Mapping[str, Any]) -> int | None:
    """Return the cached part of the input, as OpenAI spells it or as DeepSeek does."""
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return _count(usage.get("prompt_cache_hit_tokens")) if cached is None else cached


def _count(value: Any) -> int | None:
    """Return a count of tokens; None for what is none, or is more than any model takes."""
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS
    return value if valid else None


def _usd(value: Any) -> float | None:
    """Return US dollars, a number or the text of one; None for what no reply costs."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        usd = float(value)
    except (ValueError, OverflowError):
        return None
    return usd if math.isfinite(usd) and 0 <= usd < _MOST_USD else None


def _tier(value: Any) -> str | None:
    short = isinstance(value, str) and len(value) <= _LONGEST_TIER
    return value if short and value.replace("_", "").isalnum() else None
