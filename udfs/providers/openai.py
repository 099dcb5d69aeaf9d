"""The `openai` provider: chat completions of any OpenAI-compatible endpoint, one attempt each."""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

from udfs.canonical import scrub
from udfs.errors import CallError, ConfigError, Fault, QuotaError
from udfs.providers.headers import retry_after_seconds
from udfs.records import Reply, Request, Usage
from udfs.settings import Settings
from udfs.tasks import Rejected
from udfs.validator import parse_strictly

MAX_BODY_BYTES = 8 * 1024 * 1024
"""The most that is read of a reply, decoded: a pack's answers are a few kilobytes."""

_LONGEST_CODE = 40
_POOL_CONNECTIONS = 4

_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "credit_exhausted"})
_RETRYABLE = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_TOO_BIG_OR_BAD = frozenset({400, 413, 422})
_ERROR_STATUS = re.compile("[45][0-9][0-9]")
_MOST_CHARACTERS = 200
_NAME_THE_CA = "Set `SSL_CERT_FILE` to a file with the certificate of the authority to trust."
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class CappedTransport(httpx2.AsyncBaseTransport):
    """Reads each reply whole, at most `MAX_BODY_BYTES` of it after decoding.

    The SDK reads error bodies without a limit and inflates whatever it is sent; nothing above
    this transport sees more than the cap. Connections are kept in several small pools: a pool
    looks at each of its connections for each request, which with 256 of them in one pool took
    two thirds of the client's time.
    """

    def __init__(self, connections: int) -> None:
        sizes = [
            min(_POOL_CONNECTIONS, connections - start)
            for start in range(0, connections, _POOL_CONNECTIONS)
        ]
        trust = _trust()
        self._pools = [
            httpx2.AsyncHTTPTransport(verify=trust, limits=_limits(size)) for size in sizes
        ]
        self._busy = [0] * len(sizes)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response with its body read and decoded."""
        place = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._busy[place] += 1
        try:
            return await self._whole(await self._pools[place].handle_async_request(request))
        finally:
            self._busy[place] -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools:
            await pool.aclose()

    async def _whole(self, response: httpx2.Response) -> httpx2.Response:
        try:
            body = await _read(response)
        finally:
            await response.aclose()
        dropped = {"content-encoding", "content-length", "transfer-encoding"}
        headers = [
            (name, value) for name, value in response.headers.raw if _name(name) not in dropped
        ]
        return httpx2.Response(
            response.status_code, headers=headers, content=body, extensions=response.extensions
        )


class OpenAIProvider:
    """Sends packs as chat completions with a strict JSON schema.

    The SDK's own retries, redirects and environment look-ups are off: there is one retry layer,
    the engine's, and texts go to the one host that the settings name.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.api_key is None:
            message = "`OPENAI_API_KEY` is not set; export it, or use `ASSAY_PROVIDER=local`."
            raise ConfigError(message)
        self._host = settings.endpoint
        self._http = DefaultAsyncHttpx2Client(
            transport=CappedTransport(settings.max_in_flight),
            follow_redirects=False,
            trust_env=False,
            timeout=settings.deadline_seconds,
        )
        self._client = AsyncOpenAI(
            api_key=settings.api_key.get_secret_value(),
            base_url=settings.endpoint,
            max_retries=0,
            timeout=settings.deadline_seconds,
            http_client=self._http,
        )

    async def send(self, request: Request) -> Reply:
        """Send once; every way this can fail ends as a `CallError` or a `RunError`."""
        key = request.idempotency_key
        try:
            response = await self._client.post(
                "/chat/completions",
                cast_to=httpx2.Response,
                body=_body(request),
                options={"headers": {"Idempotency-Key": key}, "idempotency_key": key},
            )
        except openai.APIError as error:
            raise self._translated(error, request) from None
        return self._reply(response, request)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _translated(self, error: openai.APIError, request: Request) -> Exception:
        """Return our error for one of the SDK's; messages carry no body, text or key."""
        if isinstance(error, openai.APIStatusError):
            headers = error.response.headers
            return self._status_error(error.status_code, _error_code(error.body), headers, request)
        if isinstance(error, openai.APIConnectionError):
            if _is_untrusted(error):
                message = f"{self._host} shows a certificate that nothing here vouches for."
                return ConfigError(f"{message} {_NAME_THE_CA}")
            sent = not isinstance(error.__cause__, _NOT_SENT)
            what = type(error.__cause__ or error).__name__
            message = f"No reply from {self._host}: {what}."
            return CallError("transport", message, maybe_paid=sent)
        message = f"An unreadable reply from {self._host}: {type(error).__name__}."
        return CallError("bad_body", message, maybe_paid=True)

    def _status_error(
        self, status: int, code: str | None, headers: Mapping[str, str], request: Request
    ) -> Exception:
        refused = status == HTTPStatus.TOO_MANY_REQUESTS and code in _QUOTA_CODES
        if refused or status == HTTPStatus.PAYMENT_REQUIRED:
            message = f"{self._host} says that the account's quota is used up (HTTP {status})."
            return QuotaError(
                f"{message} Add credit, then run again: it goes on where it stopped."
            )
        if (fault := fault_of(status, code, headers.get("x-should-retry"))) == "config":
            return ConfigError(
                f"{self._host} refused the request for model {request.model!r} (HTTP {status}). "
                "Check `OPENAI_API_KEY`, `ASSAY_BASE_URL` and `ASSAY_MODEL`."
            )
        message = f"HTTP {status} from {self._host}{f' ({code})' if code else ''}."
        wait = retry_after_seconds(headers)
        return CallError(fault, message, status=status, retry_after_seconds=wait)

    def _reply(self, response: httpx2.Response, request: Request) -> Reply:
        """Return the reply in a 200, or raise for one that holds none; it says what it cost."""
        found = _json_object(response.content)
        if (status := _status_inside(found.get("error"))) is not None:
            code = _error_code(found["error"])
            raise self._status_error(status, code, response.headers, request)
        usage = _usage(found.get("usage"))
        try:
            content = _content(_only_choice(found))
        except CallError as error:
            error.input_tokens, error.output_tokens = usage.input_tokens, usage.output_tokens
            raise
        return Reply(
            content=content,
            model=_short_text(found.get("model")) or request.model,
            usage=usage,
            http_status=200,
            request_id=_short_text(response.headers.get("x-request-id")),
            headers=_telling(response.headers),
        )


