"""A server and a sink for tests: each on its own thread with its own loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote

from .answers import Answer, answer
from .dialect import Dialect
from .dialects import ANY
from .latency import NO_LATENCY, Latency
from .ledger import Bill
from .scenarios.registry import cast
from .server import Listener, SinkHost, base_url
from .service import Service, ServiceSettings

Result = TypeVar("Result")
CALL_SECONDS = 5.0
SETTLING_TURNS = 6


class LoopThread:
    """An event loop on a thread of its own."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(CALL_SECONDS)

    def stop(self) -> None:
        """Stop the loop and wait for its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(CALL_SECONDS)


class Host(Protocol):
    """What listens: started and stopped on the loop that it runs on."""

    async def start(self) -> None:
        """Listen."""

    async def stop(self) -> None:
        """Drop all connections and listen no more."""


class _OnThread:
    """A host that listens on a thread of its own while a `with` block runs."""

    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self._name = name
        self.runner: LoopThread | None = None

    def __enter__(self) -> Self:
        """Start listening."""
        self.runner = LoopThread(self._name)
        self.runner.call(self._host.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop all connections and end the thread; what was counted stays readable."""
        if self.runner:
            self.runner.call(self._host.stop())
            self.runner.stop()
            self.runner = None


class FaultServer(_OnThread):
    """faultd in a `with` block: `url()` to talk to it, `ledger` to read what was paid."""

    def __init__(
        self,
        scenario: str = "good",
        *,
        answer: Answer = answer,
        latency: Latency = NO_LATENCY,
        keep_texts: bool = False,
        seed: int = 0,
        port: int = 0,
        dialect: Dialect = ANY,
        batches: str = "",
    ) -> None:
        settings = ServiceSettings(scenario, dialect, answer, latency, keep_texts, seed, batches)
        self.service = Service(settings)
        self.listener = Listener(self.service, port=port)
        super().__init__(self.listener, "faultd")

    def url(self, scenario: str | None = None) -> str:
        """The base URL for a client, as a rule ending in /v1; raises UnknownScenarioError."""
        base = self.service.settings.dialect.base
        if scenario is not None:
            cast(scenario)
            base = f"/s/{quote(scenario, safe=',=')}{base}"
        return base_url(self.listener.host, self.listener.port, base)

    @property
    def ledger(self) -> Bill:
        """The ledger once the server has dealt with what has reached it so far."""
        self._on_loop(_settled())
        return self.service.ledger

    @property
    def sink(self) -> dict[str, int]:
        """What reached the built-in second host, to which redirects lead."""
        self._on_loop(_settled())
        return self.listener.sink.totals.copy()

    def summary(self) -> dict[str, Any]:
        """The totals, as GET /_faultd/ledger gives them."""
        self._on_loop(_settled())
        return self.service.summary()

    def reset(self) -> None:
        """Begin a new ledger and forget what the scenarios remember."""
        self._on_loop(_done(self.service.reset))

    def switch(self, scenario: str) -> None:
        """Change the default scenario, as POST /_faultd/scenario does."""
        self._on_loop(_done(lambda: self.service.switch(scenario)))

    def switch_batches(self, spec: str) -> None:
        """Change how batches are played, as POST /_faultd/batches does."""
        self._on_loop(_done(lambda: self.service.switch_batches(spec)))

    def pass_time(self, *, hours: float = 0, days: float = 0) -> None:
        """Move the clock of files and batches on, as POST /_faultd/clock does."""
        seconds = (days * 24 + hours) * 3600
        self._on_loop(_done(lambda: self.service.desk.pass_time(seconds)))

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        if self.runner:
            self.runner.call(work)
        else:
            asyncio.run(work)


class Sink(_OnThread):
    """A second host in a `with` block that counts what it is sent."""

    def __init__(self) -> None:
        self.host = SinkHost()
        super().__init__(self.host, "faultd-sink")

    @property
    def url(self) -> str:
        """The base URL of the sink, ending in /v1."""
        return self.host.url

    @property
    def bytes(self) -> int:
        """Bytes that reached it."""
        return self.host.totals["sink_bytes"]

    @property
    def connections(self) -> int:
        """Connections that were made to it."""
        return self.host.totals["sink_connections"]


def nobody() -> str:
    """A base URL at which nothing listens: connections are refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return base_url("127.0.0.1", int(probe.getsockname()[1]))


async def _settled() -> None:
    """Let the loop deal with what its sockets hold, closings included."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)


async def _done(work: Callable[[], None]) -> None:
    work()
