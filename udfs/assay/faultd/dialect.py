"""What tells one vendor's server from another, as data: where it listens, what it takes, how it
answers. dialects.py has the vendors, speaking.py what a dialect does to a request and a reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Format = Literal["enforced", "ignored", "refused"]
"""What becomes of a wanted shape: every reply has it, nothing comes of it, or status 400."""

Thinking = Literal["", "reasoning_content", "reasoning", "tags", "parts"]
"""Where a model that thinks puts its thoughts: nowhere, beside the content under that name, before
it in <think> tags, or as a part of it."""

Wording = Callable[[int, str, str], Any]
"""The body of an error from its status, message and code."""

BOTH_LIMITS = ("max_completion_tokens", "max_tokens")


def openai_error(status: int, message: str, code: str) -> dict[str, Any]:
    """An error as OpenAI words it."""
    kind = {401: "authentication_error", 404: "not_found_error"}.get(
        status, "invalid_request_error"
    )
    return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's way to speak the protocol.

    `base` is the path before `/chat/completions`, `root` a pattern where there are several. The
    key comes in the header `key_header` (as a bearer token in `authorization`; blank: nobody asks
    for one), and `query` names parameters that a path with `deployments` needs. Output is limited
    by the fields in `limits` and by no other. Fields beyond `knows` are refused with
    `unknown_status` (0: ignored); `refuses` are fields that a model may not be sent, each with a
    pattern of models. `structured` says what becomes of each format, `schema_models` for which
    models of `json_schema` it does. `no_credit` is what an account hears whose money is gone, as
    far as that is documented. Where there are `batches`, their lines ask for `batch_path`.
    A `plain` server words no reply: what a scenario plays is what it sends.
    """

    name: str
    plain: bool = False
    base: str = "/v1"
    root: str = ""
    key_header: str = "authorization"
    query: tuple[str, ...] = ()
    limits: tuple[str, ...] = BOTH_LIMITS
    knows: frozenset[str] = frozenset()
    unknown_status: int = 0
    refuses: Mapping[str, str] = field(default_factory=dict)
    structured: Mapping[str, Format] = field(default_factory=dict)
    schema_models: str = ""
    strict: bool = False
    wants_word_json: bool = False
    chatty: bool = False
    thinking: Thinking = ""
    thinking_models: str = ""
    logprobs: bool = False
    cached: Literal["", "details", "hit"] = ""
    cost: Literal["", "usage", "header"] = ""
    rate_headers: Mapping[str, str] = field(default_factory=dict)
    reports_model: str = ""
    models: tuple[str, ...] = ("stub",)
    bad_key: tuple[int, str, str] = (401, "Incorrect API key provided.", "invalid_api_key")
    no_model: tuple[int, str, str] = (404, "The model `{}` does not exist.", "model_not_found")
    no_credit: tuple[int, str, str] | None = None
    unknown_field: str = "Unrecognized request argument supplied: {}"
    no_format: str = "This response_format type is unavailable now: {}"
    error: Wording = openai_error
    batches: bool = False
    batch_path: str = "/v1/chat/completions"

    def format_of(self, kind: str, model: str) -> Format:
        """What becomes of a wanted format for this model."""
        if kind == "json_schema" and not re.search(self.schema_models, model):
            return "refused"
        return self.structured.get(kind, "enforced")

    def thinks(self, model: str) -> bool:
        """Whether this model thinks before it answers."""
        return bool(self.thinking) and re.search(self.thinking_models, model) is not None
