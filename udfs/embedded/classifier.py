"""Choosing labels for a text by its vector's nearness to what is known about each label."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .embedder import Embedder, exact_product
from .judgement import Judgement
from .label_space import (
    LabelSpace,
    discriminant_space,
    label_vectors,
    membership_of,
    ridge_space,
    without_examples,
)
from .text import humanised

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Examples = Sequence[tuple[str, str | Sequence[str]]]

_FALLBACK_NAME = re.compile(
    r"(?:all )?others?|(?:some|any)thing else|none|none of (?:these|them|the above)|unknown"
    r"|unclear|out of scope|oos|misc|miscellaneous|n ?a|not applicable|no match|rest"
    r"|un(?:classified|categori[sz]ed|defined|sure)"
)
_FALLBACK_DESCRIPTION = re.compile(
    r"\b(?:none of (?:these|them|the (?:others?|above|rest))|(?:any|every|some)thing else"
    r"|nothing else|out of scope|no other label)\b"
)
_FALLBACK_ADVICE = re.compile(
    r"\b(?:otherwise|if (?:none|nothing|no label|unsure|unclear|in doubt))\b"
)

# Nearness (cosine) below which the fallback label is chosen, without and with examples, and how
# fast it gets surer per unit below that: between the out-of-scope and other queries of clinc150.
_NEAR_ENOUGH = 0.25
_NEAR_ENOUGH_TO_EXAMPLES = 0.34
_FALLBACK_STEEPNESS = 12.0

# Confidence = sigmoid of a line, fitted on banking77, clinc150, bitext (category and intent) and
# snips in equal parts. Names: per log odds of the softmax, per nearness, constant. Examples: per
# log odds, the same for a single example a label, for a single example a label, constant.
_NAMES_TEMPERATURE = 0.06
_EXAMPLES_TEMPERATURE = 8.0
_NAMES_LINE = (1.0, -0.85, 0.3)
_EXAMPLES_LINE = (0.62, -0.34, -2.37, 0.27)

# With `multi` the chance of each label is a sigmoid of (centre, steepness), fitted on the aspect
# categories of MAMS: of its cosine where there is no example, of the ridge score otherwise.
_MULTI_NAMES = (0.12, 12.0)
_MULTI_EXAMPLES = (0.40, 8.0)
_LIKELY = 0.5


class Classifier:
    """One label, or with `multi` any number of them, for each text.

    `labels` maps each label to its description or None. `examples` are (text, label) pairs, with
    `multi` (text, labels). A label that stands for "none of these", by its name, its description
    or the `instructions`, is chosen only when no other label is near enough; `instructions` have
    no other effect. Raises ValueError for no labels and for an example with a strange label.
    """

    def __init__(
        self,
        embedder: Embedder,
        labels: Mapping[str, str | None],
        examples: Examples = (),
        multi: bool = False,
        instructions: str | None = None,
    ) -> None:
        if not labels:
            raise ValueError("A classifier needs at least one label, got none.")
        self._embedder = embedder
        self._labels = tuple(labels)
        self._multi = multi
        self._fallback = _find_fallback(labels, instructions or "")
        self._space = _learn(embedder, labels, _as_pairs(examples), multi)
        self._taught = bool(examples)

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text: a label, or None for a text without words; with `multi` a list
        of labels in the order they were given, which may be empty."""
        vectors = self._embedder.embed(texts)
        scores = exact_product(vectors, self._space.slopes) + self._space.offsets
        nearness = self._nearness(vectors, scores)
        blank: Flags = np.logical_not(vectors.any(axis=1))
        if self._multi:
            return self._judge_many(scores, nearness, blank)
        return self._judge_one(scores, nearness, blank)

    def _nearness(self, vectors: NDArray[np.float32], scores: Floats) -> Floats:
        """Cosines to the labels' centres, (n, k); without examples these are the scores."""
        return exact_product(vectors, self._space.centres) if self._taught else scores

    def _judge_one(self, scores: Floats, nearness: Floats, blank: Flags) -> list[Judgement]:
        hidden = self._hidden()
        scores, nearness = scores + hidden, nearness + hidden
        best = scores.argmax(axis=1)
        confidence = self._confidence(scores, nearness)
        if self._fallback is not None:
            best, confidence = self._fall_back(best, confidence, nearness, self._fallback)
        return [
            Judgement(None, 0.0) if empty else Judgement(self._labels[label], round(sure, 4))
            for label, sure, empty in zip(
                best.tolist(), confidence.tolist(), blank.tolist(), strict=True
            )
        ]

    def _hidden(self) -> Floats:
        """Added to scores: puts a fallback label without examples out of the competition."""
        hidden = np.zeros(len(self._labels))
        alone = len(self._labels) == 1
        if self._fallback is not None and not alone and not self._space.counts[self._fallback]:
            hidden[self._fallback] = -1e6
        return hidden

    def _confidence(self, scores: Floats, nearness: Floats) -> Floats:
        if not self._taught:
            per_odds, per_nearness, constant = _NAMES_LINE
            odds = _top_odds(scores, _NAMES_TEMPERATURE)
            return _sigmoid(per_odds * odds + per_nearness * nearness.max(axis=1) + constant)
        per_odds, per_scarce_odds, per_scarcity, constant = _EXAMPLES_LINE
        scarcity = 1 / (1 + self._space.counts.mean())
        odds = _top_odds(scores, _EXAMPLES_TEMPERATURE)
        slope = per_odds + per_scarce_odds * scarcity
        return _sigmoid(slope * odds + per_scarcity * scarcity + constant)

    def _fall_back(
        self, best: NDArray[np.intp], confidence: Floats, nearness: Floats, fallback: int
    ) -> tuple[NDArray[np.intp], Floats]:
        """The fallback label where nothing is near enough, surer the farther it all is."""
        needed = _NEAR_ENOUGH_TO_EXAMPLES if self._taught else _NEAR_ENOUGH
        nearest = nearness.max(axis=1)
        away = _sigmoid(_FALLBACK_STEEPNESS * (needed - nearest))
        far = nearest < needed
        return np.where(far, fallback, best), np.where(far, away, confidence)

    def _judge_many(self, scores: Floats, nearness: Floats, blank: Flags) -> list[Judgement]:
        chances = self._chances(scores, nearness)
        confidence = np.maximum(chances, 1 - chances).prod(axis=1)
        return [
            Judgement([], 0.0) if empty else Judgement(self._chosen(row), round(sure, 4))
            for row, sure, empty in zip(chances, confidence.tolist(), blank.tolist(), strict=True)
        ]

    def _chances(self, scores: Floats, nearness: Floats) -> Floats:
        """The probability of each label of each text, (n, k)."""
        centre, steepness = _MULTI_NAMES
        by_name = _sigmoid(steepness * (nearness - centre))
        centre, steepness = _MULTI_EXAMPLES
        by_example = _sigmoid(steepness * (scores - centre))
        chances = np.where(self._space.counts > 0, by_example, by_name)
        if self._fallback is not None:
            others = np.delete(chances, self._fallback, axis=1)
            chances[:, self._fallback] = 1 - others.max(axis=1, initial=0.0)
        return chances

    def _chosen(self, chances: Floats) -> list[str]:
        pairs = zip(self._labels, chances.tolist(), strict=True)
        return [label for label, chance in pairs if chance > _LIKELY]


