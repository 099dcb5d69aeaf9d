"""Capabilities: how a model at a host wants to be asked; a table, first line that fits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a request says, and what it must leave room for.

    `output_limit` is the field that bounds the output, in tokens; `structured` is the mode in
    which a schema is asked for. A model that `thinks` spends output tokens before it answers.
    `logprobs` and `service_tier` say whether these fields, which a setting asks for, are sent.
    """

    output_limit: str = "max_completion_tokens"
    structured: Literal["json_schema"] = "json_schema"
    thinks: bool = False
    logprobs: bool = True
    service_tier: bool = True


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """Patterns of the whole host and of how the model's name begins, and what holds there."""

    host: str
    model: str
    capabilities: Capabilities


USUAL = Capabilities()
"""What holds where no line of the table fits."""

_NEITHER = Capabilities(logprobs=False, service_tier=False)

PROFILES = (
    ModelProfile(".*", r"(gpt-5|o[1-4])(?![a-z0-9])", Capabilities(thinks=True, logprobs=False)),
    ModelProfile(r"generativelanguage\.googleapis\.com|api\.mistral\.ai", "", _NEITHER),
    ModelProfile(r"api\.groq\.com", "", Capabilities(logprobs=False)),
)


@lru_cache(maxsize=256)
def capabilities_of(host: str, model: str) -> Capabilities:
    """Return the capabilities of `model` at `host`, as keys name it."""
    fitting = (
        profile.capabilities
        for profile in PROFILES
        if re.fullmatch(profile.host, host) and re.match(profile.model, model)
    )
    return next(fitting, USUAL)


def thinks(host: str, model: str) -> bool:
    """Whether a model spends output tokens before it answers."""
    return capabilities_of(host, model).thinks
