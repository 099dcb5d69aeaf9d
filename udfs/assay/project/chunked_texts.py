"""What was asked about in place of long texts: their chunks, and what was answered about them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from assay.core.redaction import forms, redactions
from assay.core.task import Task
from assay.core.values import Outcome, key_of, key_seed
from assay.engine.chunked_column import climbed
from assay.functions import parse_task
from assay.hosts.dbt.ai_calls import calls_in
from assay.store import Ledger, queries


def texts_in_place(store: Ledger, texts: Sequence[str]) -> set[str]:
    """Return every text that was asked about to answer for `texts` chunk by chunk, marks and all.

    By the models as they were built last; each model and host on record has levels of its own.
    """
    built = store.read(queries.BuiltStatements()).values()
    tasks = [parse_task(call.spec) for sql in built for call in calls_in(sql)]
    found: set[str] = set()
    for task in tasks:
        for model, host in store.read(queries.Askers(task.prompt_hash)) if task.by_chunks else ():
            found |= _asked(store, task, key_seed(task.prompt_hash, model, host), texts)
    return found


def _asked(store: Ledger, task: Task, seed: hashlib._Hash, texts: Sequence[str]) -> set[str]:
    found: set[str] = set()

    def answered(parts: list[str]) -> list[Outcome | None]:
        found.update(form for part in parts for form in forms(part))
        return [_answer(store, seed, part) for part in parts]

    if task.by_chunks is not None:
        climbed(texts, task.by_chunks[1], answered)
    return found


def _answer(store: Ledger, seed: hashlib._Hash, part: str) -> Outcome | None:
    """Return what was answered about a chunk, with or without redaction; None for nothing."""
    for redaction in redactions(part):
        row = store.read(queries.AnswerUnder(key_of(seed, redaction.text(part))))
        if row is not None:
            return Outcome("ok", redaction.restored(row["value"], part))
    return None
