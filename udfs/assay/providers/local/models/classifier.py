"""Choosing labels for a text by its vector's nearness to what is known about each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .embedder import Embedder
from .fallback import find_fallback
from .feeling_labels import FeelingLabels, feelings_of
from .foreign_words import Bilingual
from .judgement import Judgement
from .many_labels import ManyLabels
from .one_label import OneLabel
from .reading import Reader, judged_but
from .sentiment import SentimentJudge
from .text import has_letters

Examples = Sequence[tuple[str, str | Sequence[str]]]


class _Judging(Protocol):
    def judge(self, texts: Sequence[str]) -> list[Judgement]: ...


class Classifier:
    """One label, or with `multi` any number of them, for each text.

    `labels` maps each label to its description or None. `examples` are (text, label) pairs, with
    `multi` (text, labels). A label that stands for "none of these", by its name, its description
    or the `instructions`, is chosen only when no other label is near, or when the text is like one
    that it is described or shown to have; `instructions` have no other effect. Raises ValueError
    for no labels and for an example with a strange label.
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
        pairs = _as_pairs(examples)
        _check(labels, pairs)
        fallback = find_fallback(labels, instructions or "")
        self._has_fallback = fallback is not None
        self._reader = Reader(
            [*labels, *filter(None, labels.values()), *(text for text, _ in pairs)]
        )
        feelings = None if multi else feelings_of(labels, len(pairs))
        if feelings is not None:
            self._judge: _Judging = FeelingLabels(SentimentJudge(embedder), feelings)
        else:
            make = ManyLabels if multi else OneLabel
            self._judge = make(Bilingual(embedder), labels, pairs, fallback)

    def classify(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement per text: a label, with `multi` a list of labels in the order they were
        given, which may be empty. A text that cannot be read is declined; one without a letter is
        none of the labels, where one of them says so."""
        return judged_but(self._hindrance, self._judge.judge, texts)

    def _hindrance(self, text: str) -> Judgement | None:
        if self._has_fallback and not has_letters(text):
            return None
        return self._reader.hindrance(text)


def _as_pairs(examples: Examples) -> list[tuple[str, Sequence[str]]]:
    return [
        (text, [chosen] if isinstance(chosen, str) else list(chosen)) for text, chosen in examples
    ]


def _check(labels: Mapping[str, str | None], pairs: Sequence[tuple[str, Sequence[str]]]) -> None:
    strange = [label for _, chosen in pairs for label in chosen if label not in labels]
    if strange:
        raise ValueError(f"An example has the label {strange[0]!r}, which is not a label.")
