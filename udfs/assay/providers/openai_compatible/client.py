"""One endpoint over HTTP: every call is one attempt, and a reply of any status is a reply."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from assay.core.errors import AssayError, CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import new_id
from assay.providers.openai_compatible.profiles import ServerProfile
from assay.providers.openai_compatible.transport import (
    NAME_THE_CA,
    NOT_SENT,
    CappedTransport,
    Client,
    WireResponse,
    is_silent,
    is_untrusted,
    read_whole,
    why_not_connected,
)

_PIECE_BYTES = 2**18
"""How much of a file is handed to the socket at once."""


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


class EndpointClient:
    """Calls paths of the endpoint that the settings name, with their key and headers.

    The SDK's own retries, redirects and environment look-ups are off: there is one retry layer,
    the engine's, and texts go to the one host that the settings name. A call raises `CallError`
    where no reply comes, or none that can be read, and `ConfigError` for a host not to be trusted.
    """

    def __init__(self, settings: Settings, profile: ServerProfile, key: str) -> None:
        self.host = settings.endpoint
        self._transport = CappedTransport(settings.max_in_flight, settings.deadline_seconds)
        self._sdk = _Sdk(
            api_key=key,
            base_url=settings.endpoint,
            max_retries=0,
            timeout=settings.deadline_seconds,
            http_client=Client(self._transport),
        )
        self._sdk.further = _further(settings, profile, key)
        self._query = {"api-version": settings.api_version} if settings.api_version else {}
        self._options: dict[str, Any] = {
            "max_retries": 0,
            "timeout": settings.deadline_seconds,
            "security": {},
        }

    def address(self, path: str, **query: str) -> str:
        """Return the URL of a path below the endpoint."""
        asked = "&".join(f"{name}={said}" for name, said in (self._query | query).items())
        return f"{self._sdk.base_url.join(path)}{asked and '?'}{asked}"

    async def post(self, url: str, body: Mapping[str, Any], key: str) -> httpx2.Response:
        """Post a JSON object; by `key` a server may know that it has seen this before."""
        once = {"headers": {"Idempotency-Key": key}, "idempotency_key": key}
        options: Any = self._options | once
        return await self._said(
            self._sdk.post(url, cast_to=httpx2.Response, body=body, options=options)
        )

    async def get(self, url: str) -> httpx2.Response:
        """Get what is there."""
        options: Any = self._options
        return await self._said(self._sdk.get(url, cast_to=httpx2.Response, options=options))

    async def delete(self, url: str) -> httpx2.Response:
        """Delete what is there."""
        options: Any = self._options
        return await self._said(self._sdk.delete(url, cast_to=httpx2.Response, options=options))

    async def upload(
        self, url: str, fields: Mapping[str, str], name: str, parts: Sequence[bytes]
    ) -> httpx2.Response:
        """Post a form with a file that is these parts, which are sent one after the other."""
        edge = new_id()
        form = _form(edge, fields, name, parts)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Content-Length": str(sum(map(len, form))),
        }
        async with self._opened("POST", url, headers, _stream(form)) as response:
            return await read_whole(response)

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[httpx2.Response | AsyncIterator[bytes]]:
        """Get a file: its bytes as they arrive, or the reply that says why there is none."""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        async with self._opened("GET", url, headers) as response:
            if response.status != HTTPStatus.OK:
                yield await read_whole(response)
            elif response.headers.get("content-encoding", "identity") == "identity":
                yield response.content.iter_any()
            else:
                message = "A file in an encoding that was not asked for."
                raise CallError("bad_body", message)

    @asynccontextmanager
    async def _opened(
        self, method: str, url: str, headers: Mapping[str, str], content: Any = None
    ) -> AsyncIterator[WireResponse]:
        told = {"headers": {**self._sdk.default_headers, **headers}, "content": content}
        try:
            async with self._transport.opened(httpx2.Request(method, url, extensions=told)) as one:
                yield one
        except httpx2.RequestError as error:
            raise self._unconnected(error, error) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def _said(self, call: Awaitable[httpx2.Response]) -> httpx2.Response:
        try:
            return await call
        except openai.APIStatusError as error:
            return error.response
        except openai.APIConnectionError as error:
            raise self._unconnected(error, error.__cause__) from None
        except AssayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the SDK makes of a reply, it is one
            message = f"An unreadable reply from {self.host}: {type(error).__name__}."
            raise CallError("bad_body", message, maybe_paid=True) from None

    def _unconnected(self, error: Exception, cause: BaseException | None) -> Exception:
        if is_untrusted(error):
            message = f"{self.host} shows a certificate that nothing here vouches for."
            return ConfigError(f"{message} {NAME_THE_CA}")
        sent, why = not isinstance(cause, NOT_SENT), why_not_connected(cause or error)
        message = f"No reply from {self.host}: {why}."
        return CallError("transport", message, maybe_paid=sent, silent=is_silent(cause))


def _further(settings: Settings, profile: ServerProfile, key: str) -> dict[str, str]:
    """Return the headers that carry the key, and those of the settings."""
    name = settings.auth_header or profile.key_header
    given = {each: said.get_secret_value() for each, said in (settings.headers or {}).items()}
    return given | {name: f"Bearer {key}" if name.lower() == "authorization" else key}


def _form(
    edge: str, fields: Mapping[str, str], name: str, parts: Sequence[bytes]
) -> Sequence[bytes]:
    """Return the parts of a form: the fields, then the file."""
    begin = f'--{edge}\r\nContent-Disposition: form-data; name="'
    head = "".join(f'{begin}{field}"\r\n\r\n{said}\r\n' for field, said in fields.items())
    head += f'{begin}file"; filename="{name}"\r\nContent-Type: application/jsonl\r\n\r\n'
    return [head.encode(), *parts, f"\r\n--{edge}--\r\n".encode()]


async def _stream(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    """Yield what the parts hold in pieces of some size."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
