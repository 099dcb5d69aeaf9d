"""A process that asks by the file and dies where it is told: `python worker.py STORE URL ...`.

The place is `store.land:before:70`: a verb of the store or of the batches, and which call of it.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.core.settings import Settings
from assay.engine.answers import Answers
from assay.engine.loop import Engine
from assay.engine.session import Session
from assay.functions import parse_task
from assay.providers import open_provider
from assay.store import open_store
from assay.telemetry import open_telemetry

SPEC = json.dumps({"kind": "summarize", "max_words": 40})
KEY = "sk-test"
NOWHERE = "-"


def text_of(number: int) -> str:
    """The text of a record."""
    return f"record {number}"


def settings_of(store: Path, url: str, pack: int) -> Settings:
    """How the process asks."""
    return Settings.model_validate(
        {
            "provider": "openai",
            "base_url": url,
            "model": "stub",
            "api_key": KEY,
            "store": store,
            "batch": True,
            "pack_records": pack,
            "price_input_usd": 1.0,
            "price_output_usd": 4.0,
        }
    )


class Mortal:
    """Does what the real one does, until the call at which the process dies."""

    def __init__(self, real: Any, verb: str, when: str, nth: int) -> None:
        self._real = real
        self._verb, self._when, self._left = verb, when, nth

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return found if name != self._verb else self._last(found)

    def _last(self, verb: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            self._die("before")
            found = verb(*arguments)
            if inspect.isawaitable(found):
                return self._awaited(found)
            self._die("after")
            return found

        return act

    async def _awaited(self, work: Any) -> Any:
        found = await work
        self._die("after")
        return found

    def _die(self, when: str) -> None:
        if when == self._when:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), 9)


class Provider:
    """A provider with other batches."""

    def __init__(self, real: Any, batches: Any) -> None:
        self._real = real
        self.batches = batches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def ask(store: Path, url: str, count: int, pack: int, place: str) -> dict[str, int]:
    """How many records had which status in a run, whose batch is handed over at its end."""
    settings = settings_of(store, url, pack)
    kept: Any = open_store(store, guarded=True)
    provider: Any = open_provider(settings)
    if place != NOWHERE:
        whose, when, nth = place.split(":")
        side, _, verb = whose.partition(".")
        if side == "store":
            kept = Mortal(kept, verb, when, int(nth))
        else:
            mortal = Mortal(provider.batches, verb, when, int(nth))
            provider = Provider(provider, mortal)
    engine = Engine(settings, kept, provider, open_telemetry(settings), Answers(1_000_000))
    with Session(settings, engine) as session, session.begin(f"mortal-{os.getpid()}") as run:
        outcomes = run.ask(parse_task(SPEC), [text_of(number) for number in range(count)])
    found = [outcome.status for outcome in outcomes]
    return {status: found.count(status) for status in set(found)}


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a process of this file."""
    root = str(Path(__file__).parents[3])
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
    )


if __name__ == "__main__":
    path, address, many, size, where = sys.argv[1:]
    sys.stdout.write(json.dumps(ask(Path(path), address, int(many), int(size), where)))
