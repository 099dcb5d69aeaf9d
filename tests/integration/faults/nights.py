"""Nights on a clock of ours: a store, a search server, and a run of its own on each."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.clock import NOW
from assay.core.settings import Settings
from assay.core.values import Outcome, Reply, Request, Usage
from assay.engine.session import open_session
from assay.faultd import FaultServer
from assay.providers.fake import FakeProvider

VERIFY: dict[str, Any] = {
    "kind": "verify",
    "asked": "Is it a restaurant?",
    "fields": [{"name": "is_restaurant", "labels": ["yes", "no"]}],
    "kinds": [{"name": "listing", "hosts": ["yelp"], "days": 30}, {"name": "own", "days": 180}],
}
FIRST = datetime.datetime(2026, 1, 1, 4, tzinfo=datetime.UTC)


def reads(request: Request) -> Reply:
    """Say yes by the last source in which the name stands, which is the listing.

    Of a name with "own" in it the first one, which is its own site; with "unclear" none says it.
    """
    read = json.loads(request.user)["records"][0]["text"]
    name = read["asked_about"].partition(",")[0]
    named = [one for one in read["sources"] if name in one["text"]]
    said = [] if "unclear" in name else named[:1] if "own" in name else named[-1:]
    cited = [{"source": one["source"], "quote": name} for one in said]
    item = {"fields": {"is_restaurant": "yes" if cited else None}, "evidence": cited}
    return Reply(json.dumps({request.ids[0]: item}), request.model, Usage(10, 5))


@dataclass
class Nights:
    """A store, a search server and a clock; each night is a run of its own."""

    server: FaultServer
    store: Path
    set_clock: Callable[[str, str], None]

    def night(
        self, number: int, names: list[str], search: str = "", **changed: Any
    ) -> list[Outcome]:
        """What a run serves on this night; the clock stands still in it."""
        self.set_clock(NOW, str(FIRST + datetime.timedelta(days=number)))
        if search:
            self.server.service.searches.switch(search)
        root = re.sub(r"/v1$", "", self.server.url())
        given = {
            "provider": "openai",
            "base_url": self.server.url(),
            "model": "m",
            "api_key": "k",
            "max_attempts": 1,
            "store": self.store,
            "evidence": "http",
            "evidence_url": f"{root}/search?q={{query}}",
        }
        settings = Settings.model_validate(given | changed)
        with open_session(settings, FakeProvider(reads)) as session:
            run = session.begin(f"night-{number}")
            handle = run.resolver.register(json.dumps(VERIFY))
            run.begin_gather()
            run.resolver.gather(handle, names)
            run.end_gather()
            found = run.resolver.ask(handle, names)
            run.close()
            return found

    def searches(self) -> int:
        """How many the server has seen."""
        return self.server.service.searches.count

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table of the store."""
        with open_session(Settings(store=self.store)) as session:
            columns, rows = session.store.rows(table)
        return [dict(zip(columns, row, strict=True)) for row in rows]
