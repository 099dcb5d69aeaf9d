"""`ai_sentiment` by the embedded models."""

from __future__ import annotations

from assay.functions.sentiment import Sentiment
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge
from assay.providers.local.models.sentiment import SentimentJudge


def judge(task: Sentiment, embedder: Embedder) -> Judge:
    """Return the judge of a score, or of aspects where the task names some."""
    feeling = SentimentJudge(embedder)
    if (names := task.aspects) is None:
        return feeling.score
    return lambda texts: feeling.aspects(texts, names)
