"""The `openai` provider: chat completions of any OpenAI-compatible endpoint, one attempt each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
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
from assay.core.task import Rejected
from assay.core.usage import NOTHING_SAID
from assay.core.values import Reply, Request
from assay.forms.chat_reply import parse_strictly
from assay.providers.openai_compatible.body import body_of, check_extra
from assay.providers.openai_compatible.errors import (
    Said,
    cut,
    fault_of,
    said_in,
    without_echoes,
)
from assay.providers.openai_compatible.headers import retry_after_seconds, stated_pace
from assay.providers.openai_compatible.logprobs import confidences
from assay.providers.openai_compatible.profiles import ServerProfile, profile_of
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

_MAYBE_BILLED = frozenset({408, 499, 502, 504, 524})
"""What stands between us and the model gave up waiting for it, and it may have worked."""

_CUT = frozenset({"length", "model_length", "max_tokens", "max_output_tokens", "incomplete"})
"""Reasons to finish, in lower case, that say the answer was cut."""

_MOST_CHARACTERS = 200
_SERVERS_OWN = HTTPStatus.INTERNAL_SERVER_ERROR
"""From here on an error is the server's own, and says nothing of what it was asked."""


class _Sdk(AsyncOpenAI):
    """The SDK without what it adds of itself.

    It tells each server of its user's machine, and its environment variables name organisations,
    projects and headers, an `Authorization` of somebody else among them.
    """

    further: Mapping[str, str]
    """The key and the headers of the settings."""

    @cached_property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """What every request carries, put together once, and nothing else."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"assay/{version('assay')}",
            **self.further,
        }

    def _validate_headers(self, headers: Any, custom_headers: Any) -> None:
        """Whatever header the key is in: the SDK knows of one."""


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
        self._settings, self._host = settings, settings.endpoint
        self._profile = profile_of(settings.endpoint, settings.profile)
        check_extra(settings.extra_body or {})
        self._key = settings.api_key.get_secret_value()
        self._client = _Sdk(
            api_key=self._key,
            base_url=settings.endpoint,
            max_retries=0,
            timeout=settings.deadline_seconds,
            http_client=Client(CappedTransport(settings.max_in_flight, settings.deadline_seconds)),
        )
        self._client.further = _further(settings, self._profile, self._key)
        self._query = f"?api-version={settings.api_version}" if settings.api_version else ""
        self._url = self._address("chat/completions")
        self._seconds = settings.deadline_seconds

    async def send(self, request: Request) -> Reply:
        """Send once; every way this can fail ends as a `CallError` or a `RunError`."""
        key = request.idempotency_key
        try:
            response = await self._client.post(
                self._url,
                cast_to=httpx2.Response,
                body=body_of(request, self._profile, self._settings),
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

    async def models(self) -> list[str]:
        """Return the names of the models that the endpoint lists; none where it lists none."""
        try:
            response = await self._client.get(
                self._address("models"),
                cast_to=httpx2.Response,
                options={"max_retries": 0, "timeout": self._seconds, "security": {}},
            )
        except openai.APIError:
            return []
        found = _value(response.content)
        listed = found.get("data") if isinstance(found, dict) else None
        rows = listed if isinstance(listed, list) else []
        names = (_short_text(row.get("id")) for row in rows if isinstance(row, dict))
        return sorted(name for name in names if name)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _translated(self, error: openai.APIError, request: Request) -> Exception:
        """Return our error for one of the SDK's; messages carry no body, text or key."""
        if isinstance(error, openai.APIStatusError):
            headers = error.response.headers
            said = said_in(_value(error.response.content))
            return self._status_error(error.status_code, said, headers, request)
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
        self, status: int, said: Said, headers: Mapping[str, str], request: Request
    ) -> Exception:
        said = replace(said, message=self._without_echoes(said.message, request))
        words = f": {cut(said.message)}" if said.message and status < _SERVERS_OWN else ""
        fault = fault_of(status, said, headers.get("x-should-retry"))
        if fault == "quota":
            message = f"{self._host} says that the account's quota is used up (HTTP {status})"
            return QuotaError(
                f"{_sentence(message + words)} Add credit, then run again: it goes on where it "
                "stopped.",
                status=status,
            )
        if fault == "config":
            message = (
                f"{self._host} refused the request for model {request.model!r} (HTTP {status})"
            )
            return ConfigError(f"{_sentence(message + words)} {TRAITS.check}", status=status)
        code = f" ({said.code})" if said.code else ""
        return CallError(
            fault,
            _sentence(f"HTTP {status} from {self._host}{code}{words}"),
            status=status,
            retry_after_seconds=retry_after_seconds(headers),
            maybe_paid=status in _MAYBE_BILLED or fault == "bad_body",
            unfit=said.unfit if fault == "too_big_or_bad" else None,
        )

    def _without_echoes(self, message: str, request: Request) -> str:
        """Return the words of a server without the key, other secrets and the texts of a pack."""
        kept = (self._settings.headers or {}).values()
        secrets = (self._key, *(one.get_secret_value() for one in kept))
        return without_echoes(message, secrets, (each.text for each in request.pack.records))

    def _address(self, path: str) -> str:
        return f"{self._client.base_url.join(path)}{self._query}"

    def _reply(self, response: httpx2.Response, request: Request) -> Reply:
        """Return the reply in a 200, or raise for one that holds none; it says what it cost."""
        found = _json_object(response.content)
        usage = usage_of(found, response.headers)
        try:
            if (status := _status_inside(found.get("error"))) is not None:
                said = said_in(found["error"])
                raise self._status_error(status, said, response.headers, request)
            choice = _only_choice(found)
            content = _content(choice, request)
        except CallError as error:
            error.usage = usage
            error.maybe_paid = error.maybe_paid or usage != NOTHING_SAID
            raise
        told = choice.get("logprobs") if self._settings.logprobs else None
        return Reply(
            content=content,
            model=_short_text(found.get("model")) or request.model,
            usage=usage,
            confidence=confidences(request, content, told),
            http_status=200,
            request_id=_short_text(response.headers.get("x-request-id")),
            headers=_telling(response.headers),
            requests_per_minute=stated_pace(response.headers) if self._profile.paced else None,
        )


