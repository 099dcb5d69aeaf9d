"""One label for each text: the nearest, unless none is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .background import BACKGROUND
from .chances import sigmoid
from .embedder import Embedder, exact_product
from .fallback import Fallback, near_enough, own_phrases
from .fitted import Fitted
from .judgement import NO_WORDS, NOT_SURE, Judgement
from .label_space import (
    LabelSpace,
    discriminant_space,
    label_vectors,
    membership_of,
    without_examples,
)
from .speech import asks, leanings
from .spelling import Spelling

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Pairs = Sequence[tuple[str, Sequence[str]]]

# How much names and descriptions speak beside examples falls by half with so many a label.
_HALVED_BY = 5.0
# The line below which it is not sure is at most so many times the chance of a guess, and half way
# between its two ends with so many examples a label.
_GUESSES = 3.0
_HALF_WAY = 3.0


class OneLabel:
    """Judges by names and descriptions, better by examples; see `Classifier`.

    The fallback label has no place among the others: it is a `Fallback` that overrules them.
    """

    def __init__(
        self,
        embedder: Embedder,
        labels: Mapping[str, str | None],
        examples: Pairs,
        fallback: int | None,
    ) -> None:
        fallback = fallback if len(labels) > 1 else None
        self._embedder, self._fitted = embedder, embedder.fitted
        names = list(labels)
        self._other = None if fallback is None else names.pop(fallback)
        self._labels = tuple(names)
        known = {name: labels[name] for name in names}
        taught = [(text, chosen) for text, chosen in examples if self._other not in chosen]
        self._taught = bool(taught)
        self._described = any(known.values())
        fitted = embedder.fitted
        self._leanings = leanings(known) * (fitted.taught_leaning if taught else fitted.leaning)
        self._space = _learn(embedder, known, taught)
        self._spelling = _learn_spelling(names, taught)
        self._fallback = self._open_fallback(labels, examples)
        self._line = _line(fitted, self._space)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """A label for each text; declined is one without a piece that has a vector, and
        one that no label fits well enough to be sure."""
        vectors = self._embedder.embed(texts)
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
        if sure < self._line:
            return NOT_SURE
        return Judgement(self._labels[best], round(sure, 4))

    def _scores(self, texts: Sequence[str], vectors: Vectors) -> Floats:
        scores = exact_product(vectors, self._space.slopes) + self._space.offsets
        if self._spelling is not None:
            scores += self._fitted.spelling_share * self._spelling.scores(texts)
        if not self._leanings.any():
            return scores
        asking = np.array([1.0 if asks(text) else -1.0 for text in texts])
        return np.asarray(scores + asking[:, None] * self._leanings)

    def _confidence(self, scores: Floats, near: Floats) -> Floats:
        if not self._taught:
            per_odds, per_nearness, constant = self._fitted.names_line
            odds = _top_odds(scores, self._fitted.names_temperature)
            return sigmoid(per_odds * odds + per_nearness * near.max(axis=1) + constant)
        per_odds, per_scarce_odds, per_scarcity, constant = self._fitted.examples_line
        scarcity = 1 / (1 + self._space.counts.mean())
        odds = _top_odds(scores, self._fitted.examples_temperature)
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
        needed = near_enough(
            self._fitted, len(self._labels), described=self._described, taught=self._taught
        )
        return Fallback(self._embedder, [*described, *shown], needed)


def _learn(embedder: Embedder, labels: Mapping[str, str | None], examples: Pairs) -> LabelSpace:
    vectors, fitted = label_vectors(embedder, labels), embedder.fitted
    named = without_examples(vectors)
    if any(labels.values()):
        # A long description is near to everything: what counts is how much nearer than usual.
        named = named.moved(-exact_product(embedder.embed(BACKGROUND), vectors).mean(axis=0))
    if not examples:
        return named
    texts = embedder.embed([text for text, _ in examples]).astype(np.float64)
    space = discriminant_space(
        vectors, texts, membership_of(list(labels), examples), fitted.typical_precision
    )
    share = fitted.names_share / (1 + space.counts.mean() / _HALVED_BY)
    return space.with_share_of(
        named, share * fitted.examples_temperature / fitted.names_temperature
    )


def _learn_spelling(names: Sequence[str], examples: Pairs) -> Spelling | None:
    if not examples:
        return None
    return Spelling([text for text, _ in examples], membership_of(names, examples))


def _line(fitted: Fitted, space: LabelSpace) -> float:
    """The confidence below which no label is named."""
    few, many = fitted.unsure
    examples = float(space.counts.mean())
    line = few + (many - few) * examples / (examples + _HALF_WAY)
    return min(line, _GUESSES / len(space.counts))


def _top_odds(scores: Floats, temperature: float) -> Floats:
    """Log odds of the best label of each row under a softmax, at most 12; 0 for a single label,
    which nothing is held against."""
    if scores.shape[1] == 1:
        return np.zeros(len(scores))
    ordered = np.sort(scores, axis=1)[:, ::-1]
    rest = np.exp((ordered[:, 1:] - ordered[:, :1]) / temperature).sum(axis=1)
    return np.asarray(-np.log(np.maximum(rest, np.exp(-12.0))))
