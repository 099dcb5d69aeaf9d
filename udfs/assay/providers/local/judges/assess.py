"""`ai_assess` by the embedded models."""

from __future__ import annotations

from functools import partial

from assay.functions.assess import Assess
from assay.providers.local.models.assessor import assess
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge
from assay.providers.local.records import judged_records


def judge(task: Assess, _embedder: Embedder) -> Judge:
    """Return the judge of records by the rules of the task, or by common sense."""
    rules = {rule.column: rule.text for rule in task.rules if rule.column is not None}
    general = [rule.text for rule in task.rules if rule.column is None]
    return partial(judged_records, lambda records: assess(records, rules or general or None))
