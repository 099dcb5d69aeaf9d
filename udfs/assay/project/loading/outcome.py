"""What became of a source, as the child tells it and the table of loads keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

LoadStatus = Literal[
    "ok",  # its rows and its cursor are in the warehouse
    "failed",  # it said why; its rows are as they were
    "crashed",  # the process that ran it ended; its rows are as they were
    "timeout",  # it took too long; its rows are as they were
]


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """One load of one source: `rows` were taken in, in `seconds`.

    `new_columns` has columns that its tables did not have before, as `tickets.due_at`; `error` is
    one line, without a secret.
    """

    source: str
    status: LoadStatus
    rows: int = 0
    seconds: float = 0.0
    new_columns: tuple[str, ...] = ()
    error: str | None = None


def written(outcome: SourceOutcome) -> bytes:
    """Return an outcome as a line of JSON."""
    return json.dumps(asdict(outcome)).encode() + b"\n"


def read(line: bytes) -> SourceOutcome:
    """Return the outcome that a line of JSON says."""
    found = json.loads(line)
    return SourceOutcome(**found | {"new_columns": tuple(found["new_columns"])})
