"""`ai_summarize` by the embedded models."""

from __future__ import annotations

from assay.functions.summarize import Summarize
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge
from assay.providers.local.models.summarizer import Summarizer


def judge(task: Summarize, embedder: Embedder) -> Judge:
    """Return the judge of summaries of so many words."""
    summarizer = Summarizer(embedder.of_words)
    return lambda texts: summarizer.summarize(texts, task.max_words)
