"""The AI functions, one file each; a new one is a file, a line here and a macro.

`Suggest` has no macro: `assay suggest` asks it.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from assay.core.canonical import normalise
from assay.core.errors import ConfigError
from assay.core.task import Rejected, Task, accepted
from assay.functions.assess import Assess
from assay.functions.classify import Classify
from assay.functions.extract import Extract
from assay.functions.filter import Filter
from assay.functions.sentiment import Sentiment
from assay.functions.suggest import Suggest
from assay.functions.summarize import Summarize

FUNCTIONS: tuple[type[Task], ...] = (
    Classify,
    Extract,
    Sentiment,
    Summarize,
    Filter,
    Assess,
    Suggest,
)

_BY_KIND = {function.__name__.lower(): function for function in FUNCTIONS}


def parse_task(spec: str) -> Task:
    """Return the task that a macro wrote as JSON, or raise `ConfigError` naming what is wrong."""
    fields = _object(spec)
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in _BY_KIND:
        message = f"Unknown AI function {kind!r}; known are {', '.join(sorted(_BY_KIND))}."
        raise ConfigError(message)
    try:
        task = _BY_KIND[kind].model_validate(fields)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, detail["loc"]))
        reason = str(detail["msg"]).removeprefix("Value error, ")
        message = f"ai_{kind}{': ' + place if place else ''}: {reason}"
        raise ConfigError(message) from None
    check_examples(task)
    return task


def _object(spec: str) -> dict[str, Any]:
    try:
        fields = json.loads(spec)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        message = "A task must be a JSON object; let the ai_ macros write it."
        raise ConfigError(message)
    return fields


def check_examples(task: Task) -> None:
    """Raise `ConfigError` for a task with an example whose answer is none."""
    for place, example in enumerate(task.examples, start=1):
        try:
            accepted(task, example.answer, normalise(example.text))
        except Rejected as error:
            message = f"ai_{task.kind}: the answer of example {place} is not valid: {error}."
            raise ConfigError(message) from None


__all__ = [
    "FUNCTIONS",
    "Assess",
    "Classify",
    "Extract",
    "Filter",
    "Sentiment",
    "Suggest",
    "Summarize",
    "check_examples",
    "parse_task",
]
