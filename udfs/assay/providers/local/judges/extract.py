"""`ai_extract` by the embedded models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.functions.extract import Extract
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.judgement import Judge, Judgement
from assay.providers.local.models.searches import Sought


def judge(task: Extract, embedder: Embedder) -> Judge:
    """Return the judge of fields, or of the values of the single one."""
    fields = {
        field.name: Sought(
            type=field.type, many=field.many, labels=field.labels, description=field.description
        )
        for field in task.fields
    }
    examples: list[tuple[str, Any]] = [
        (one.text, task.with_evidence(one.answer, one.text)[0]) for one in task.examples
    ]
    extractor = Extractor(embedder.of_words, fields, examples, quotes=task.evidence)
    if not task.single:
        return extractor.extract
    name = task.fields[0].name

    def single(texts: Sequence[str]) -> list[Judgement]:
        found = extractor.extract(texts)
        return [Judgement(_values(item.value, name), item.confidence) for item in found]

    return single


def _values(found: Any, name: str) -> list[Any]:
    return found[name] or []
