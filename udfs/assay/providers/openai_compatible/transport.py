"""HTTP for the SDK: requests as they are told to be, replies read whole and not beyond a cap.

`aiohttp` does the work: its parser is C, and it takes a third of the time that `httpx2` takes.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import Any

import aiohttp
import httpx2
import yarl

from assay.core.errors import CallError, ConfigError
from assay.providers.openai_compatible.usage import COST_HEADER

WireResponse = aiohttp.ClientResponse
"""A reply whose body is still on the wire."""

MAX_BODY_BYTES = 8 * 1024 * 1024
_MOST_OF = {"embeddings": 64 * 1024 * 1024}
"""The most that is read of a reply, decoded: a pack's answers are a few kilobytes."""

NAME_THE_CA = "Set `SSL_CERT_FILE` to a file with the certificate of the authority to trust."

NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.LocalProtocolError)
"""What is raised while no byte of a request has left."""

_CONNECT_SECONDS = 10.0
"""The longest that a connection may take to be made, name, TCP and TLS together."""

_FILE_SECONDS = 1800.0
"""The longest that a file may take, up or down; the deadline bounds its silences."""

_KEPT_SECONDS = 5.0
"""How long an idle connection is used again: servers close theirs not long after."""

_OURS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp would add of itself; the SDK says what is to be sent."""

_READ = frozenset(
    {b"date", b"retry-after", b"retry-after-ms", b"x-request-id", b"x-should-retry"}
    | {COST_HEADER.encode()}
)
_READ_ALSO = b"x-ratelimit-"
"""Headers of a reply that somebody here or in the SDK reads; the others are let go.

