"""Any number of labels for each text: each is judged on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .chances import sigmoid
from .embedder import Embedder, exact_product
from .judgement import Judgement
from .label_space import LabelSpace, label_vectors, membership_of, ridge_space, without_examples

Floats = NDArray[np.float64]

_LIKELY = 0.5


class ManyLabels:
    """Judges by names and descriptions, better by examples; see `Classifier`."""

    def __init__(
        self,
        embedder: Embedder,
        labels: Mapping[str, str | None],
        examples: Sequence[tuple[str, Sequence[str]]],
        fallback: int | None,
    ) -> None:
        self._embedder = embedder
        self._labels = tuple(labels)
        self._fallback = fallback
        self._space = _learn(embedder, labels, examples)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """For each text a list of labels in the order they were given, which may be empty."""
        vectors = self._embedder.embed(texts)
        chances = self._chances(vectors)
        confidence = np.maximum(chances, 1 - chances).prod(axis=1)
        blank = np.logical_not(vectors.any(axis=1))
        return [
            Judgement([], 0.0) if empty else Judgement(self._chosen(row), round(sure, 4))
            for row, sure, empty in zip(chances, confidence.tolist(), blank.tolist(), strict=True)
        ]

    def _chances(self, vectors: NDArray[np.float32]) -> Floats:
        """The probability of each label of each text, (n, k)."""
        scores = exact_product(vectors, self._space.slopes) + self._space.offsets
        centre, steepness = self._embedder.fitted.many_by_name
        by_name = sigmoid(steepness * (exact_product(vectors, self._space.centres) - centre))
        centre, steepness = self._embedder.fitted.many_by_example
        by_example = sigmoid(steepness * (scores - centre))
        chances = np.where(self._space.counts > 0, by_example, by_name)
        if self._fallback is not None:
            others = np.delete(chances, self._fallback, axis=1)
            chances[:, self._fallback] = 1 - others.max(axis=1, initial=0.0)
        return chances

    def _chosen(self, chances: Floats) -> list[str]:
        pairs = zip(self._labels, chances.tolist(), strict=True)
        return [label for label, chance in pairs if chance > _LIKELY]


def _learn(
    embedder: Embedder,
    labels: Mapping[str, str | None],
    examples: Sequence[tuple[str, Sequence[str]]],
) -> LabelSpace:
    vectors = label_vectors(embedder, labels)
    if not examples:
        return without_examples(vectors)
    texts = embedder.embed([text for text, _ in examples]).astype(np.float64)
    return ridge_space(vectors, texts, membership_of(list(labels), examples))
