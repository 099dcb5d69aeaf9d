"""What the store holds of the same texts by other prompts and models, to be put side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.core.values import Outcome
from assay.project.answered import Asker, answers_to
from assay.project.review.column import Column
from assay.project.review.rows import Other, Row
from assay.store import Ledger, queries

_SHOWN_HASH = 8
_SIMILAR = 0.5
"""Two questions are the same one put otherwise where more than half of their names agree."""


def with_others(
    store: Ledger, column: Column, rows: Sequence[Row], texts: Mapping[str, str]
) -> list[Row]:
    """Return rows with their texts, and with what others answered to them."""
    found: dict[str, list[Other]] = {row.key: [] for row in rows}
    shown = {row.key: texts[row.key] for row in rows if row.key in texts}
    for asker in askers(store, column):
        answers = answers_to(store, asker, shown)
        for row in rows:
            outcome = answers.get(row.key)
            if outcome is not None and not _is_its_own(row, outcome):
                found[row.key].append(_other(column, *asker[:2], outcome))
    return [
        replace(row, text=texts.get(row.key, ""), others=tuple(found[row.key])) for row in rows
    ]


def askers(store: Ledger, column: Column) -> Iterator[Asker]:
    """Yield prompt hash, model and host of all that answered the column's question, put anyhow."""
    task = column.call.task
    own = _names(task.model_dump(mode="json"))
    for prompt_hash, (kind, spec) in store.read(queries.TaskSpecs()).items():
        if kind == task.kind and _is_similar(own, _names(json.loads(spec))):
            for model, host in store.read(queries.Askers(prompt_hash)):
                yield prompt_hash, model, host


def _is_its_own(row: Row, outcome: Outcome) -> bool:
    """Whether an answer is the very one that the row holds."""
    held = (row.answered_at or "").replace("T", " ")
    return held != "" and held.rstrip("0") == str(outcome.answered_at).rstrip("0")


def _other(column: Column, prompt_hash: str, model: str, outcome: Outcome) -> Other:
    by = f"{model}, prompt {prompt_hash[:_SHOWN_HASH]}"
    return Other(by, column.shown(column.of(outcome.answer)), outcome.confidence)


def _names(spec: Mapping[str, Any]) -> frozenset[str]:
    """Return what a question asks for: its labels, fields or aspects, and its question."""
    listed = [
        *(spec.get("labels") or ()),
        *(spec.get("fields") or ()),
        *(spec.get("aspects") or ()),
    ]
    names = {one["name"] if isinstance(one, dict) else str(one) for one in listed}
    return frozenset(names | {str(spec["asked"])} if spec.get("asked") else names)


def _is_similar(own: frozenset[str], other: frozenset[str]) -> bool:
    every = own | other
    return not every or len(own & other) / len(every) > _SIMILAR
