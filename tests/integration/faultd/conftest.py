"""Fixtures for the tests of faultd: a server, and ways to talk to it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assay.faultd import FaultServer

from .client import TEXTS, Ask, Heard, overhear, post, raw_request, request_of


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that plays `good` unless the path says otherwise."""
    with FaultServer(keep_texts=True) as running:
        yield running


@pytest.fixture
def ask(server: FaultServer) -> Ask:
    """Ask one pack of texts under a scenario, each time on a new connection."""

    def asked(scenario: str | None = None, texts: list[str] | None = None, **more: Any) -> Heard:
        body = request_of(TEXTS if texts is None else texts, **more)
        return post(f"{server.url(scenario)}/chat/completions", body)

    return asked


@pytest.fixture
def listen(server: FaultServer) -> Callable[..., tuple[bytes, str]]:
    """As `overhear`, for a scenario of the server."""
    return lambda scenario, **more: overhear(server.url(scenario), **more)


@pytest.fixture
def hello(server: FaultServer) -> Callable[[str], socket.socket]:
    """Send a request under a scenario and return the socket without reading."""

    def said(scenario: str) -> socket.socket:
        address, request = raw_request(server.url(scenario), request_of(TEXTS))
        link = socket.create_connection(address, timeout=60)
        link.sendall(request)
        return link

    return said


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], bool]:
    """Wait up to a minute for something to become true."""

    def waited(true: Callable[[], bool]) -> bool:
        limit = time.monotonic() + 60
        while not (held := true()) and time.monotonic() < limit:
            time.sleep(0.005)
        return held

    return waited
