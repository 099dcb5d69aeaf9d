"""Fixtures of the tests of commands: a fault server, and a store that it filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.faultd import FaultServer

from ..dbt.project import asking
from ..faults.engine_room import POISON, SCORE, engine_room
from .bench import Bench

REFUSED = "refusetext,marker=POISON"
TEXTS = [f"text {place}" for place in range(8)]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that keeps the texts it was sent."""
    with FaultServer(keep_texts=True) as running:
        yield running


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A folder without store, warehouse and project."""
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path)


@pytest.fixture
def bench(empty: Bench, server: FaultServer) -> Bench:
    """A store with two questions about eight texts, one text doubled, and one refused."""
    url = server.url(REFUSED)
    prices = {"price_input_usd": 100.0, "price_output_usd": 100.0}
    with engine_room(url, empty.folder, store=empty.store, store_inputs=True, **prices) as room:
        room.ask([*TEXTS, TEXTS[0], f"{POISON} text"])
        room.ask(TEXTS, SCORE)
    server.reset()
    empty.env |= asking(server)
    return empty
