"""Fixtures for the fault tests of the engine: a server, and rooms that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from assay.faultd import FaultServer

from ..figures import figure
from .engine_room import Room, engine_room
from .nights import Nights

__all__ = ["figure"]

OpenRoom = Callable[..., Room]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A fault server that keeps the texts it was sent."""
    with FaultServer(keep_texts=True) as running:
        yield running


@pytest.fixture
def room(server: FaultServer, tmp_path: Path) -> Iterator[OpenRoom]:
    """Open an engine for a scenario of the server; closed at the end of the test."""
    with ExitStack() as stack:

        def opened(scenario: str = "good", *, url: str | None = None, **changed: Any) -> Room:
            address = server.url(scenario) if url is None else url
            return stack.enter_context(engine_room(address, tmp_path, **changed))

        yield opened


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    """Nights from the first of January on."""
    with FaultServer() as server:
        yield Nights(server, tmp_path / "store.sqlite", monkeypatch.setenv)
