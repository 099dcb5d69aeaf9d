"""The transport under the SDK: errors of aiohttp at the border, connections, headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx2
import pytest
from aiohttp import client_exceptions

from assay.core.errors import CallError
from assay.core.settings import Settings
from assay.providers.openai_compatible.provider import OpenAIProvider
from assay.providers.openai_compatible.transport import NOT_SENT, meaning_of

from .builders import request

OF_WEBSOCKETS = {"WSMessageTypeError"}
RAISED = [
    getattr(client_exceptions, name)
    for name in client_exceptions.__all__
    if name not in OF_WEBSOCKETS
]
BEFORE_SENDING = [
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientConnectorSSLError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
]
PERHAPS_PAID = [
    TimeoutError,
    aiohttp.SocketTimeoutError,
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
]
BODY = json.dumps({"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY)


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_every_error_of_aiohttp_is_one_that_the_sdk_knows(kind: type[Exception]) -> None:
    """None comes out raw, and so none ends a run as a fault of ours."""
    meaning = meaning_of(kind.__new__(kind))
    assert meaning is not None
    assert issubclass(meaning, httpx2.RequestError)


@pytest.mark.parametrize("kind", BEFORE_SENDING)
def test_what_was_never_sent_was_never_paid(kind: type[Exception]) -> None:
    """There was no connection, or no request that could be written."""
    meaning = meaning_of(kind.__new__(kind))
    assert meaning is not None
    assert issubclass(meaning, NOT_SENT)


@pytest.mark.parametrize("kind", PERHAPS_PAID)
def test_what_may_have_been_sent_may_have_been_paid(kind: type[Exception]) -> None:
    """The request was under way or done: the server may have worked on it."""
    meaning = meaning_of(kind.__new__(kind))
    assert meaning is not None
    assert not issubclass(meaning, NOT_SENT)


def test_errors_of_ours_pass_as_they_are() -> None:
    """The cap on bodies raises a `CallError`, which nobody is to translate."""
    assert meaning_of(CallError("bad_body", "too much")) is None


# --- over the wire ------------------------------------------------------------------------------


class Host:
    """A server that sends the same reply to all; it keeps what it was sent, and counts visits."""

    def __init__(self, reply: bytes, *, closes: bool) -> None:
        self.heads: list[bytes] = []
        self.visits = 0
        self.visitors: list[asyncio.Task[Any] | None] = []
        self._reply = reply
        self._closes = closes

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each request of one connection."""
        self.visits += 1
        self.visitors.append(asyncio.current_task())
        while head := await self._head(reader):
            self.heads.append(head.lower())
            length = int(self.heads[-1].split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(self._reply)
            await writer.drain()
            if self._closes:
                break
        writer.close()
        await writer.wait_closed()

    @staticmethod
    async def _head(reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


@asynccontextmanager
async def opened(host: Host, **changed: Any) -> AsyncIterator[OpenAIProvider]:
    """The provider with `host` for its endpoint."""
    server = await asyncio.start_server(host.visit, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    chosen = {"provider": "openai", "base_url": url, "api_key": "sk-test", "model": "stub"}
    provider = OpenAIProvider(Settings.model_validate(chosen | changed))
    try:
        yield provider
    finally:
        await provider.close()
        await asyncio.gather(*(visitor for visitor in host.visitors if visitor))
        server.close()
        await server.wait_closed()


async def sent_twice(host: Host, pause: float = 0.0) -> None:
    """Send two requests, one after the other."""
    async with opened(host) as provider:
        for _ in range(2):
            await provider.send(request("a text"))
            await asyncio.sleep(pause)


def test_a_connection_is_used_again() -> None:
    """Two requests, one visit."""
    host = Host(HEAD + BODY, closes=False)
    asyncio.run(sent_twice(host))
    assert (len(host.heads), host.visits) == (2, 1)


def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    """Although the server had not said that it would."""
    host = Host(HEAD + BODY, closes=True)
    asyncio.run(sent_twice(host, pause=0.1))
    assert (len(host.heads), host.visits) == (2, 2)


def test_the_request_carries_what_the_sdk_and_we_promise() -> None:
    """No retry of the SDK's, our idempotency key, the API key, and encodings that we can read."""
    host = Host(HEAD + BODY, closes=False)
    asyncio.run(sent_twice(host))
    lines = host.heads[0].split(b"\r\n")
    assert lines[0] == b"post /v1/chat/completions http/1.1"
    for line in (
        b"x-stainless-retry-count: 0",
        b"authorization: bearer sk-test",
        b"content-type: application/json",
        b"accept-encoding: gzip, deflate",
    ):
        assert lines.count(line) == 1
    assert sum(line.startswith(b"idempotency-key: ") for line in lines) == 1
    assert len({line.split(b":")[0] for line in lines[1:-2]}) == len(lines) - 3


def test_the_machine_is_nobodys_business() -> None:
    """The SDK would tell each server its user's system, processor and Python."""
    host = Host(HEAD + BODY, closes=False)
    asyncio.run(sent_twice(host))
    told = {line.split(b":")[0] for line in host.heads[0].split(b"\r\n")}
    assert not told & {b"x-stainless-os", b"x-stainless-arch", b"x-stainless-runtime-version"}


def test_what_a_reply_asks_of_us_is_read() -> None:
    """How long to wait, and how much the server gives, come through the transport."""

    async def ask(host: Host) -> None:
        async with opened(host) as provider:
            await provider.send(request("a text"))

    refused = b"HTTP/1.1 429 Busy\r\nRetry-After-Ms: 1500\r\ncontent-length: 0\r\n\r\n"
    with pytest.raises(CallError) as failed:
        asyncio.run(ask(Host(refused, closes=False)))
    assert failed.value.retry_after_seconds == 1.5


def test_a_key_that_breaks_the_headers_is_never_sent() -> None:
    """A line end in it would let it write headers of its own."""

    async def ask(host: Host) -> None:
        async with opened(host, api_key="sk-test\r\nx-evil: 1") as provider:
            await provider.send(request("a text"))

    host = Host(HEAD + BODY, closes=False)
    with pytest.raises(CallError) as failed:
        asyncio.run(ask(host))
    assert (host.heads, failed.value.fault, failed.value.maybe_paid) == ([], "transport", False)


def test_an_encoding_that_was_not_asked_for_is_a_bad_body() -> None:
    """It is told, not guessed at."""

    async def ask(host: Host) -> None:
        async with opened(host) as provider:
            await provider.send(request("a text"))

    head = HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: br\r\n\r\n")
    with pytest.raises(CallError, match="not asked for") as failed:
        asyncio.run(ask(Host(head + BODY, closes=False)))
    assert failed.value.fault == "bad_body"
