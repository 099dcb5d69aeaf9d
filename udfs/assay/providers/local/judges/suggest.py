"""What `assay suggest` asks, by the embedded models."""

from __future__ import annotations

from functools import partial

from assay.functions.suggest import Suggest
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge
from assay.providers.local.models.suggester import suggest
from assay.providers.local.records import judged_records


def judge(_task: Suggest, _embedder: Embedder) -> Judge:
    """Return the judge of the profiles of tables."""
    return partial(judged_records, lambda records: [suggest(one) for one in records])