def fault_of(status: int, code: str | None, should_retry: str | None) -> Fault:
    """Return the class of an HTTP status above 299, with the server's own word on retrying.

    A 429 is about the account and never about the request, so it is waited out all the same.
    """
    if code == "content_filter":
        return "refused"
    if status == HTTPStatus.TOO_MANY_REQUESTS or should_retry == "true":
        return "retryable"
    if status in _RETRYABLE and should_retry != "false":
        return "retryable"
    if status in _TOO_BIG_OR_BAD or status in _RETRYABLE:
        return "too_big_or_bad"
    return "config"


def open_provider(settings: Settings) -> OpenAIProvider:
    """Return a provider for the endpoint, model and key of the settings."""
    return OpenAIProvider(settings)


def _limits(connections: int) -> httpx2.Limits:
    return httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)


def _body(request: Request) -> dict[str, Any]:
    """Return the request's body, handed over as it is: the SDK does not walk through it."""
    schema = {"name": "answers", "strict": True, "schema": request.schema}
    return {
        "model": request.model,
        "messages": [
            {"role": "system", "content": scrub(request.system)},
            {"role": "user", "content": request.user},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_completion_tokens": request.max_output_tokens,
    }


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
    if found.get("error") is not None:
        code = _error_code(found["error"]) or "no code"
        message = f"HTTP 200 with an error inside ({code})."
        raise CallError("provider_error", message, status=200)
    choices = found.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        return choices[0]
    raise _unusable("provider_error", "HTTP 200 without exactly one choice.")


def _content(choice: dict[str, Any]) -> str:
    """Return the text of the one choice; refusals and stumps are faults, not text."""
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _unusable("provider_error", "HTTP 200 without a message.")
    finish = choice.get("finish_reason")
    if message.get("refusal") or finish == "content_filter":
        raise _unusable("refused", "The model or its content filter refused.")
    if finish == "length":
        raise _unusable("truncated", "The reply hit the output limit.")
    content = message.get("content")
    if content is None or content == "":
        raise _unusable("empty", "HTTP 200 without content.")
    if not isinstance(content, str):
        raise _unusable("provider_error", "HTTP 200 with content that is not text.")
    return scrub(content)


def _unusable(fault: Fault, message: str) -> CallError:
    """Return the error of a 200 without an answer: the model worked, so it will be billed."""
    return CallError(fault, message, status=200, maybe_paid=True)


def _usage(found: Any) -> Usage:
    if not isinstance(found, dict):
        return Usage()
    details = found.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(
        _count(found.get("prompt_tokens")), _count(found.get("completion_tokens")), _count(cached)
    )


def _count(value: Any) -> int | None:
    """Return a count of tokens, or None for anything that is not one."""
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
    return value if valid else None


def _error_code(error: Any) -> str | None:
    """Return the code of an error object: a short word, so that no echo of ours can hide in it."""
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    short = (
        isinstance(code, str) and len(code) <= _LONGEST_CODE and code.replace("_", "").isalnum()
    )
    return code if short else None


def _status_inside(error: Any) -> int | None:
    """Return the HTTP status that an error object under status 200 stands for, if it names one."""
    if not isinstance(error, dict):
        return None
    if _error_code(error) in _QUOTA_CODES:
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


def _trust() -> ssl.SSLContext:
    """Return whom to trust: the system, or what `SSL_CERT_FILE` names; made once, it is slow."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        message = "The certificates that vouch for the endpoint cannot be read"
        raise ConfigError(f"{message} ({type(error).__name__}). {_NAME_THE_CA}") from None


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether `error` comes from a certificate that could not be verified."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _name(raw: bytes) -> str:
    return raw.decode("latin-1").lower()


async def _read(response: httpx2.Response) -> bytes:
    """Return the decoded body, or raise `CallError` once it exceeds the cap."""
    inflate = _inflater(response.headers.get("content-encoding", "identity"))
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += _inflated(inflate, chunk, MAX_BODY_BYTES + 1 - len(body)) if inflate else chunk
        if len(body) > MAX_BODY_BYTES:
            message = f"A reply of more than {MAX_BODY_BYTES} bytes."
            raise CallError("bad_body", message, status=response.status_code, maybe_paid=True)
    if inflate and not inflate.eof:
        message = "A compressed reply that ends too early."
        raise CallError("bad_body", message, status=response.status_code, maybe_paid=True)
    return bytes(body)


def _inflater(encoding: str) -> Any:
    known = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
    name = encoding.strip().lower()
    if name in known:
        return zlib.decompressobj(known[name])
    if name in ("", "identity"):
        return None
    message = f"A reply in an encoding that was not asked for ({name[:20]!r})."
    raise CallError("bad_body", message, maybe_paid=True)


def _inflated(inflate: Any, chunk: bytes, room: int) -> bytes:
    try:
        inflated: bytes = inflate.decompress(chunk, max(room, 1))
    except zlib.error:
        message = "A reply whose compression is broken."
        raise CallError("bad_body", message, maybe_paid=True) from None
    return inflated
