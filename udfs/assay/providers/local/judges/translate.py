"""`ai_translate` by the embedded models: they do not translate."""

from __future__ import annotations

from assay.functions.translate import Translate
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, declining


def judge(_task: Translate, _embedder: Embedder) -> Judge:
    """Return the judge that declines every text."""
    return declining("the embedded models do not translate")
