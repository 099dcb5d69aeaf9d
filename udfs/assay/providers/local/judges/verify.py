"""`ai_verify` by the embedded models: what the sources say in which the name stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.core import grounding
from assay.core.sources import Evidenced, FoundSource, name_in
from assay.functions import extract as extraction
from assay.functions.verify import Verify
from assay.providers.local.judges import extract
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, Judgement


def judge(task: Verify, embedder: Embedder) -> Judge:
    """Return the judge: without the name in a source there is no evidence."""
    read = extract.judge(extraction.Extract(fields=task.fields, grounded=False), embedder)
    nothing: dict[str, Any] = {"fields": {field.name: None for field in task.fields}}

    def judged(text: str) -> Judgement:
        sources = text.sources if isinstance(text, Evidenced) else ()
        cited = [*_naming(name_in(text.text), sources)] if isinstance(text, Evidenced) else []
        if not cited:
            return Judgement(nothing | {"evidence": []}, 1.0)
        said = next(iter(read([_joined(sources, cited)])))
        quotes = [{"source": number, "quote": quote} for number, quote in cited]
        return Judgement({"fields": said.value, "evidence": quotes}, said.confidence)

    return lambda texts: [judged(text) for text in texts]


def _naming(name: str, sources: Sequence[FoundSource]) -> list[tuple[int, str]]:
    """Return the number of each source in which a name stands, and how it stands there."""
    found = (
        (number, grounding.Source(f"{source.title}\n{source.text}").spelling(name))
        for number, source in enumerate(sources, start=1)
        if name.strip()
    )
    return [(number, quote) for number, quote in found if quote is not None]


def _joined(sources: Sequence[FoundSource], cited: Sequence[tuple[int, str]]) -> str:
    return " ".join(sources[number - 1].text for number, _ in cited)
