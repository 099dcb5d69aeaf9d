"""Tasks on record, read: what a prompt asks in a few words, and which values are its labels."""

from __future__ import annotations

import json
from collections.abc import Iterator

from assay.core.task import Labelled, Task
from assay.functions import FUNCTIONS
from assay.project.report.facts import plain

_MOST_WORDS = 140


def short(kind: str, spec: str) -> str:
    """Return what a task asks, in a few words: labels, fields, questions; no example, no text."""
    if (task := _read(kind, spec)) is None:
        return ""
    examples = f" (examples: {len(task.examples)})" if task.examples else ""
    return plain(task.in_words(), _MOST_WORDS) + examples


def labelled(kind: str, spec: str) -> Iterator[Labelled]:
    """Yield the values of a task whose labels are known; there is no other value to be shown."""
    if (task := _read(kind, spec)) is not None:
        yield from task.labelled()


def scale(kind: str, spec: str) -> tuple[float, float] | None:
    """Return the ends of the scale of a task whose answers are numbers; None of any other."""
    task = _read(kind, spec)
    schema = {} if task is None else task.answer_schema()
    return (schema["minimum"], schema["maximum"]) if "minimum" in schema else None


def _read(kind: str, spec: str) -> Task | None:
    """A damaged record says nothing; it is no reason to have no report."""
    try:
        return FUNCTIONS[kind].model_validate(json.loads(spec))
    except (KeyError, ValueError):
        return None
