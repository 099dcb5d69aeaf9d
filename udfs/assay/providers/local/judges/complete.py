"""`ai_complete` by the embedded models: they write no words of their own."""

from __future__ import annotations

from assay.functions.complete import Complete
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, declining


def judge(_task: Complete, _embedder: Embedder) -> Judge:
    """Return the judge that declines every text."""
    return declining("the embedded models write no text of their own")
