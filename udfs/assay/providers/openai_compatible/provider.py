"""The `openai` provider: chat completions of any OpenAI-compatible endpoint, one attempt each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from assay.core.canonical import scrub
from assay.core.errors import AssayError, CallError, ConfigError, Fault, QuotaError
from assay.core.settings import Settings
from assay.core.task import JsonSchema, Rejected
from assay.core.usage import NOTHING_SAID
from assay.core.values import Reply, Request
from assay.forms.chat_reply import parse_strictly
from assay.providers.openai_compatible.capabilities import Capabilities, capabilities_of
from assay.providers.openai_compatible.headers import retry_after_seconds
from assay.providers.openai_compatible.logprobs import ASKED_FOR, confidences, has_closed
from assay.providers.openai_compatible.traits import TRAITS
from assay.providers.openai_compatible.transport import (
    NAME_THE_CA,
    NOT_SENT,
    CappedTransport,
    Client,
    is_silent,
    is_untrusted,
    why_not_connected,
)
from assay.providers.openai_compatible.usage import usage_of

_LONGEST_CODE = 40

_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "credit_exhausted", "budget_exceeded"}
)
_RETRYABLE = frozenset({408, 409, 425, 429, 499})
_TOO_BIG_OR_BAD = frozenset({400, 413, 422})
_MAYBE_BILLED = frozenset({408, 499, 502, 504, 524})
"""What stands between us and the model gave up waiting for it, and it may have worked."""

_CUT = frozenset({"length", "model_length", "max_tokens", "max_output_tokens", "incomplete"})
"""Reasons to finish, in lower case, that say the answer was cut."""

_ERROR_STATUS = re.compile("[45][0-9][0-9]")
_MOST_CHARACTERS = 200


class _Sdk(AsyncOpenAI):
    """The SDK without what it adds of itself.

    It tells each server of its user's machine, and its environment variables name organisations,
    projects and headers, an `Authorization` of somebody else among them.
    """

    @cached_property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """What every request carries, put together once, and nothing else."""
        return {
            "Accept": "application/json",
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json",
            "User-Agent": f"assay/{version('assay')}",
        }


class OpenAIProvider:
    """Sends packs as chat completions with a strict JSON schema.

    The SDK's own retries, redirects and environment look-ups are off: there is one retry layer,
    the engine's, and texts go to the one host that the settings name.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.api_key is None:
            message = (
                f"`{TRAITS.key_variable}` is not set; export it, or use `ASSAY_PROVIDER=local`."
            )
            raise ConfigError(message)
        self._host, self._name = settings.endpoint, settings.host
        self._client = _Sdk(
            api_key=settings.api_key.get_secret_value(),
            base_url=settings.endpoint,
            max_retries=0,
            timeout=settings.deadline_seconds,
            http_client=Client(CappedTransport(settings.max_in_flight, settings.deadline_seconds)),
        )

        self._url = str(self._client.base_url.join("chat/completions"))
        self._seconds = settings.deadline_seconds
        self._logprobs, self._tier = settings.logprobs, settings.service_tier

    async def send(self, request: Request) -> Reply:
        """Send once; every way this can fail ends as a `CallError` or a `RunError`."""
        key = request.idempotency_key
        can = capabilities_of(self._name, request.model)
        try:
            response = await self._client.post(
                self._url,
                cast_to=httpx2.Response,
                body=_body(request, can) | self._wished(request, can),
                options={
                    "max_retries": 0,
                    "timeout": self._seconds,
                    "headers": {"Idempotency-Key": key},
                    "idempotency_key": key,
                    "security": {},
                },
            )
        except openai.APIError as error:
            raise self._translated(error, request) from None
        except AssayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the SDK makes of a reply, it is one
            raise self._unreadable(error) from None
        return self._reply(response, request)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _wished(self, request: Request, can: Capabilities) -> dict[str, Any]:
        """Return the fields that the settings wish for, where the endpoint takes them."""
        sure = ASKED_FOR if self._logprobs and can.logprobs and has_closed(request) else {}
        return sure | ({"service_tier": self._tier} if self._tier and can.service_tier else {})

    def _translated(self, error: openai.APIError, request: Request) -> Exception:
        """Return our error for one of the SDK's; messages carry no body, text or key."""
        if isinstance(error, openai.APIStatusError):
            headers = error.response.headers
            return self._status_error(error.status_code, error.body, headers, request)
        if isinstance(error, openai.APIConnectionError):
            if is_untrusted(error):
                message = f"{self._host} shows a certificate that nothing here vouches for."
                return ConfigError(f"{message} {NAME_THE_CA}")
            cause = error.__cause__
            sent, why = not isinstance(cause, NOT_SENT), why_not_connected(cause or error)
            message = f"No reply from {self._host}: {why}."
            return CallError("transport", message, maybe_paid=sent, silent=is_silent(cause))
        return self._unreadable(error)

    def _unreadable(self, error: Exception) -> CallError:
        message = f"An unreadable reply from {self._host}: {type(error).__name__}."
        return CallError("bad_body", message, maybe_paid=True)

    def _status_error(
        self, status: int, body: Any, headers: Mapping[str, str], request: Request
    ) -> Exception:
        said, code = _error_words(body), _error_code(body)
        if said & _QUOTA_CODES or status == HTTPStatus.PAYMENT_REQUIRED:
            message = f"{self._host} says that the account's quota is used up (HTTP {status})."
            return QuotaError(
                f"{message} Add credit, then run again: it goes on where it stopped.",
                status=status,
            )
        if (fault := fault_of(status, code, headers.get("x-should-retry"))) == "config":
            return ConfigError(
                f"{self._host} refused the request for model {request.model!r} (HTTP {status}). "
                f"{TRAITS.check}",
                status=status,
            )
        message = f"HTTP {status} from {self._host}{f' ({code})' if code else ''}."
        return CallError(
            fault,
            message,
            status=status,
            retry_after_seconds=retry_after_seconds(headers),
            maybe_paid=status in _MAYBE_BILLED,
        )

    def _reply(self, response: httpx2.Response, request: Request) -> Reply:
        """Return the reply in a 200, or raise for one that holds none; it says what it cost."""
        found = _json_object(response.content)
        usage = usage_of(found, response.headers)
        try:
            if (status := _status_inside(found.get("error"))) is not None:
                raise self._status_error(status, found["error"], response.headers, request)
            choice = _only_choice(found)
            content = _content(choice, request)
        except CallError as error:
            error.usage = usage
            error.maybe_paid = error.maybe_paid or usage != NOTHING_SAID
            raise
        sure = confidences(request, content, choice.get("logprobs")) if self._logprobs else {}
        return Reply(
            content=content,
            model=_short_text(found.get("model")) or request.model,
            usage=usage,
            confidence=sure,
            http_status=200,
            request_id=_short_text(response.headers.get("x-request-id")),
            headers=_telling(response.headers),
        )


