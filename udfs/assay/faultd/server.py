"""Sockets: connections that play what the service decides, and the sink beside them."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections import deque
from typing import cast

from .plays import Ending
from .service import Performance, Service, bad_request
from .wire import BadRequestError, Head, parse, read_head

BACKLOG = 2048
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One keep-alive connection; plays one request at a time."""

    def __init__(self, service: Service, peers: set[Connection]) -> None:
        self.service = service
        self.peers = peers
        self.buffer = bytearray()
        self.head: Head | None = None
        self.running: Performance | None = None
        self.last: Performance | None = None
        self.steps: deque[bytes | float] = deque()
        self.timer: asyncio.TimerHandle | None = None
        self.sent = 0
        self.blocked = False
        self.waiting = 0
        self.goodbye = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: be told at once when the kernel does not take everything."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=0)
        self.peers.add(self)

    def data_received(self, data: bytes) -> None:
        """Collect bytes; start on a request once it is whole."""
        self.buffer += data
        self._next()

    def connection_lost(self, wrong: Exception | None) -> None:
        """The client is gone, or we closed: book what was under way."""
        self.peers.discard(self)
        if self.timer:
            self.timer.cancel()
        if self.running:
            self._book(gone=True)
        elif isinstance(wrong, ConnectionResetError) and self.last and self.last.entry:
            # Linux resets when a socket is closed with unread bytes: the reply was not read.
            self.last.entry.unread = True

    def pause_writing(self) -> None:
        """The kernel's buffer is full: note how much waits."""
        self.blocked = True
        self.waiting = self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """The kernel has taken everything: go on where the play stopped."""
        self.blocked = False
        self.waiting = 0
        if self.running:
            self._go_on()

    def _next(self) -> None:
        if self.running or self.transport.is_closing():
            return
        try:
            self.head = self.head or self._read_head()
            request = parse(self.buffer, self.head) if self.head else None
        except BadRequestError as wrong:
            self.buffer.clear()
            self._start(bad_request(wrong))
            return
        if request and self.head:
            del self.buffer[: self.head.end]
            self.head = None
            self.goodbye = request.headers.get("connection", "").lower() == "close"
            self._start(self.service.perform(request))

    def _read_head(self) -> Head | None:
        head = read_head(self.buffer)
        if head and head.headers.get("expect") == "100-continue":
            self.transport.write(CONTINUE)
        return head

    def _start(self, performance: Performance) -> None:
        self.running = performance
        self.last = None
        self.sent = 0
        self.steps.extend(performance.play.steps)
        if performance.delay:
            self.steps.appendleft(performance.delay)
        self._go_on()

    def _go_on(self) -> None:
        self.timer = None
        while self.steps and not self.blocked:
            step = self.steps.popleft()
            if isinstance(step, float):
                self.timer = asyncio.get_running_loop().call_later(step, self._go_on)
                return
            self.transport.write(step)
            self.sent += len(step)
        if not self.blocked and not self.transport.is_closing():
            self._finish()

    def _finish(self) -> None:
        performance = self.running
        self._book(gone=False)
        ending = performance.play.ending if performance else Ending.KEEP
        if ending is Ending.RESET:
            reset(self.transport)
        elif ending is Ending.CLOSE or self.goodbye:
            self.transport.close()
        elif self.buffer:
            asyncio.get_running_loop().call_soon(self._next)

    def _book(self, *, gone: bool) -> None:
        performance, self.running, self.last = self.running, None, self.running
        if performance and performance.entry and performance.ledger:
            sent = self.sent - self.waiting
            now = self.service.clock()
            performance.ledger.close(performance.entry, performance.play, sent, now, gone=gone)


def reset(transport: asyncio.Transport) -> None:
    """Drop a connection so that the peer sees a reset."""
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is not None and peer.fileno() >= 0:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


class SinkConnection(asyncio.Protocol):
    """Takes whatever is sent to a second host, counts it, and answers 200 with an empty object."""

    REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
    LINGER_SECONDS = 0.2

    def __init__(self, host: SinkHost) -> None:
        self.host = host
        self.answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self.transport = cast("asyncio.Transport", transport)
        self.host.peers.add(self.transport)
        self.host.totals["sink_connections"] += 1

    def connection_lost(self, wrong: Exception | None) -> None:
        """Forget the connection."""
        self.host.peers.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        """Count the bytes; answer once."""
        self.host.totals["sink_bytes"] += len(data)
        if not self.answered:
            self.answered = True
            self.transport.write(self.REPLY)
            loop = asyncio.get_running_loop()
            loop.call_later(self.LINGER_SECONDS, self.transport.close)


class SinkHost:
    """A second host: what redirects lead to, and what nothing may ever reach."""

    def __init__(self) -> None:
        self.totals = {"sink_connections": 0, "sink_bytes": 0}
        self.peers: set[asyncio.Transport] = set()
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port; `url` is its base URL afterwards."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: SinkConnection(self), "127.0.0.1", 0)
        self.url = base_url("127.0.0.1", port_of(self.server))

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        self.server.close()
        for transport in list(self.peers):
            transport.abort()
        await asyncio.sleep(0)


class Listener:
    """The service on a loopback port, with its sink on another one."""

    def __init__(self, service: Service, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = service
        self.host = loopback(host)
        self.port = port
        self.peers: set[Connection] = set()
        self.sink = SinkHost()

    async def start(self) -> None:
        """Listen; `port` is the real one afterwards."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: Connection(self.service, self.peers), self.host, self.port, backlog=BACKLOG
        )
        self.port = port_of(self.server)
        await self.sink.start()
        self.service.sink = self.sink.url
        self.service.sink_totals = self.sink.totals.copy

    async def stop(self) -> None:
        """Stop listening and drop every connection, hanging or not."""
        self.server.close()
        for peer in list(self.peers):
            peer.transport.abort()
        await self.sink.stop()


def port_of(server: asyncio.Server) -> int:
    """The port on which a server listens."""
    return int(server.sockets[0].getsockname()[1])


def base_url(host: str, port: int, base: str = "/v1") -> str:
    """The URL of an API root, as clients want it."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{base}"


def loopback(host: str) -> str:
    """The host as an address; raises ValueError unless it is this machine's loopback."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        message = f"faultd listens on loopback only, not on {host!r}; use 127.0.0.1 or ::1."
        raise ValueError(message)
    return address
