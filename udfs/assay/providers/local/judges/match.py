"""`ai_match` by the embedded models: they know words, and not which two things are one."""

from __future__ import annotations

from assay.functions.match import Match
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge, declining


def judge(_task: Match, _embedder: Embedder) -> Judge:
    """Return the judge that declines every pair."""
    return declining("the embedded models cannot judge whether two records are the same")