def fault_of(status: int, code: str | None, should_retry: str | None) -> Fault:
    """Return the class of an HTTP status above 299, with the server's own word on retrying.

    A 429 is about the account, so it is waited out whatever else is said. A 403 may come from a
    guard in front of the endpoint that takes offence at one text; whether it does, or refuses
    everything, shows in what becomes of others.
    """
    if code == "content_filter" or status == HTTPStatus.FORBIDDEN:
        return "refused"
    if status == HTTPStatus.TOO_MANY_REQUESTS or should_retry == "true":
        return "retryable"
    passing = status in _RETRYABLE or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    )
    if passing and should_retry != "false":
        return "retryable"
    if passing or status in _TOO_BIG_OR_BAD:
        return "too_big_or_bad"
    return "config"


def open_provider(settings: Settings) -> OpenAIProvider:
    """Return a provider for the endpoint, model and key of the settings."""
    return OpenAIProvider(settings)


def _body(request: Request, can: Capabilities) -> dict[str, Any]:
    """Return the request's body, handed over as it is: the SDK does not walk through it."""
    return {
        "model": request.model,
        "messages": [
            {"role": "system", "content": scrub(request.system)},
            {"role": "user", "content": request.user},
        ],
        "response_format": _STRUCTURED[can.structured](request.schema),
        can.output_limit: request.max_output_tokens,
    }


