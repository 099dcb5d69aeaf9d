"""Names: the attributes of spans and metrics. Never a text, a prompt, a label or a header.

OpenTelemetry semantic conventions for generative AI client spans and metrics; `assay.` is ours.
"""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

from assay.core.settings import Settings
from assay.core.values import Attempt

Attributes: TypeAlias = dict[str, str | int | float]


def common_attributes(settings: Settings) -> Attributes:
    """Return what is the same for all requests of a run."""
    about: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": settings.provider,
    }
    if settings.traits.remote:
        parts = urlsplit(settings.endpoint)
        about["server.address"] = parts.hostname or ""
        about["server.port"] = parts.port or (443 if parts.scheme == "https" else 80)
    return about


def described(common: Attributes, model: str) -> Attributes:
    """Return the attributes of a request to `model`."""
    return common | {"gen_ai.request.model": model}


def of_answer(attempt: Attempt, model: str | None) -> Attributes:
    """Return who answered an attempt, or what went wrong; few values, fit for metrics."""
    about: Attributes = {}
    if model is not None:
        about["gen_ai.response.model"] = model
    if attempt.outcome not in ("ok", "partial"):
        about["error.type"] = attempt.outcome
    return about


def of_reply(attempt: Attempt, model: str | None) -> Attributes:
    """Return all that is known of how an attempt ended; what is not known is left out."""
    known = {
        "gen_ai.usage.input_tokens": attempt.input_tokens,
        "gen_ai.usage.output_tokens": attempt.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": attempt.cached_tokens,
        "http.response.status_code": attempt.http_status,
        "assay.cost_usd": attempt.cost_usd,
    }
    counted: Attributes = {name: value for name, value in known.items() if value is not None}
    ended: Attributes = {"assay.answers": attempt.answers, "assay.outcome": attempt.outcome}
    return of_answer(attempt, model) | counted | ended
