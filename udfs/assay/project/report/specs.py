"""Tasks on record, read: what a prompt asks in a few words, and which values are its labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assay.functions.assess import CATEGORIES
from assay.project.report.facts import plain

_MOST_WORDS = 140
_FEELINGS = frozenset(("positive", "negative", "neutral", "mixed", "unknown"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value with a closed list of labels: its fields below `value`, and the labels."""

    fields: tuple[str, ...]
    labels: frozenset[str]
    many: bool = False


def short(kind: str, spec: str) -> str:
    """Return what a task asks, in a few words: labels, fields, questions; no example, no text."""
    task = _read(spec)
    words = ": ".join(filter(None, _words(kind, task)))
    examples = len(task.get("examples") or ())
    return plain(words, _MOST_WORDS) + (f" (examples: {examples})" if examples else "")


def labelled(kind: str, spec: str) -> Iterator[Labelled]:
    """Yield the values of a task whose labels are known; there is no other value to be shown."""
    task = _read(spec)
    match kind:
        case "classify":
            yield Labelled((), frozenset(_names(task.get("labels"))), bool(task.get("multi")))
        case "filter":
            yield Labelled((), frozenset({"true", "false"}))
        case "assess":
            yield Labelled(("category",), frozenset(CATEGORIES))
        case "sentiment":
            yield from (Labelled((name,), _FEELINGS) for name in _texts(task.get("aspects")))
        case "extract":
            yield from _labelled_fields(task)


def _labelled_fields(task: Mapping[str, Any]) -> Iterator[Labelled]:
    for one in task.get("fields") or ():
        if one.get("labels"):
            fields = () if task.get("single") else (str(one["name"]),)
            many = bool(task.get("single") or one.get("many"))
            yield Labelled(fields, frozenset(_texts(one["labels"])), many)


def _words(kind: str, task: Mapping[str, Any]) -> tuple[str, str]:
    tell = _TELLERS.get(kind)
    return ("", "") if tell is None else tell(task)


def _listed(name: str) -> Callable[[Mapping[str, Any]], tuple[str, str]]:
    """Tell how many labels or fields there are, and which."""

    def tell(task: Mapping[str, Any]) -> tuple[str, str]:
        names = _names(task.get(name))
        return f"{len(names)} {name}", ", ".join(names)

    return tell


def _feeling(task: Mapping[str, Any]) -> tuple[str, str]:
    aspects = _texts(task.get("aspects"))
    return ("aspects", ", ".join(aspects)) if aspects else ("", "a score from -1 to 1")


_TELLERS: dict[str, Callable[[Mapping[str, Any]], tuple[str, str]]] = {
    "assess": lambda task: ("", f"{len(task.get('rules') or ())} rules of its own"),
    "classify": _listed("labels"),
    "extract": _listed("fields"),
    "filter": lambda task: ("", str(task.get("asked", ""))),
    "sentiment": _feeling,
    "summarize": lambda task: ("", f"at most {task.get('max_words')} words"),
}


def _texts(things: Any) -> list[str]:
    return [str(thing) for thing in things or ()]


def _names(things: Any) -> list[str]:
    return [str(thing["name"]) for thing in things or () if isinstance(thing, dict)]


def _read(spec: str) -> dict[str, Any]:
    """A damaged record says nothing; it is no reason to have no report."""
    try:
        task = json.loads(spec)
    except ValueError:
        return {}
    return task if isinstance(task, dict) else {}
