"""A delivery that is killed at a named step: publishes `gold.big`, delivers it, and dies there.

python dying.py WAREHOUSE ADDRESS STEP
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from assay.project.publishing.deliver import deliver
from assay.project.publishing.destinations.contract import Destination, Replacement, Shipment
from assay.project.publishing.destinations.open import open_destination
from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish

STEPS = ("opened", "replaced", "counted", "kept", "closed")
"""After each of them nothing of a delivery may be half."""

OFTEN = ("replaced", "kept")
"""Those that are tried in every run."""


class Dying:
    """A `Destination` that does what another does, and whose process is killed after a step."""

    def __init__(self, inner: Destination, step: str) -> None:
        self._inner, self._step = inner, step
        self.errors = inner.errors

    def __enter__(self) -> Self:
        self._inner.__enter__()
        self.errors = self._inner.errors
        self._die("opened")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inner.__exit__(kind, error, trace)
        self._die("closed")

    def replace(self, shipment: Shipment) -> Replacement:
        found = self._inner.replace(shipment)
        self._die("replaced")
        return found

    def count(self, name: str) -> int:
        found = self._inner.count(name)
        self._die("counted")
        return found

    def keep(self) -> None:
        self._inner.keep()
        self._die("kept")

    def _die(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    warehouse, address, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    release = Release("dying", [GoldTable("gold", "big")], [], {})
    done = publish(warehouse, warehouse.parent / "published", release)
    deliver(done, {"big": ["id"]}, Dying(open_destination(address), step), "where it dies")