def _json_schema(schema: JsonSchema) -> dict[str, Any]:
    named = {"name": "answers", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": named}


_STRUCTURED = {"json_schema": _json_schema}
"""How each mode asks for a schema."""


def _json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; the messages give its length, never its content."""
    try:
        found = parse_strictly(body.decode(), constants=True)
    except (UnicodeDecodeError, Rejected):
        message = f"HTTP 200 with a body of {len(body)} bytes that is not JSON."
        raise _unusable("bad_body", message) from None
    if isinstance(found, dict):
        return found
    message = f"HTTP 200 with a body of {len(body)} bytes that is not a JSON object."
    raise _unusable("provider_error", message)


def _only_choice(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("error"):  # some servers say that there is none with {}, "" or false
        code = _error_code(found["error"]) or "no code"
        raise _unusable("provider_error", f"HTTP 200 with an error inside ({code}).")
    choices = found.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        return choices[0]
    raise _unusable("provider_error", "HTTP 200 without exactly one choice.")


def _content(choice: dict[str, Any], request: Request) -> str:
    """Return the text of the one choice; refusals and stumps are faults, not text."""
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _unusable("provider_error", "HTTP 200 without a message.")
    finish = choice.get("finish_reason")
    if message.get("refusal") or finish == "content_filter":
        raise _unusable("refused", "The model or its content filter refused.")
    if isinstance(finish, str) and finish.lower() in _CUT:
        raise _unusable("truncated", _cut_at(request.max_output_tokens))
    content = message.get("content")
    if content is None or content == "":
        raise _unusable("empty", "HTTP 200 without content.")
    if not isinstance(content, str):
        raise _unusable("provider_error", "HTTP 200 with content that is not text.")
    return scrub(content)


def _cut_at(tokens: int) -> str:
    return (
        f"The reply hit the output limit ({tokens} tokens): the model repeats itself, or thinks. "
        "For a model that thinks set `ASSAY_REASONING_TOKENS`; or choose another."
    )


def _unusable(fault: Fault, message: str) -> CallError:
    """Return the error of a 200 without an answer: the model worked, so it will be billed."""
    return CallError(fault, message, status=200, maybe_paid=True)


def _error_object(body: Any) -> dict[str, Any]:
    """Return the error object in the body of an error, or under `error` in one."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    return body if isinstance(body, dict) else {}


def _error_code(body: Any) -> str | None:
    """Return the code of an error, or else its type."""
    error = _error_object(body)
    return _word(error.get("code")) or _word(error.get("type"))


def _error_words(body: Any) -> set[str | None]:
    """Return code and type of an error: some servers say the status again as the code."""
    error = _error_object(body)
    return {_word(error.get("code")), _word(error.get("type"))}


def _word(said: Any) -> str | None:
    """Return a short word, in which no echo of ours can hide; None for anything else."""
    short = isinstance(said, str) and len(said) <= _LONGEST_CODE
    return said if short and said.replace("_", "").isalnum() else None


def _status_inside(error: Any) -> int | None:
    """Return the HTTP status that an error object under status 200 stands for, if it names one."""
    if not isinstance(error, dict):
        return None
    if _error_words(error) & _QUOTA_CODES:
        return 429
    named = (error.get("code"), error.get("status"))
    return next((int(str(said)) for said in named if _ERROR_STATUS.fullmatch(str(said))), None)


def _telling(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that tell of the server, cut to what can be shown."""
    return {
        name.lower(): value[:_MOST_CHARACTERS]
        for name, value in headers.items()
        if name.lower() == "date" or name.lower().startswith("x-ratelimit-")
    }


def _short_text(said: Any) -> str | None:
    """Return what a server says as a short text that can be stored; None for anything else."""
    return scrub(said)[:_MOST_CHARACTERS] if isinstance(said, str) and said else None
