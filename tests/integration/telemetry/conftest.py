"""Fixtures of the telemetry tests: a receiver of OTLP/HTTP, and a server to ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assay.faultd import FaultServer

from .receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on loopback that keeps what it is sent."""
    with Receiver() as running:
        yield running


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that answers well unless the path says otherwise."""
    with FaultServer() as running:
        yield running
