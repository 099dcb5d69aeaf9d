"""The `local` provider: small embedded models, deterministic, without key or network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.values import Question, Reply, Request, Usage
from assay.providers.local import judges
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, Judgement
from assay.providers.local.models.minilm import MiniLM
from assay.providers.local.models.wordllama import WordLlama
from assay.providers.local.traits import LOCAL_MODEL, MINILM_MODEL

JUDGES: dict[str, Callable[[Any, Embedder], Judge]] = {
    kind: import_module(f"{judges.__name__}.{kind}").judge for kind in judges.KINDS
}
"""What makes the judge of a task, by its kind."""


class LocalProvider:
    """Answers requests in this process; a judge is made once for each task and kept."""

    def __init__(self) -> None:
        self._words = WordLlama()
        self._embedders: dict[str, Embedder] = {MINILM_MODEL: MiniLM(self._words)}
        self._judges: dict[tuple[str, str], Judge] = {}
        self._lock = threading.Lock()

    async def send(self, request: Request) -> Reply:
        """Answer every question about every record."""
        return await asyncio.to_thread(self._answer, request)

    async def close(self) -> None:
        """Forget the judges."""
        self._judges.clear()

    def _answer(self, request: Request) -> Reply:
        texts = [record.text for record in request.pack.records]
        items: list[dict[str, Any]] = [{"id": id_} for id_ in request.ids]
        confidence: dict[tuple[str, str], float] = {}
        declined: dict[tuple[str, str], str] = {}
        for key, question in zip(request.letters, request.pack.questions, strict=True):
            judged = judged_each(self._judge(question), texts)
            for item, judgement in zip(items, judged, strict=True):
                if judgement is None:
                    continue
                if judgement.declined is not None:
                    declined[item["id"], key] = judgement.declined
                    continue
                item[key] = judgement.value
                confidence[item["id"], key] = judgement.confidence
        content = json.dumps({"answers": items}, ensure_ascii=False)
        usage = Usage(0, 0, 0)
        model = request.model if request.model in self._embedders else LOCAL_MODEL
        return Reply(content, model, usage, confidence, declined, mode="listed")

    def _judge(self, question: Question) -> Judge:
        task, model = question.task, question.model
        with self._lock:
            if (task.handle, model) not in self._judges:
                embedder = self._embedders.get(model, self._words)
                self._judges[task.handle, model] = JUDGES[task.kind](task, embedder)
            return self._judges[task.handle, model]


def judged_each(judge: Judge, texts: Sequence[str]) -> list[Judgement | None]:
    """Return what `judge` says of each text; None where it fails, which is no answer."""
    try:
        return [*judge(texts)]
    except (MemoryError, ConfigError):
        raise
    except Exception:  # noqa: BLE001 - a text that a model cannot bear costs only itself
        if len(texts) == 1:
            return [None]
        return [judged_each(judge, [text])[0] for text in texts]


def open_provider(_settings: Settings) -> LocalProvider:
    """Return the provider; it needs no settings."""
    return LocalProvider()
