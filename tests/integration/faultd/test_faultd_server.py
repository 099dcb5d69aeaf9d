"""The server itself: framing, stopping, staying at home, the command line."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay.faultd import FaultServer
from assay.faultd.server import Listener
from assay.faultd.service import Service, ServiceSettings

from .client import TEXTS, overhear, post, raw_request, request_of

ROOT = Path(__file__).parents[3]


def test_a_connection_is_kept(server: FaultServer) -> None:
    """Several requests travel on one connection, errors between them."""
    link = http.client.HTTPConnection("127.0.0.1", server.listener.port, timeout=60)
    body = json.dumps(request_of(TEXTS)).encode()
    statuses = []
    for path in ("/v1", "/s/s500/v1", "/v1"):
        link.request("POST", f"{path}/chat/completions", body)
        reply = link.getresponse()
        reply.read()
        statuses.append(reply.status)
    link.close()
    assert statuses == [200, 500, 200]


def test_a_client_may_say_goodbye(server: FaultServer) -> None:
    """With `connection: close` the server closes after its reply."""
    with socket.create_connection(("127.0.0.1", server.listener.port), timeout=60) as link:
        link.sendall(b"GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n")
        heard = b"".join(iter(lambda: link.recv(1000), b""))
    assert heard.endswith(b"]}")


def test_pipelined_requests_are_answered_in_turn(server: FaultServer) -> None:
    """Two requests in one write, two replies."""
    address, request = raw_request(server.url(), request_of(TEXTS))
    with socket.create_connection(address, timeout=60) as link:
        link.sendall(request * 2)
        heard = b""
        while heard.count(b"HTTP/1.1 200 OK") < 2:
            heard += link.recv(1 << 16)
    assert server.summary()["max_in_flight"] == 1


def test_a_request_may_come_in_pieces(server: FaultServer) -> None:
    """Head and body arrive byte by byte."""
    address, request = raw_request(server.url("s418"), request_of(["one"], {}))
    with socket.create_connection(address, timeout=60) as link:
        for at in range(len(request)):
            link.sendall(request[at : at + 1])
        assert link.recv(100).startswith(b"HTTP/1.1 418")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"garbage\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nx: " + b"y" * 70_000, b"431"),
        (b"GET /nothing HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", b"400"),
        (b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 1\r\n\r\n{", b"400"),
        (b"POST /_faultd/nothing HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /_faultd/scenario HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", b"400"),
        (b"POST /x HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n", b"100"),
    ],
)
def test_requests_that_are_none(server: FaultServer, request_bytes: bytes, status: bytes) -> None:
    """Each is told what is wrong, and none is booked."""
    with socket.create_connection(("127.0.0.1", server.listener.port), timeout=60) as link:
        link.sendall(request_bytes)
        assert link.recv(1000).split(b" ")[1] == status
    assert server.summary()["requests"] == 0


def test_streams_are_refused(server: FaultServer) -> None:
    """faultd says so rather than sending what a streaming client cannot read."""
    heard = post(f"{server.url()}/chat/completions", request_of(TEXTS, stream=True))
    assert (heard.status, "stream" in heard.json["error"]["message"]) == (400, True)


def test_a_server_with_hanging_connections_stops_at_once() -> None:
    """Twenty clients wait for ever; the `with` block ends within a second."""
    with FaultServer(scenario="hang") as server:
        address, request = raw_request(server.url(), request_of(TEXTS))
        links = [socket.create_connection(address, timeout=60) for _ in range(20)]
        for link in links:
            link.sendall(request)
        while server.ledger.in_flight < 20:
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert [link.recv(1) for link in links] == [b""] * 20
    assert server.summary()["by_outcome"] == {"gone": 20}
    for link in links:
        link.close()


def test_a_stopped_server_refuses_connections() -> None:
    """Its port is free again, its ledger still readable."""
    with FaultServer() as server:
        post(f"{server.url()}/chat/completions", request_of(TEXTS))
    with pytest.raises(ConnectionRefusedError):
        overhear(server.url())
    assert server.ledger.summary()["requests"] == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104  refused
def test_faultd_stays_at_home(host: str) -> None:
    """Nothing but loopback: it answers anyone, and echoes what it is told."""
    with pytest.raises(ValueError, match="loopback only"):
        Listener(Service(ServiceSettings()), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_has_several_names(host: str) -> None:
    """Each of them is fine."""
    assert Listener(Service(ServiceSettings()), host).port == 0


def faultd(*options: str) -> subprocess.Popen[str]:
    """The command line, started."""
    command = [sys.executable, "-m", "assay.faultd", *options]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_serves_and_prints_the_bill(number: signal.Signals) -> None:
    """One line at the start, one JSON object at the end, exit code 0."""
    with faultd("--port", "0", "--scenario", "missing,n=1") as running:
        assert running.stdout
        greeting = running.stdout.readline()
        url = greeting.partition("ASSAY_BASE_URL=")[2].partition(" ")[0]
        post(f"{url}/chat/completions", request_of(TEXTS))
        running.send_signal(number)
        bill = json.loads(running.stdout.read())
    assert "ASSAY_PROVIDER=openai" in greeting
    assert (running.returncode, bill["paid_records"]) == (0, 3)


def test_the_command_line_lists_scenarios() -> None:
    """Name, rows of the matrix, what it does, parameters."""
    out, _ = faultd("--list").communicate(timeout=60)
    lines = out.splitlines()
    assert any(line.split()[:2] == ["gzipbomb", "A10"] for line in lines)
    assert len(lines) > 90


@pytest.mark.parametrize("options", [("--host", "0.0.0.0"), ("--scenario", "nosuch")])  # noqa: S104  refused
def test_the_command_line_refuses_nonsense(options: tuple[str, str]) -> None:
    """Exit code 2 and a line that says why."""
    running = faultd(*options)
    _, wrong = running.communicate(timeout=60)
    assert running.returncode == 2
    assert options[1] in wrong