So is `content-type`: the SDK would decode the body of an error by any charset that it names.
"""

_MEANINGS: tuple[tuple[type[Exception], type[httpx2.RequestError]], ...] = (
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.ServerFingerprintMismatch, httpx2.ConnectError),
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ServerConnectionError, httpx2.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (ValueError, httpx2.LocalProtocolError),
    (aiohttp.ClientError, httpx2.ReadError),
)
"""What the errors of aiohttp are to the SDK; the first line that fits counts."""


class Client(httpx2.AsyncClient):
    """What the SDK needs of an HTTP client: a request is built as told and handed on as it is.

    Redirects, cookies, proxies, hooks and defaults to merge cannot happen: they are not here.
    """

    def __init__(self, transport: CappedTransport) -> None:
        super().__init__(transport=transport, trust_env=False)
        self._straight = transport

    def build_request(self, method: str, url: httpx2.URL | str, **said: Any) -> httpx2.Request:
        """Return the request that the SDK describes: a whole URL, all headers and the body."""
        headers = [*said["headers"], ("Accept-Encoding", "gzip, deflate")]
        told = {
            "headers": headers,
            "content": said.get("content"),
        }  # as they are: to parse them costs
        return httpx2.Request(method, _parsed(url), extensions=told)

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """Return the response, read and decoded; a redirect is a response like any other."""
        response = await self._straight.handle_async_request(request)
        response.request = request
        return response


class CappedTransport(httpx2.AsyncBaseTransport):
    """Reads each reply whole, at most `MAX_BODY_BYTES` of it after decoding.

    The SDK reads error bodies without a limit and inflates whatever it is sent; nothing above
    this transport sees more than the cap. Its connections belong to the loop that sends first.
    """

    def __init__(self, connections: int, seconds: float) -> None:
        self._connections = connections
        self._seconds = seconds
        self._trust = _trust()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response with its body read and decoded."""
        try:
            return await self._response(request)
        except Exception as error:
            if (meaning := meaning_of(error)) is None:
                raise
            raise meaning(type(error).__name__, request=request) from error

    @asynccontextmanager
    async def opened(self, request: httpx2.Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a file or ask for one: the response comes with its body unread, and no cap."""
        patient = aiohttp.ClientTimeout(
            total=_FILE_SECONDS, connect=_CONNECT_SECONDS, sock_read=self._seconds
        )
        try:
            async with self._sending(request, timeout=patient) as response:
                yield response
        except Exception as error:
            if (meaning := meaning_of(error)) is None:
                raise
            raise meaning(type(error).__name__, request=request) from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _response(self, request: httpx2.Request) -> httpx2.Response:
        async with self._sending(request) as response:
            return await read_whole(response, most_bytes(request.url.path))

    def _sending(
        self, request: httpx2.Request, **more: Any
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._open().request(
            request.method,
            _target(request.url),
            data=request.extensions["content"],
            headers=request.extensions["headers"],
            allow_redirects=False,
            **more,
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections, ssl=self._trust, keepalive_timeout=_KEPT_SECONDS
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_OURS,
                timeout=aiohttp.ClientTimeout(
                    total=self._seconds, connect=min(_CONNECT_SECONDS, self._seconds / 2)
                ),
                trust_env=False,
            )
        return self._session


@lru_cache(maxsize=8)
def _parsed(url: httpx2.URL | str) -> httpx2.URL:
    """Return a URL as httpx2 has it; there is one endpoint, and to parse it takes a while."""
    return httpx2.URL(url)


@lru_cache(maxsize=8)
def _target(url: httpx2.URL) -> yarl.URL:
    """Return a URL as aiohttp has it, to the letter."""
    return yarl.URL(str(url), encoded=True)


def _is_read(name: bytes) -> bool:
    return name in _READ or name.startswith(_READ_ALSO)


def meaning_of(error: Exception) -> type[httpx2.RequestError] | None:
    """Return what an error of aiohttp is to the SDK; None for one that is not aiohttp's."""
    return next((ours for theirs, ours in _MEANINGS if isinstance(error, theirs)), None)


def is_silent(error: BaseException | None) -> bool:
    """Whether `error` is of a connection that failed, or ended, before a word of a reply.

    One that ran out of time has not ended: a model may take long.
    """
    theirs = error.__cause__ if error is not None else None
    heard = isinstance(theirs, (TimeoutError, aiohttp.ClientPayloadError))
    return isinstance(error, NOT_SENT) or not heard


def why_not_connected(error: BaseException | None) -> str:
    """Return in words why there is no connection; the name of the error where there are none."""
    theirs = error.__cause__ if error is not None else None
    if isinstance(theirs, aiohttp.ClientConnectorDNSError):
        return "its name is not known here"
    if isinstance(theirs, aiohttp.ClientSSLError):
        return "it does not speak TLS as we do"
    if isinstance(theirs, aiohttp.ConnectionTimeoutError):
        return "no connection in time"
    if not isinstance(theirs, aiohttp.ClientConnectorError):
        return type(error).__name__
    if isinstance(theirs.os_error, ConnectionRefusedError):
        return "connection refused"
    return theirs.os_error.strerror or type(theirs.os_error).__name__


def is_untrusted(error: BaseException | None) -> bool:
    """Whether `error` comes from a certificate that could not be verified."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trust() -> ssl.SSLContext:
    """Return whom to trust: the system, or what `SSL_CERT_FILE` names; made once, it is slow."""
    try:
        return httpx2.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        message = "The certificates that vouch for the endpoint cannot be read"
        raise ConfigError(f"{message} ({type(error).__name__}). {NAME_THE_CA}") from None


def most_bytes(path: str) -> int:
    """Return the cap on what is at a path of the endpoint: vectors by the thousand are long."""
    return _MOST_OF.get(path.rpartition("/")[2], MAX_BODY_BYTES)


async def read_whole(
    response: aiohttp.ClientResponse, most: int = MAX_BODY_BYTES
) -> httpx2.Response:
    """Return a response with its body, decoded, and the headers that somebody reads."""
    body = await _read(response, most)
    headers = [pair for pair in response.raw_headers if _is_read(pair[0].lower())]
    return httpx2.Response(response.status, headers=headers, content=body)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the decoded body, or raise `CallError` once it exceeds the cap."""
    inflate = _inflater(response.headers.get("content-encoding", "identity"))
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += _inflated(inflate, chunk, most + 1 - len(body)) if inflate else chunk
        if len(body) > most:
            message = f"A reply of more than {most} bytes."
            raise CallError("bad_body", message, status=response.status, maybe_paid=True)
    if inflate and not inflate.eof:
        message = "A compressed reply that ends too early."
        raise CallError("bad_body", message, status=response.status, maybe_paid=True)
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
