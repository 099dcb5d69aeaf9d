"""`ai_filter` by the embedded models."""

from __future__ import annotations

from assay.functions.filter import Filter
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.filter import FilterJudge
from assay.providers.local.models.judgement import Judge


def judge(task: Filter, embedder: Embedder) -> Judge:
    """Return the judge of one question."""
    examples = [(example.text, bool(example.answer)) for example in task.examples]
    return FilterJudge(embedder, task.asked, examples).judge
