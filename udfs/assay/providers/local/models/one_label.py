"""One label for each text: the nearest, unless none is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .background import BACKGROUND
from .chances import sigmoid
from .embedder import exact_product
from .fallback import Fallback, near_enough, own_phrases
from .foreign_words import Embed
from .judgement import NO_WORDS, Judgement
from .label_space import (
    LabelSpace,
    discriminant_space,
    label_vectors,
    membership_of,
    without_examples,
)
from .speech import asks, leanings

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Pairs = Sequence[tuple[str, Sequence[str]]]

# Confidence = sigmoid of a line, fitted on banking77, clinc150, bitext (category and intent) and
# snips in equal parts. Names: per log odds of the softmax, per nearness, constant. Examples: per
# log odds, the same for a single example a label, for a single example a label, constant.
_NAMES_TEMPERATURE = 0.06
_EXAMPLES_TEMPERATURE = 8.0
_NAMES_LINE = (1.0, -0.85, 0.3)
_EXAMPLES_LINE = (0.62, -0.34, -2.37, 0.27)

# What a question gains for a label of questions and loses for one of opinions, on the scale of the
# scores without and with examples; a text without a question the other way round.
_LEANING = 0.12
_TAUGHT_LEANING = 8.0

# How much names and descriptions speak beside a single example a label; less beside more examples.
_NAMES_SHARE = 0.5
_HALVED_BY = 5.0


class OneLabel:
    """Judges by names and descriptions, better by examples; see `Classifier`.

    The fallback label has no place among the others: it is a `Fallback` that overrules them.
    """

    def __init__(
        self, embed: Embed, labels: Mapping[str, str | None], examples: Pairs, fallback: int | None
    ) -> None:
        fallback = fallback if len(labels) > 1 else None
        self._embed = embed
        names = list(labels)
        self._other = None if fallback is None else names.pop(fallback)
        self._labels = tuple(names)
        known = {name: labels[name] for name in names}
        taught = [(text, chosen) for text, chosen in examples if self._other not in chosen]
        self._taught = bool(taught)
        self._described = any(known.values())
        self._leanings = leanings(known) * (_TAUGHT_LEANING if taught else _LEANING)
        self._space = _learn(embed, known, taught)
        self._fallback = self._open_fallback(labels, examples)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """A label for each text; one without a piece that has a vector is declined."""
        vectors = self._embed(texts)
        scores = self._scores(texts, vectors)
        near = exact_product(vectors, self._space.centres)
        best = scores.argmax(axis=1).tolist()
        sure = self._confidence(scores, near).tolist()
        other = self._others(texts, vectors, near).tolist()
        blank = np.logical_not(vectors.any(axis=1)).tolist()
        return [self._judgement(*row) for row in zip(best, sure, other, blank, strict=True)]

    def _judgement(self, best: int, sure: float, other: float, blank: bool) -> Judgement:
        if blank:
            return NO_WORDS
        if other:
            return Judgement(self._other, round(other, 4))
        return Judgement(self._labels[best], round(sure, 4))

    def _scores(self, texts: Sequence[str], vectors: Vectors) -> Floats:
        scores = exact_product(vectors, self._space.slopes) + self._space.offsets
        if not self._leanings.any():
            return scores
        asking = np.array([1.0 if asks(text) else -1.0 for text in texts])
        return np.asarray(scores + asking[:, None] * self._leanings)

    def _confidence(self, scores: Floats, near: Floats) -> Floats:
        if not self._taught:
            per_odds, per_nearness, constant = _NAMES_LINE
            odds = _top_odds(scores, _NAMES_TEMPERATURE)
            return sigmoid(per_odds * odds + per_nearness * near.max(axis=1) + constant)
        per_odds, per_scarce_odds, per_scarcity, constant = _EXAMPLES_LINE
        scarcity = 1 / (1 + self._space.counts.mean())
        odds = _top_odds(scores, _EXAMPLES_TEMPERATURE)
        slope = per_odds + per_scarce_odds * scarcity
        return sigmoid(slope * odds + per_scarcity * scarcity + constant)

    def _others(self, texts: Sequence[str], vectors: Vectors, near: Floats) -> Floats:
        """How sure it is that each text has the fallback label, 0 where it has not."""
        if self._fallback is None:
            return np.zeros(len(texts))
        return self._fallback.chances(texts, vectors, near)

    def _open_fallback(self, labels: Mapping[str, str | None], examples: Pairs) -> Fallback | None:
        if self._other is None:
            return None
        described = own_phrases(labels[self._other] or "")
        shown = [text for text, chosen in examples if self._other in chosen]
        needed = near_enough(len(self._labels), self._described, self._taught)
        return Fallback(self._embed, [*described, *shown], needed)


def _learn(embed: Embed, labels: Mapping[str, str | None], examples: Pairs) -> LabelSpace:
    vectors = label_vectors(embed, labels)
    named = without_examples(vectors)
    if any(labels.values()):
        # A long description is near to everything: what counts is how much nearer than usual.
        named = named.moved(-exact_product(embed(BACKGROUND), vectors).mean(axis=0))
    if not examples:
        return named
    texts = embed([text for text, _ in examples]).astype(np.float64)
    space = discriminant_space(vectors, texts, membership_of(list(labels), examples))
    share = _NAMES_SHARE / (1 + space.counts.mean() / _HALVED_BY)
    return space.with_share_of(named, share * _EXAMPLES_TEMPERATURE / _NAMES_TEMPERATURE)


def _top_odds(scores: Floats, temperature: float) -> Floats:
    """Log odds of the best label of each row under a softmax, at most 12."""
    ordered = np.sort(scores, axis=1)[:, ::-1]
    rest = np.exp((ordered[:, 1:] - ordered[:, :1]) / temperature).sum(axis=1)
    return np.asarray(-np.log(np.maximum(rest, np.exp(-12.0))))
