"""The state of a stream: what was done so far and what goes on, for people and machines."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from assay.core.plural import counted
from assay.engine.run import Run
from assay.hosts.stream.messages import Produced


class StreamState:
    """Counts of one process; `lag` is asked for when it is looked at.

    `halted` says why a batch in hand does not go on, blank where it does.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.run: Run | None = None
        self.batches = 0
        self.messages = 0
        self.sent: Counter[str] = Counter()
        self.batch_seconds = 0.0
        self.oldest_seconds = 0.0
        self.doing = "waiting"
        self.halted = ""
        self.trouble = ""
        self.lag: Callable[[], int] = int
        self._began = time.monotonic()

    def batch(
        self, messages: int, sent: Sequence[Produced], seconds: float, oldest: float
    ) -> None:
        """A batch is sent and committed."""
        self.batches += 1
        self.messages += messages
        self.sent.update(one.kind for one in sent)
        self.batch_seconds, self.oldest_seconds = seconds, oldest

    def line(self) -> str:
        """Return where the stream stands, in one line for a terminal."""
        lag = self.lag()
        waits = f"{counted(lag, 'message')} behind, oldest {self.oldest_seconds:.1f} s"
        trouble = f"; brokers: {self.trouble}" if self.trouble else ""
        return f"{self.model}: {self.doing}; {self.told()}; {waits}{trouble}"

    def told(self) -> str:
        """Return what was done, as people say it."""
        parts = [f"{self.sent['routed']:,} routed"]
        if dead := self.sent["dead"]:
            parts.append(f"{dead:,} dead")
        if unanswered := self.sent["unanswered"]:
            parts.append(f"{unanswered:,} without an answer")
        came = counted(self.messages, "message")
        batches = "1 batch" if self.batches == 1 else f"{self.batches:,} batches"
        return f"{came} in {batches}: {', '.join(parts)}"

    def facts(self) -> dict[str, Any]:
        """Return what was done, for machines."""
        return {
            "model": self.model,
            "batches": self.batches,
            "messages": self.messages,
            "routed": self.sent["routed"],
            "dead": self.sent["dead"],
            "unanswered": self.sent["unanswered"],
            "seconds": round(time.monotonic() - self._began, 3),
            "batch_seconds": round(self.batch_seconds, 3),
            "oldest_seconds": round(self.oldest_seconds, 3),
        }
