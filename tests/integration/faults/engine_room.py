"""The engine against a fault server: opened, asked, closed; and the oracles over both ledgers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from assay.core.settings import Settings
from assay.core.values import Outcome
from assay.engine.lookup import Resolver
from assay.engine.run import Run
from assay.engine.session import Session, open_session
from assay.faultd import Entry, FaultServer, answer
from assay.store import Store

KEY = "sk-key-canary-7d41"
POISON = "POISON"
LABELS = ("billing", "delivery", "praise", "returns", "other")

CLASSIFY: dict[str, Any] = {"kind": "classify", "labels": [{"name": name} for name in LABELS]}
SCORE: dict[str, Any] = {"kind": "sentiment"}
AMOUNT: dict[str, Any] = {"kind": "extract", "fields": [{"name": "amount", "type": "number"}]}
SUMMARY: dict[str, Any] = {"kind": "summarize", "max_words": 5}

Row = dict[str, Any]
Task = Mapping[str, Any]


@dataclass
class Room:
    """A session on a store of its own, in a run; `task` is what is asked unless told otherwise."""

    session: Session
    run: Run

    @property
    def settings(self) -> Settings:
        """What the session was opened with."""
        return self.session.settings

    @property
    def store(self) -> Store:
        """Where the answers are."""
        return self.session.store

    @property
    def resolver(self) -> Resolver:
        """What a host asks chunk by chunk."""
        return self.run.resolver

    def begin(self, run_id: str) -> None:
        """End the run and begin the next one, as dbt does in a process that goes on."""
        self.run.close()
        self.run = self.session.begin(run_id)

    def ask(self, texts: Sequence[str | None], task: Task = CLASSIFY) -> list[Outcome]:
        """Gather all texts, then wait for their outcomes: what a model with the hook does."""
        handle = self.resolver.register(json.dumps(task))
        self.run.begin_gather()
        self.resolver.gather(handle, texts)
        self.run.end_gather()
        return self.resolver.ask(handle, texts)

    def rows(self, table: str) -> list[Row]:
        """The rows of one of the store's tables."""
        columns, rows = self.store.rows(table)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    @property
    def calls(self) -> list[Row]:
        """Our own ledger, in the order in which the attempts began."""
        return sorted(self.rows("calls"), key=lambda row: str(row["started_at"]))

    @property
    def maybe_paid(self) -> int:
        """How many attempts our ledger counts as billed for all we know."""
        return sum(row["maybe_paid"] for row in self.calls)

    @property
    def dead(self) -> list[str]:
        """The statuses of the dead letters."""
        return sorted(row["status"] for row in self.rows("failures"))


@contextmanager
def engine_room(url: str, folder: Path, **changed: Any) -> Iterator[Room]:
    """An engine that asks `url`: four records a pack, four requests at once, two attempts each."""
    chosen: dict[str, Any] = {
        "pack_records": 4,
        "max_in_flight": 4,
        "max_attempts": 2,
        "deadline_seconds": 5,
        "model": "stub",
    }
    settings = Settings.model_validate(
        {"provider": "openai", "base_url": url, "api_key": KEY, "store": folder / "store.sqlite"}
        | chosen
        | changed
    )
    with open_session(settings) as session:
        yield Room(session, session.begin("a-run"))


def texts(count: int, *, poisoned: int | None = None) -> list[str]:
    """Different texts; the one at `poisoned` carries the mark that faultd looks for."""
    return [
        f"text {place} {POISON}" if place == poisoned else f"text {place}"
        for place in range(count)
    ]


def expected(given: Sequence[str], task: Task = CLASSIFY) -> list[Any]:
    """What faultd's model answers to each text: the oracle of "its own row".

    To `AMOUNT` it is one of a thousand values, so that a shift shows.
    """
    schemas: dict[str, Any] = {
        "classify": {"type": "string", "enum": list(LABELS)},
        "extract": {"type": "object", "properties": {"amount": {"type": ["number", "null"]}}},
    }
    return [answer(text, schemas[task["kind"]]) for text in given]


def values(outcomes: Sequence[Outcome]) -> list[Any]:
    """The values of outcomes, None where there is none."""
    return [None if one.value is None else json.loads(one.value) for one in outcomes]


def statuses(outcomes: Sequence[Outcome]) -> list[str]:
    """The statuses of outcomes."""
    return [one.status for one in outcomes]


def all_but(place: int, count: int, status: str) -> list[str]:
    """`ok` for each of `count` rows but the one at `place`."""
    return [status if at == place else "ok" for at in range(count)]


def sent_with(server: FaultServer, text: str) -> list[Entry]:
    """The requests that carried `text`, in order; the server must keep texts."""
    return [entry for entry in server.ledger.entries if text in entry.texts]


def paid_twice(server: FaultServer) -> int:
    """For how many questions faultd handed a good answer over more than once."""
    return int(server.summary()["paid_more_than_once"])


def gaps(entries: Sequence[Entry]) -> list[float]:
    """Seconds from the end of each request to the start of the next one."""
    return [later.started - sooner.ended for sooner, later in pairwise(entries)]
