"""Texts that are JSON objects, for judges of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assay.core.json_text import read_record
from assay.core.task import Rejected
from assay.providers.local.models.judgement import Judgement

Records = Sequence[dict[str, Any]]


def judged_records(
    judge: Callable[[Records], list[Judgement]], texts: Sequence[str]
) -> list[Judgement]:
    """Return what `judge` says of each record; of a text that is none, null: its task says why."""
    records = [_record(text) for text in texts]
    judged = iter(judge([record for record in records if record is not None]))
    return [Judgement(None, 0.0) if record is None else next(judged) for record in records]


def _record(text: str) -> dict[str, Any] | None:
    try:
        return read_record(text)
    except Rejected:
        return None
