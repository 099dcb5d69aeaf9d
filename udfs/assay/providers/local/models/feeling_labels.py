"""Labels that are feelings: such a question is one of sentiment, whatever it is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .judgement import Judgement
from .sentiment import SentimentJudge
from .text import clipped, humanised, without_markup, word_set

_KINDS = (
    word_set("positive pos good happy satisfied praise pleased favourable favorable like"),
    word_set("negative neg bad unhappy dissatisfied complaint angry unfavourable unfavorable"),
    word_set("neutral neither balanced factual"),
)
"""What labels for good, bad and neutral texts are called."""
_MOST_EXAMPLES = 10
"""With more of them for each label the examples know better."""


def feelings_of(labels: Iterable[str], examples: int) -> Mapping[int, str] | None:
    """The label of a good (0), a bad (1) and a neutral text (2), where all labels are feelings and
    `examples` are few; None otherwise."""
    named = [(_kind(label), label) for label in labels]
    kinds = {kind: label for kind, label in named if kind is not None}
    if len(kinds) < len(named) or not {0, 1} <= kinds.keys():
        return None
    return kinds if examples < _MOST_EXAMPLES * len(kinds) else None


class FeelingLabels:
    """Judges texts by their sentiment, among the labels that there are."""

    def __init__(self, sentiment: SentimentJudge, labels: Mapping[int, str]) -> None:
        self._sentiment = sentiment
        self._labels = labels

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """The label of the likeliest feeling of each text; declined as sentiment is."""
        return [self._judged(without_markup(clipped(text))) for text in texts]

    def _judged(self, text: str) -> Judgement:
        found = self._sentiment.chances(text)
        if isinstance(found, Judgement):
            return found
        kinds = sorted(self._labels)
        chances = found[kinds] / found[kinds].sum()
        best = int(np.argmax(chances))
        return Judgement(self._labels[kinds[best]], round(float(chances[best]), 4))


def _kind(label: str) -> int | None:
    spoken = humanised(label)
    return next((kind for kind, names in enumerate(_KINDS) if spoken in names), None)
