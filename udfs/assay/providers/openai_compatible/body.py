"""The body of a request: what a pack's request becomes on the wire, by profile and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.canonical import scrub
from assay.core.errors import ConfigError
from assay.core.lengths import without_lengths
from assay.core.settings import Settings
from assay.core.traits import Wish
from assay.core.values import Request
from assay.providers.openai_compatible.logprobs import ASKED_FOR, has_closed
from assay.providers.openai_compatible.profiles import ServerProfile

_OURS = {
    "messages": "is what Assay is there to make",
    "model": "is `ASSAY_MODEL`",
    "n": "is one: a request has one answer",
    "response_format": "is `ASSAY_RESPONSE_FORMAT`",
    "stream": "is off: replies are read whole",
    "temperature": "is `ASSAY_TEMPERATURE`",
    "reasoning_effort": "is `ASSAY_REASONING_EFFORT`",
    "service_tier": "is `ASSAY_SERVICE_TIER`",
    "logprobs": "is `ASSAY_LOGPROBS`",
    "top_logprobs": "is `ASSAY_LOGPROBS`",
    "max_tokens": "is bounded by Assay; its name is `ASSAY_OUTPUT_LIMIT_NAME`",
    "max_completion_tokens": "is bounded by Assay; its name is `ASSAY_OUTPUT_LIMIT_NAME`",
}
"""Fields that nobody may set beside us, and where they come from."""


_WISHES: tuple[Wish, ...] = ("temperature", "reasoning_effort", "service_tier")
"""Settings that are fields of the same name."""


def body_of(request: Request, profile: ServerProfile, settings: Settings) -> dict[str, Any]:
    """Return the JSON object that is posted for `request`."""
    model = request.model
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": scrub(request.system)},
            {"role": "user", "content": request.user},
        ],
        settings.output_limit_name or profile.limit_name(model): request.max_output_tokens,
    }
    if (wanted := _format(request, profile)) is not None:
        body["response_format"] = wanted
    takes = settings.manner_of(model).takes
    for name in _WISHES:
        if name in takes and (wish := getattr(settings, name)) is not None:
            body[name] = wish
    if settings.logprobs and "logprobs" in takes and has_closed(request):
        body |= ASKED_FOR
    return body | (settings.extra_body or {})


def check_extra(extra: Mapping[str, Any]) -> None:
    """Raise `ConfigError` for a field that is not to be set from outside."""
    taken = next((name for name in extra if name in _OURS), None)
    if taken is not None:
        message = f"`ASSAY_EXTRA_BODY` has {taken!r}, which {_OURS[taken]}. Leave it out."
        raise ConfigError(message)


def _format(request: Request, profile: ServerProfile) -> dict[str, Any] | None:
    if request.mode == "prompt":
        return None
    if request.mode == "object":
        return {"type": "json_object"}
    schema = request.schema if profile.lengths else without_lengths(request.schema)
    named = {"name": "answers", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": named}
