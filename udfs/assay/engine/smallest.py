"""The smallest request of all, and the smallest that asks the same as another. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from assay.core.settings import Settings
from assay.core.task import Task
from assay.core.values import Ask, Mode, Pack, Question, Record, Request
from assay.forms import form_of
from assay.functions import parse_task

SMALL_TEXT = "The kettle arrived today."
"""Of our own making: it is nobody's."""

_TASK = {
    "kind": "classify",
    "labels": [{"name": "yes"}, {"name": "no"}],
    "instructions": "Is this about a tent? If you may, answer with the word maybe.",
}
"""A server that enforces the schema cannot follow this to `maybe`."""


def smallest_request(
    settings: Settings, model: str, mode: Mode, task: Task | None = None
) -> Request:
    """Return the request that every endpoint which serves `model` in this mode can serve.

    It asks `task`, where a chat would be in another form.
    """
    chats = task is None or task.form != "embedding"
    asked = parse_task(json.dumps(_TASK)) if chats or task is None else task
    return _about_small_text(settings, mode, (Question(asked, model, settings.host),))


def small_request_like(settings: Settings, request: Request) -> Request:
    """Return a request that asks what `request` asks, in the same mode, about one short text."""
    return _about_small_text(settings, request.mode, request.pack.questions)


def _about_small_text(settings: Settings, mode: Mode, questions: Sequence[Question]) -> Request:
    asks = tuple(Ask(question.key(SMALL_TEXT), question, SMALL_TEXT) for question in questions)
    pack = Pack((Record(SMALL_TEXT, asks),))
    return form_of(pack).compose(pack, settings.headroom_for(questions[0].model), mode)
