"""`ai_score` by the embedded models: they know no criterion but a likeness of words."""

from __future__ import annotations

from assay.functions.score import Score
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, declining


def judge(_task: Score, _embedder: Embedder) -> Judge:
    """Return the judge that declines every text."""
    return declining("the embedded models cannot judge by a criterion")
