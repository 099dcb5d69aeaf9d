"""What was told already: a trouble is news once, once more each day, and when it is over."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.project.alerting.trouble import News, Trouble

AGAIN = datetime.timedelta(days=1)
"""After which time a trouble that stays as it is is told once more."""

FILE = "alerts.json"

_SILENT = ("spend:",)
"""Of what a run has spent nobody says that it is over: each run that spends much is news."""

_OVER = {
    "red": "the build is green again",
    "dead_letters": "dead letters are within the limit again",
    "published": "what is published is new again",
}


@dataclass(frozen=True, slots=True)
class Remembered:
    """When a trouble was told last, as an aware time, and what its `detail` was."""

    detail: str
    at: datetime.datetime


Memory = Mapping[str, Remembered]


def news(
    found: Iterable[Trouble], memory: Memory, now: datetime.datetime, unseen: tuple[str, ...] = ()
) -> list[News]:
    """Return what is to be told of what was `found`, and what is over. Pure.

    Of what was not looked at, which is what keys that begin with one of `unseen` stand for,
    nobody knows whether it is over.
    """
    there = {one.key: one for one in found}
    told = [_news(one, memory.get(one.key), now) for one in there.values()]
    unknown = (*_SILENT, *unseen)
    gone = [_gone(key) for key in memory if key not in there and not key.startswith(unknown)]
    return [one for one in told if one is not None] + gone


def _news(one: Trouble, before: Remembered | None, now: datetime.datetime) -> News | None:
    if before is None:
        return News("new", one)
    if before.detail != one.detail:
        return News("changed", one)
    return News("still", one) if now - before.at >= AGAIN else None


def _gone(key: str) -> News:
    kind, _, subject = key.partition(":")
    said = _OVER.get(kind, f"{kind.replace('_', ' ')} of {subject}")
    return News("over", Trouble(kind, subject, said, ""))


def after(told: Iterable[News], memory: Memory, now: datetime.datetime) -> dict[str, Remembered]:
    """Return the memory once `told` was sent: what is over is forgotten."""
    changed = {one.trouble.key: one for one in told}
    kept = {key: one for key, one in memory.items() if key not in changed}
    fresh = {
        key: Remembered(one.trouble.detail, now)
        for key, one in changed.items()
        if one.state != "over"
    }
    return kept | fresh


def read(folder: Path) -> dict[str, Remembered]:
    """Return what was told; nothing where no file says so, or it cannot be read."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {
            str(key): Remembered(str(one["detail"]), datetime.datetime.fromisoformat(one["at"]))
            for key, one in kept.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def keep(folder: Path, memory: Memory) -> None:
    """Write down what was told, in one step."""
    facts = {key: {"detail": one.detail, "at": one.at.isoformat()} for key, one in memory.items()}
    folder.mkdir(parents=True, exist_ok=True)
    unborn = folder / f"{FILE}.{os.getpid()}.new"
    unborn.write_text(json.dumps(facts), encoding="utf-8")
    unborn.replace(folder / FILE)
