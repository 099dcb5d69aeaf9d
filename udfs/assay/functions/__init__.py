"""The AI functions, a file each: whatever task stands in this folder can be asked.

`Suggest` has no macro: `assay suggest` asks it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic import ValidationError

from assay.core.canonical import normalise
from assay.core.cascade import Cascade
from assay.core.errors import ConfigError
from assay.core.task import Rejected, Task, accepted


def _tasks() -> Iterator[type[Task]]:
    """Yield the tasks that the modules of this folder define."""
    for module in iter_modules(__path__, f"{__name__}."):
        for found in vars(import_module(module.name)).values():
            own = getattr(found, "__module__", "") == module.name
            if own and isinstance(found, type) and issubclass(found, Task):
                yield found


FUNCTIONS: dict[str, type[Task]] = {task.__name__.lower(): task for task in _tasks()}
"""The task of each function by its kind, `classify` for `ai_classify`."""

CASCADE = "cascade"
"""What a task as a macro writes it has beside itself: who is to answer, and how surely."""


def parse_task(spec: str) -> Task:
    """Return the task that a macro wrote as JSON, or raise `ConfigError` naming what is wrong.

    Its `cascade` is no part of it: see `parse_cascade`.
    """
    fields = _object(spec)
    fields.pop(CASCADE, None)
    kind = fields.pop("kind", None)
    if not isinstance(kind, str) or kind not in FUNCTIONS:
        message = f"Unknown AI function {kind!r}; known are {', '.join(sorted(FUNCTIONS))}."
        raise ConfigError(message)
    try:
        task = FUNCTIONS[kind].model_validate(fields)
    except ValidationError as error:
        message = f"ai_{kind}: {_reason(error)}"
        raise ConfigError(message) from None
    check_examples(task)
    return task


def parse_cascade(spec: str) -> Cascade | None:
    """Return the cascade that a macro wrote into a task, if it did; raises as `parse_task`."""
    given = _object(spec).get(CASCADE)
    if given is None:
        return None
    task = parse_task(spec)
    try:
        return Cascade.model_validate({**given, "task": task})
    except (ValidationError, TypeError) as error:
        reason = _reason(error) if isinstance(error, ValidationError) else "give a mapping"
        message = f"ai_{task.kind}: {reason}"
        raise ConfigError(message) from None


def _reason(error: ValidationError) -> str:
    """Return the first thing that is wrong: in our words, or with its place in those of a type."""
    detail = error.errors(include_url=False, include_input=False)[0]
    if "error" in detail.get("ctx", {}):
        return str(detail["ctx"]["error"])
    place = ".".join(map(str, detail["loc"]))
    return f"{place}: {detail['msg']}" if place else detail["msg"]


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


__all__ = ["FUNCTIONS", "check_examples", "parse_cascade", "parse_task"]
