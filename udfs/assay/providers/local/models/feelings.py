"""How good or bad a text feels, as chances: VADER's words, and sentences that feel alike."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chances import ridge
from .embedder import Embedder, exact_product
from .feedback_words import IDIOMS, feedback_words
from .feeling_examples import BAD, GOOD, NEUTRAL
from .foreign_feelings import english_feelings
from .foreign_words import Bilingual
from .speech import asks
from .text import sentences

Floats = NDArray[np.float64]

# The direction in the vector space along which words sound better, learnt from VADER's lexicon
# by ridge regression; it speaks where no word of the lexicon does.
_RIDGE = 300.0
_DIRECTION_SHARE = 0.3
_EXAMPLES_RIDGE = 3.0

# How much the feeling of a question counts.
_ASKED_SHARE = 0.3

# VADER takes quadratic time, so that long sentences are read in pieces.
CHUNK = re.compile(r".{1,400}(?:\s|$)|.{1,400}", re.DOTALL)

GOOD_BAD_NEUTRAL = ("positive", "negative", "neutral")
"""The columns of chances."""


@dataclass(frozen=True, slots=True)
class _Models:
    """What is loaded once: VADER, the better-or-worse direction of words (1, d), and the slopes
    (d, 3) and offset (3) of likeness with sentences that feel good, bad or neither."""

    vader: Any
    direction: Floats
    slopes: Floats
    offset: Floats


class Feelings:
    """Chances of feelings; loads VADER on first use, safe in threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._texts = Bilingual(embedder)
        self._words = embedder.of_words
        self._line = embedder.fitted.feeling_line
        self._lock = threading.Lock()
        self._models: _Models | None = None

    def chances(self, text: str, *, foreign: bool = False) -> Floats:
        """Chances of `GOOD_BAD_NEUTRAL`, (3), for an English text or for a `foreign` one."""
        models = self._loaded()
        felt = self._felt(text, foreign=foreign)
        alike = exact_product(self._texts.embed([text]), models.slopes.T)[0] + models.offset
        per_felt, per_lead, per_size, per_neutral, per_question, constant = self._line
        lead = per_felt * felt + per_lead * (alike[0] - alike[1])
        calm = per_size * abs(felt) + per_neutral * alike[2] + per_question * asks(text)
        odds = np.exp(np.array([lead, -lead, calm + constant]))
        return np.asarray(odds / odds.sum())

    def vader(self, parts: Sequence[str]) -> list[float]:
        """The feeling of each English part by its words, -1 to 1."""
        vader = self._loaded().vader
        return [float(vader.polarity_scores(_without_idioms(part))["compound"]) for part in parts]

    def _felt(self, text: str, *, foreign: bool) -> float:
        """The feeling of a text by its words; that of a question is mostly its subject's."""
        if foreign:
            return sum(self.vader(CHUNK.findall(english_feelings(text.lower()))[:1]))
        parts = [chunk for sentence in sentences(text) for chunk in CHUNK.findall(sentence)]
        scored = zip(parts, self.vader(parts), strict=True)
        felt = [score * (_ASKED_SHARE if asks(part) else 1.0) for part, score in scored]
        spoken = [score for score in felt if score]
        drift = exact_product(self._words.embed([text]), self._loaded().direction)[0, 0]
        return float(np.mean(spoken) if spoken else 0.0) + _DIRECTION_SHARE * float(drift)

    def _loaded(self) -> _Models:
        with self._lock:
            if self._models is None:
                self._models = _load(self._texts, self._words)
            return self._models


def _without_idioms(text: str) -> str:
    text = text.replace("\u2019", "'")
    for pattern, plain in IDIOMS:
        text = pattern.sub(plain, text)
    return text


def _load(texts: Embedder, words: Embedder) -> _Models:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    vader = SentimentIntensityAnalyzer()
    vader.lexicon.update(feedback_words())
    lexicon = {word: value for word, value in vader.lexicon.items() if word.isalpha()}
    vectors = words.embed(list(lexicon)).astype(np.float64)
    gram = vectors.T @ vectors + _RIDGE * np.eye(words.dimension)
    direction = np.linalg.solve(gram, vectors.T @ np.array(list(lexicon.values())))
    shown = texts.embed([*GOOD, *BAD, *NEUTRAL]).astype(np.float64)
    kinds = np.repeat(np.eye(3), [len(GOOD), len(BAD), len(NEUTRAL)], axis=0)
    return _Models(vader, direction[None, :], *ridge(shown, kinds, _EXAMPLES_RIDGE))
