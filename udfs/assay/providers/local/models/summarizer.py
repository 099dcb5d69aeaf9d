"""Summaries made of a text's own best sentences, in their order, for any script."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.core.words import first_words, word_count

from .embedder import Embedder, exact_product, unit_rows
from .judgement import Judgement
from .text import clipped, has_letters, sentences

_CLOSED = re.compile(r"[。\uff01\uff1f]$")
_LETTERED = re.compile(r"[^\W\d_].*", re.DOTALL)
_FIRST_BONUS = 0.10
_SHORT_PENALTY = 0.15
_SHORT_WORDS = 4
_LEAST_WORTH = 0.4
_TOO_ALIKE = 0.85
_MOST_SENTENCES = 400
_ELLIPSIS = "…"


class Summarizer:
    """Extractive summaries: the sentences nearest to the whole text that fit."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def summarize(self, texts: Sequence[str], max_words: int) -> list[Judgement]:
        """For each text whole sentences of it, together at most `max_words` words, or the start
        of its first sentence with an ellipsis when none fits; None for a blank text.

        Words are counted by `assay.core.words`. A sentence without a letter is left out where
        others have some. Confidence is the nearness (cosine) of summary and text.
        ValueError below one word.
        """
        if max_words < 1:
            raise ValueError(f"`max_words` must be at least 1, got {max_words!r}.")
        return [self._summarize(clipped(text), max_words) for text in texts]

    def _summarize(self, text: str, max_words: int) -> Judgement:
        found = sentences(text)[:_MOST_SENTENCES]
        parts = [part for part in found if has_letters(part)] or found
        if not parts:
            return Judgement(None, 0.0)
        lengths = [word_count(part) for part in parts]
        vectors = self._embedder.embed(parts)
        order = _by_worth(vectors, lengths)
        chosen = _choose(order, vectors, lengths, max_words)
        summary = _joined([parts[row] for row in chosen])
        if not chosen:
            summary = _shortened(parts[0], max_words)
        both = self._embedder.embed([summary, text])
        return Judgement(summary, round(float(max(0.0, both[0] @ both[1])), 4))


def _by_worth(vectors: NDArray[np.float32], lengths: Sequence[int]) -> list[int]:
    """Rows from the sentence that says most of the whole text down, without idle ones."""
    weights = np.minimum(np.array(lengths, dtype=np.float32), 30.0)[:, None]
    whole = unit_rows((vectors * weights).sum(axis=0, keepdims=True))
    worth = np.round(exact_product(vectors, whole)[:, 0], 6)
    worth[0] += _FIRST_BONUS
    worth -= _SHORT_PENALTY * (np.array(lengths) < _SHORT_WORDS)
    order = np.argsort(-worth, kind="stable")
    return [int(row) for row in order if worth[row] >= _LEAST_WORTH * worth[order[0]]]


def _choose(
    order: Sequence[int], vectors: NDArray[np.float32], lengths: Sequence[int], max_words: int
) -> list[int]:
    """The rows that fit, best first taken, none too much like another, in their own order."""
    chosen: list[int] = []
    room = max_words
    for row in order:
        if lengths[row] <= room and not _repeats(vectors, row, chosen):
            chosen.append(row)
            room -= lengths[row]
    return sorted(chosen)


def _repeats(vectors: NDArray[np.float32], row: int, chosen: Sequence[int]) -> bool:
    return bool(chosen) and float((vectors[chosen] @ vectors[row]).max()) > _TOO_ALIKE


def _joined(parts: Sequence[str]) -> str:
    summary = ""
    for part in parts:
        gap = " " if summary and not _CLOSED.search(summary) else ""
        summary += gap + part
    return summary


def _shortened(sentence: str, max_words: int) -> str:
    """The first words of a sentence; where they have no letter, words from its first one on."""
    kept = first_words(sentence, max_words)
    if not has_letters(kept) and (lettered := _LETTERED.search(sentence)) is not None:
        kept = first_words(lettered[0], max_words)
    return kept.rstrip(",;:-\u2013 ") + _ELLIPSIS
