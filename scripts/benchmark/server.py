"""faultd in a process of its own: started, asked for its ledger, ended by its process id."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

LATENCY = ("--latency-median", "0.3", "--latency-sigma", "0.4", "--seconds-per-token", "0.003")
"""A model that thinks 0.3 s in the median (lognormal) and 3 ms for each output token."""

NO_LATENCY = ("--latency-median", "0")

_CONTROL_SECONDS = 60
_END_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as the server booked it; times are seconds of its own clock."""

    started: float
    ended: float
    status: int


class Server:
    """A fault server in a `with` block; `url` is where clients are to ask."""

    def __init__(self, scenario: str = "good", latency: tuple[str, ...] = LATENCY) -> None:
        self._command = [
            *(sys.executable, "-m", "assay.faultd", "--port", "0", "--seed", "1"),
            *("--scenario", scenario),
            *latency,
        ]

    def __enter__(self) -> Self:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        greeting = self._process.stdout.readline() if self._process.stdout else ""
        if (found := re.search(r"http://\S+/v1", greeting)) is None:
            self._end()
            message = f"faultd did not start: {greeting!r}; try {' '.join(self._command)!r}."
            raise RuntimeError(message)
        self.url = found.group()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End this one process, whatever happened."""
        self._end()

    def ledger(self) -> dict[str, Any]:
        """The totals of all that it was asked since its start or its last reset."""
        totals: dict[str, Any] = json.loads(self._control("ledger"))
        return totals

    def exchanges(self) -> list[Exchange]:
        """Every request in the order in which they arrived."""
        lines = map(json.loads, self._control("requests").splitlines())
        return [Exchange(line["started"], line["ended"], line["status"]) for line in lines]

    def reset(self) -> None:
        """Begin a new ledger."""
        self._control("reset", data=b"")

    def _control(self, page: str, data: bytes | None = None) -> str:
        url = f"{self.url.removesuffix('/v1')}/_faultd/{page}"
        with urllib.request.urlopen(url, data, timeout=_CONTROL_SECONDS) as reply:  # noqa: S310 - loopback
            return str(reply.read().decode())

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
