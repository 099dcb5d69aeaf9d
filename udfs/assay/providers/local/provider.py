"""The `local` provider: small embedded models, deterministic, without key or network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from assay.core.errors import ConfigError
from assay.core.json_text import read_record
from assay.core.settings import LOCAL_MODEL, Settings
from assay.core.task import Rejected, Task
from assay.core.values import Reply, Request, Usage
from assay.functions import Assess, Classify, Extract, Filter, Sentiment, Suggest, Summarize
from assay.providers.local.models.assessor import assess
from assay.providers.local.models.classifier import Classifier
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.filter import FilterJudge as YesNo
from assay.providers.local.models.judgement import Judgement
from assay.providers.local.models.searches import Sought
from assay.providers.local.models.sentiment import SentimentJudge as Feeling
from assay.providers.local.models.suggester import suggest
from assay.providers.local.models.summarizer import Summarizer

Judge = Callable[[Sequence[str]], list[Judgement]]


class LocalProvider:
    """Answers requests in this process; a judge is made once for each task and kept."""

    def __init__(self) -> None:
        self._embedder = Embedder()
        self._judges: dict[str, Judge] = {}
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
        for key, question in zip(request.letters, request.pack.questions, strict=True):
            judged = judged_each(self._judge(question.task), texts)
            for item, judgement in zip(items, judged, strict=True):
                if judgement is None:
                    continue
                item[key] = judgement.value
                confidence[item["id"], key] = judgement.confidence
        content = json.dumps({"answers": items}, ensure_ascii=False)
        usage = Usage(0, 0, 0)
        return Reply(content, LOCAL_MODEL, usage, confidence)

    def _judge(self, task: Task) -> Judge:
        with self._lock:
            if task.handle not in self._judges:
                self._judges[task.handle] = make_judge(task, self._embedder)
            return self._judges[task.handle]


def judged_each(judge: Judge, texts: Sequence[str]) -> list[Judgement | None]:
    """Return what `judge` says of each text; None where it fails, which is no answer."""
    try:
        return [*judge(texts)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a text that a model cannot bear costs only itself
        if len(texts) == 1:
            return [None]
        return [judged_each(judge, [text])[0] for text in texts]


def make_judge(task: Task, embedder: Embedder) -> Judge:
    """Return the function that answers `task` for a list of texts."""
    match task:
        case Classify():
            return _classify(task, embedder)
        case Extract():
            return _extract(task, embedder)
        case Sentiment():
            return _sentiment(task, embedder)
        case Summarize():
            summarizer = Summarizer(embedder)
            return lambda texts: summarizer.summarize(texts, task.max_words)
        case Filter():
            examples = [(example.text, bool(example.answer)) for example in task.examples]
            return YesNo(embedder, task.asked, examples).judge
        case Assess() | Suggest():
            return _of_record(task)
    message = f"The embedded provider does not know ai_{task.kind}; use `ASSAY_PROVIDER=openai`."
    raise ConfigError(message)


def _classify(task: Classify, embedder: Embedder) -> Judge:
    labels = {label.name: label.description for label in task.labels}
    examples: list[tuple[str, Any]] = [(example.text, example.answer) for example in task.examples]
    return Classifier(
        embedder, labels, examples, multi=task.multi, instructions=task.instructions
    ).classify


def _sentiment(task: Sentiment, embedder: Embedder) -> Judge:
    feeling = Feeling(embedder)
    if (names := task.aspects) is None:
        return feeling.score
    return lambda texts: feeling.aspects(texts, names)


def _extract(task: Extract, embedder: Embedder) -> Judge:
    fields = {
        field.name: Sought(
            type=field.type, many=field.many, labels=field.labels, description=field.description
        )
        for field in task.fields
    }
    examples: list[tuple[str, Any]] = [(example.text, example.answer) for example in task.examples]
    extractor = Extractor(embedder, fields, examples)
    if not task.single:
        return extractor.extract
    name = task.fields[0].name

    def single(texts: Sequence[str]) -> list[Judgement]:
        found = extractor.extract(texts)
        return [Judgement(_values(item.value, name), item.confidence) for item in found]

    return single


def _values(found: Any, name: str) -> list[Any]:
    return found[name] or []


def _of_record(task: Assess | Suggest) -> Judge:
    """Return the judge of texts that are JSON objects."""
    if isinstance(task, Suggest):
        return lambda texts: _of_records(texts, lambda records: [suggest(one) for one in records])
    rules = {rule.column: rule.text for rule in task.rules if rule.column is not None}
    general = [rule.text for rule in task.rules if rule.column is None]
    return lambda texts: _of_records(
        texts, lambda records: assess(records, rules or general or None)
    )


def _of_records(
    texts: Sequence[str], judge: Callable[[Sequence[dict[str, Any]]], list[Judgement]]
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


def open_provider(_settings: Settings) -> LocalProvider:
    """Return the provider; it needs no settings."""
    return LocalProvider()