def open_provider(settings: Settings) -> OpenAIProvider:
    """Return a provider for the endpoint, model and key of the settings."""
    return OpenAIProvider(settings)


def _further(settings: Settings, profile: ServerProfile, key: str) -> dict[str, str]:
    """Return the headers that carry the key, and those of the settings."""
    name = settings.auth_header or profile.key_header
    given = {each: said.get_secret_value() for each, said in (settings.headers or {}).items()}
    return given | {name: f"Bearer {key}" if name.lower() == "authorization" else key}


def _value(body: bytes) -> Any:
    """Return what the body of an error holds: JSON, or else its text."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sentence(said: str) -> str:
    return said if said.endswith((".", "!", "?")) else f"{said}."


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
        code = said_in(found["error"]).code or "no code"
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
    content = _text_of(message.get("content"))
    if content is None or content == "":
        raise _unusable("empty", "HTTP 200 without content.")
    if not isinstance(content, str):
        raise _unusable("provider_error", "HTTP 200 with content that is not text.")
    return scrub(content)


def _text_of(content: Any) -> Any:
    """Return the text of a content in parts, without what was thought; any other as it is."""
    if not isinstance(content, list):
        return content
    parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def _cut_at(tokens: int) -> str:
    return (
        f"The reply hit the output limit ({tokens} tokens): the model repeats itself, or thinks. "
        "For a model that thinks set `ASSAY_REASONING_TOKENS`; or choose another."
    )


def _unusable(fault: Fault, message: str) -> CallError:
    """Return the error of a 200 without an answer: the model worked, so it will be billed."""
    return CallError(fault, message, status=200, maybe_paid=True)


def _status_inside(error: Any) -> int | None:
    """Return the HTTP status that an error object under status 200 stands for, if it names one."""
    if not isinstance(error, dict):
        return None
    said = said_in(error)
    return HTTPStatus.TOO_MANY_REQUESTS if said.is_quota else next(iter(said.statuses), None)


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
