"""`ai_classify` by the embedded models."""

from __future__ import annotations

from typing import Any

from assay.functions.classify import Classify
from assay.providers.local.models.classifier import Classifier
from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.judgement import Judge


def judge(task: Classify, embedder: Embedder) -> Judge:
    """Return the judge of a list of labels."""
    labels = {label.name: label.description for label in task.labels}
    examples: list[tuple[str, Any]] = [(example.text, example.answer) for example in task.examples]
    return Classifier(
        embedder, labels, examples, multi=task.multi, instructions=task.instructions
    ).classify
