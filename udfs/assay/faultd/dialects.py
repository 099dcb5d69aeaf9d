"""The vendors' servers as they are documented, one record each, with the source in a comment.

None of them was asked: what a page or a thread says is played, and nothing more is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from .dialect import Dialect

_THINK = r"^(gpt-5|o[1-4])(?![a-z0-9])"
"""OpenAI's models that think."""

_COMMON = frozenset(
    {"model", "messages", "max_tokens", "temperature", "top_p", "n", "stop", "stream", "seed"}
    | {"stream_options", "response_format", "tools", "tool_choice", "presence_penalty", "user"}
    | {"frequency_penalty", "parallel_tool_calls", "reasoning_effort"}
)


def _flat(status: int, message: str, code: str) -> dict[str, Any]:
    """Without an `error` around it, with the status as code."""
    kind = {401: "Unauthorized", 404: "NotFoundError"}.get(status, "BadRequestError")
    return {"object": "error", "message": message, "type": kind, "param": None, "code": status}


def _google(status: int, message: str, code: str) -> list[dict[str, Any]]:
    """A list with one error in it."""
    word = {401: "UNAUTHENTICATED", 404: "NOT_FOUND"}.get(status, "INVALID_ARGUMENT")
    return [{"error": {"code": status, "message": message, "status": word}}]


def _mistral(status: int, message: str, code: str) -> dict[str, Any]:
    """Flat, and for a field that nobody knows with the detail inside the message."""
    detail: Any = message
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        place = {"type": "extra_forbidden", "loc": ["body", code]}
        detail = {"detail": [place | {"msg": "Extra inputs are not permitted", "input": None}]}
    kind = "invalid_request_error" if status != HTTPStatus.UNAUTHORIZED else "unauthorized"
    return {"object": "error", "message": detail, "type": kind, "param": None, "code": None}


def _azure(status: int, message: str, code: str) -> dict[str, Any]:
    return {"error": {"code": code or str(status), "message": message}}


def _bare(status: int, message: str, code: str) -> dict[str, Any]:
    """The message itself where others have an object."""
    return {"error": message}


def _status_as_text(status: int, message: str, code: str) -> dict[str, Any]:
    """The status again as a code, in quotes; "None" where there is nothing."""
    return {
        "error": {"message": message, "type": code or "None", "param": "None", "code": str(status)}
    }


def _llamacpp(status: int, message: str, code: str) -> dict[str, Any]:
    kind = {401: "authentication_error", 404: "not_found_error"}.get(
        status, "invalid_request_error"
    )
    return {"error": {"code": status, "message": message, "type": kind}}


def _limits(requests: int, tokens: int) -> dict[str, str]:
    """What an account may ask in a minute, in the headers of every reply."""
    return {
        "x-ratelimit-limit-requests": str(requests),
        "x-ratelimit-limit-tokens": str(tokens),
    }


DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        # platform.openai.com/docs: Chat, Structured outputs, Reasoning. A model that thinks takes
        # no max_tokens, no temperature but 1 and no logprobs.
        Dialect(
            "openai",
            batches=True,
            knows=_COMMON
            | {"max_completion_tokens", "logprobs", "top_logprobs", "service_tier", "metadata"}
            | {"prompt_cache_key", "store", "verbosity", "logit_bias", "safety_identifier"},
            unknown_status=400,
            refuses=dict.fromkeys(
                ("max_tokens", "temperature", "logprobs", "top_logprobs"),
                r"^(gpt-5|o[1-4])(?![a-z0-9])",
            ),
            strict=True,
            wants_word_json=True,
            logprobs=True,
            cached="details",
            bad_key=(
                401,
                "Incorrect API key provided: wro***ong. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                "invalid_api_key",
            ),
            no_credit=(
                429,
                "You exceeded your current quota, please check your plan and billing details.",
                "insufficient_quota",
            ),
            rate_headers={
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-limit-tokens": "200000",
            },
        ),
        # learn.microsoft.com, Azure OpenAI reference: the dated API has the deployment in the
        # path, api-version in the query and the key in api-key; the v1 API needs no version.
        Dialect(
            "azure",
            batches=True,
            batch_path="/chat/completions",
            base="/openai/v1",
            root=r"/openai/(?:v1|deployments/[^/]+)",
            key_header="api-key",
            query=("api-version",),
            strict=True,
            wants_word_json=True,
            logprobs=True,
            cached="details",
            error=_azure,
            bad_key=(401, "Access denied due to invalid subscription key.", "401"),
            no_model=(
                404,
                "The API deployment for this resource does not exist.",
                "DeploymentNotFound",
            ),
        ),
        # docs.anthropic.com/en/api/openai-sdk: response_format, logprobs, seed, service_tier and
        # reasoning_effort are ignored; max_tokens and max_completion_tokens are supported.
        Dialect(
            "anthropic",
            structured={"json_schema": "ignored", "json_object": "ignored"},
            chatty=True,
            rate_headers={"anthropic-ratelimit-requests-limit": "50"},
            bad_key=(401, "invalid x-api-key", "authentication_error"),
            no_credit=(
                400,
                "Your credit balance is too low to access the Anthropic API. Please go to Plans "
                "& Billing to upgrade or purchase credits.",
                "invalid_request_error",
            ),
            no_model=(404, "model: {}", "not_found_error"),
        ),
        # ai.google.dev/gemini-api/docs/openai; errors as lists and "Unknown name" for every field
        # that it does not have: SkyrimNet-GamePlugin#77, openhanako#394, PromptFuzz#42.
        Dialect(
            "gemini",
            base="/v1beta/openai",
            knows=(_COMMON | {"max_completion_tokens"})
            - {"frequency_penalty", "presence_penalty", "user", "seed"},
            unknown_status=400,
            cached="details",
            error=_google,
            unknown_field='Invalid JSON payload received. Unknown name "{}": Cannot find field.',
            bad_key=(400, "API key not valid. Please pass a valid API key.", ""),
            no_model=(404, "models/{} is not found for API version v1main.", ""),
        ),
        # docs.mistral.ai/api; 422 extra_forbidden for max_completion_tokens: eca#231,
        # platform-docs-public#7; Magistral's content is a list with a part of thinking.
        Dialect(
            "mistral",
            limits=("max_tokens",),
            knows=(_COMMON | {"random_seed", "safe_prompt", "prompt_mode", "prediction"})
            - {"seed", "user", "stream_options", "reasoning_effort"},
            unknown_status=422,
            thinking="parts",
            thinking_models="magistral",
            error=_mistral,
            bad_key=(401, "Unauthorized", ""),
            no_model=(400, "Invalid model: {}", "1500"),
        ),
        # api-docs.deepseek.com/guides/json_mode: json_object alone, with the word json in the
        # prompt; the reasoner's thoughts are in reasoning_content; cache hits have a field.
        Dialect(
            "deepseek",
            limits=("max_tokens",),
            structured={"json_schema": "refused"},
            wants_word_json=True,
            thinking="reasoning_content",
            thinking_models="reasoner",
            logprobs=True,
            cached="hit",
            bad_key=(
                401,
                "Authentication Fails, Your api key is invalid",
                "invalid_request_error",
            ),
            no_model=(400, "Model Not Exist", "invalid_request_error"),
            no_credit=(402, "Insufficient Balance", "invalid_request_error"),
        ),
        # console.groq.com/docs/structured-outputs (select models, 400 on the others) and
        # docs/openai (400 for logprobs, logit_bias, top_logprobs); thoughts are in `reasoning`.
        Dialect(
            "groq",
            batches=True,
            base="/openai/v1",
            refuses=dict.fromkeys(("logprobs", "top_logprobs", "logit_bias"), ""),
            schema_models="gpt-oss|kimi-k2|llama-4",
            no_format="This model does not support response format `{}`.",
            wants_word_json=True,
            thinking="reasoning",
            thinking_models="gpt-oss|deepseek|qwen3",
            rate_headers={
                "x-ratelimit-limit-requests": "14400",
                "x-ratelimit-limit-tokens": "6000",
            },
        ),
        # docs.together.ai: json_schema on a listed set of models, max_tokens.
        Dialect(
            "together",
            limits=("max_tokens",),
            schema_models="Llama|Qwen|gpt-oss|DeepSeek",
            no_credit=(402, "Credit limit exceeded, please add credits.", "credit_limit"),
        ),
        # openrouter.ai/docs: what a route does not support is dropped; usage has the cost.
        Dialect(
            "openrouter",
            base="/api/v1",
            thinking="reasoning",
            thinking_models="deepseek-r1|gpt-5|o[1-4]",
            logprobs=True,
            cached="details",
            cost="usage",
            bad_key=(401, "User not found.", "401"),
            no_model=(400, "{} is not a valid model ID", "400"),
            no_credit=(402, "Insufficient credits. Add more using your account.", "402"),
        ),
        # docs.ollama.com/api/openai-compatibility lists max_tokens alone, and no key is looked at;
        # max_completion_tokens is taken and ignored: ollama#7125.
        Dialect(
            "ollama",
            key_header="",
            limits=("max_tokens",),
            thinking="reasoning",
            thinking_models="deepseek-r1|qwen3",
            logprobs=True,
            no_model=(404, "model '{}' not found", ""),
        ),
        # docs.vllm.ai, OpenAI-compatible server and reasoning outputs.
        Dialect(
            "vllm",
            thinking="reasoning_content",
            thinking_models="R1|Qwen3",
            logprobs=True,
            cached="details",
            error=_flat,
            no_model=(404, "The model `{}` does not exist.", ""),
        ),
        # llama.cpp, tools/server/README; it answers to any name and reports its own.
        Dialect(
            "llamacpp",
            key_header="",
            logprobs=True,
            cached="details",
            reports_model="served.gguf",
            error=_llamacpp,
        ),
        # lmstudio-bug-tracker#189 and #307: json_schema or text, json_object is a 400.
        Dialect(
            "lmstudio",
            key_header="",
            structured={"json_object": "refused"},
            no_format="'response_format.type' must be 'json_schema' or 'text'",
            limits=("max_tokens",),
            error=_bare,
        ),
        # docs.litellm.ai; a bad key, an unknown model and an upstream's refusal are all 400, with
        # the status as a text; the cost is in a header.
        Dialect(
            "litellm",
            batches=True,
            logprobs=True,
            cost="header",
            rate_headers={"x-ratelimit-limit-requests": "600"},
            error=_status_as_text,
            bad_key=(400, "No connected db.", "no_db_connection"),
            no_credit=(
                400,
                "Budget has been exceeded! Current cost: 0.02, Max budget: 0.01",
                "budget_exceeded",
            ),
            no_model=(
                400,
                "Invalid model name passed in model={}. Call `/v1/models` to view.",
                "",
            ),
        ),
        # No vendor: what an older server of nobody in particular may do. It takes any field,
        # limits by max_tokens, knows json_object, and puts thoughts before the answer.
        Dialect(
            "generic",
            batches=True,
            limits=("max_tokens",),
            structured={"json_schema": "refused"},
            thinking="tags",
        ),
    )
}
"""By name; a server that speaks none of them takes everything, as `ANY` does."""

ANY = Dialect("any", plain=True, key_header="", batches=True)


def dialect_named(name: str) -> Dialect:
    """The dialect of this name; raises ValueError with all names for another."""
    if name == ANY.name:
        return ANY
    if name not in DIALECTS:
        message = f"Unknown dialect {name!r}; there are {json.dumps([ANY.name, *DIALECTS])[1:-1]}."
        raise ValueError(message)
    return DIALECTS[name]