def _as_pairs(examples: Examples) -> list[tuple[str, Sequence[str]]]:
    return [
        (text, [chosen] if isinstance(chosen, str) else list(chosen)) for text, chosen in examples
    ]


def _learn(
    embedder: Embedder,
    labels: Mapping[str, str | None],
    examples: Sequence[tuple[str, Sequence[str]]],
    multi: bool,
) -> LabelSpace:
    vectors = label_vectors(embedder, labels)
    if not examples:
        return without_examples(vectors)
    membership = membership_of(list(labels), examples)
    texts = embedder.embed([text for text, _ in examples]).astype(np.float64)
    space = ridge_space if multi else discriminant_space
    return space(vectors, texts, membership)


def _find_fallback(labels: Mapping[str, str | None], instructions: str) -> int | None:
    """The position of the label that means "none of these", if there is one."""
    advised = _advised_fallbacks(list(labels), instructions)
    for position, (label, description) in enumerate(labels.items()):
        if _FALLBACK_NAME.fullmatch(humanised(label)) or label in advised:
            return position
        if _FALLBACK_DESCRIPTION.search((description or "").lower()):
            return position
    return None


def _advised_fallbacks(labels: Sequence[str], instructions: str) -> set[str]:
    """Labels named in the part of the instructions that says what to do if nothing fits."""
    advice = _FALLBACK_ADVICE.search(instructions.lower())
    if advice is None:
        return set()
    rest = instructions[advice.start() :].split(".")[0]
    found = [label for label in labels if re.search(rf"\b{re.escape(label)}\b", rest, re.I)]
    return set(found[:1])


def _top_odds(scores: Floats, temperature: float) -> Floats:
    """Log odds of the best label of each row under a softmax, at most 12."""
    ordered = np.sort(scores, axis=1)[:, ::-1]
    rest = np.exp((ordered[:, 1:] - ordered[:, :1]) / temperature).sum(axis=1)
    return np.asarray(-np.log(np.maximum(rest, np.exp(-12.0))))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))
