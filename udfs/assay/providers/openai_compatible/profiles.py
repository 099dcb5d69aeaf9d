"""Profiles: what kinds of servers there are, and how a model at one wants to be asked. A table.

Each says what its vendor documents; docs/endpoints.md has for each how that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from assay.core.batches import BatchTerms
from assay.core.traits import Manner, Wish
from assay.core.values import MODES, Mode

_OPENAI_THINKS = r"(.*/)?(gpt-5|o[1-4])(?![a-z0-9])"
"""OpenAI's models that think, behind whatever gateway: they know one name of the limit alone, and
refuse a temperature."""

_THINKS = re.compile(
    rf"{_OPENAI_THINKS}|(.*/)?gemini-(2\.5|[3-9])"
    r"|.*(reasoner|deepseek-r\d|gpt-oss|qwen3|qwq|magistral)",
    re.IGNORECASE,
)
"""Models that spend output tokens before they answer, wherever they are served."""

_NO_SCHEMA: tuple[Mode, ...] = ("object", "prompt")
_NONE = "(?!)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProfile:
    """One kind of server.

    `hosts` is a pattern of host and port by which it is known. `modes` are those that it takes;
    where only the models in `schema_models` take a schema, others are asked without. `limit` is
    the field that bounds the output. `with_effort` are the models that may be sent an effort of
    reasoning, `with_logprobs` those that may be asked for log probabilities; where there are
    `tiers`, a request may name one. With `lengths` its grammar holds texts and lists to theirs.
    The key goes into `key_header`. `paced` says that the limit of requests which it states is one
    by the minute. `batches` are the terms of its Batch API, where it has one in OpenAI's shape,
    with a place for our mark; `batch_path` is what it calls chat completions there.
    """

    name: str
    hosts: str = _NONE
    modes: tuple[Mode, ...] = MODES
    schema_models: str = ""
    limit: str = "max_tokens"
    with_effort: str = ""
    with_logprobs: str = ""
    tiers: bool = False
    lengths: bool = False
    key_header: str = "Authorization"
    paced: bool = True
    batches: BatchTerms | None = None
    batch_path: str = "/v1/chat/completions"

    def manner(self, model: str) -> Manner:
        """How `model` wants to be asked, as far as the engine has to know."""
        takes_schema = re.search(self.schema_models, model) is not None
        return Manner(
            modes=self.modes if takes_schema else _NO_SCHEMA,
            thinks=thinks(model),
            takes=frozenset(self._takes(model)),
            batches=self.batches,
        )

    def limit_name(self, model: str) -> str:
        """The field that bounds the output of a model."""
        thinks = re.match(_OPENAI_THINKS, model) is not None
        return "max_completion_tokens" if thinks else self.limit

    def _takes(self, model: str) -> Iterator[Wish]:
        """Yield the settings that a model may be sent."""
        yield "extra_body"
        plain = re.match(_OPENAI_THINKS, model) is None
        if plain:
            yield "temperature"
        if plain and re.match(self.with_logprobs, model):
            yield "logprobs"
        if re.match(self.with_effort, model):
            yield "reasoning_effort"
        if self.tiers:
            yield "service_tier"


PROFILES = {
    profile.name: profile
    for profile in (
        ServerProfile(
            name="openai",
            hosts=r"api\.openai\.com",
            limit="max_completion_tokens",
            with_effort=_OPENAI_THINKS,
            tiers=True,
            batches=BatchTerms(),
        ),
        ServerProfile(
            name="azure",
            hosts=r".*\.(openai|services\.ai|cognitiveservices)\.azure\.com",
            limit="max_completion_tokens",
            with_effort=_OPENAI_THINKS,
            tiers=True,
            key_header="api-key",
            batches=BatchTerms(requests=100_000),
            batch_path="/chat/completions",
        ),
        ServerProfile(
            name="anthropic", hosts=r"api\.anthropic\.com", modes=("prompt",), with_logprobs=_NONE
        ),
        ServerProfile(
            name="gemini", hosts=r"generativelanguage\.googleapis\.com", with_logprobs=_NONE
        ),
        ServerProfile(
            name="mistral", hosts=r"api\.mistral\.ai", with_effort=_NONE, with_logprobs=_NONE
        ),
        ServerProfile(
            name="deepseek",
            hosts=r"api\.deepseek\.com",
            modes=_NO_SCHEMA,
            with_logprobs="(?!.*reasoner)",
        ),
        ServerProfile(
            name="groq",
            hosts=r"api\.groq\.com",
            schema_models="gpt-oss|kimi-k2|llama-4",
            limit="max_completion_tokens",
            paced=False,
            with_logprobs=_NONE,
            batches=BatchTerms(),
        ),
        ServerProfile(
            name="together",
            hosts=r"api\.together\.(xyz|ai)",
            schema_models="Llama|Qwen|gpt-oss|DeepSeek",
            with_logprobs=_NONE,  # there the field is a number
        ),
        ServerProfile(name="openrouter", hosts=r"openrouter\.ai", tiers=True),
        ServerProfile(name="ollama", hosts=r"ollama\.com|.*:11434", lengths=True),
        ServerProfile(name="vllm", limit="max_completion_tokens", lengths=True),
        ServerProfile(name="llamacpp", lengths=True),
        ServerProfile(
            name="lmstudio",
            hosts=r".*:1234",
            modes=("keyed", "listed", "prompt"),
            lengths=True,
        ),
        ServerProfile(name="litellm", hosts=r".*:4000", tiers=True, batches=BatchTerms()),
        ServerProfile(name="generic", tiers=True, batches=BatchTerms()),
    )
}

GENERIC = PROFILES["generic"]
"""What is taken for a server of which nothing is known."""


def thinks(model: str) -> bool:
    """Whether a model spends output tokens before it answers."""
    return _THINKS.match(model) is not None


@lru_cache(maxsize=256)
def profile_of(endpoint: str, stated: str | None) -> ServerProfile:
    """Return the profile that is stated, or else the one that the host of an endpoint tells."""
    if stated is not None:
        return PROFILES[stated]
    parts = urlsplit(endpoint)
    names = ((parts.hostname or ""), parts.netloc.lower())
    fitting = (
        one for one in PROFILES.values() if any(re.fullmatch(one.hosts, name) for name in names)
    )
    return next(fitting, GENERIC)


@lru_cache(maxsize=256)
def manner(endpoint: str, stated: str | None, model: str) -> Manner:
    """Return how a model at an endpoint wants to be asked."""
    return profile_of(endpoint, stated).manner(model)
