"""How an English text feels, as a whole and towards aspects: VADER and a vector direction."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .embedder import DIMENSIONS, Embedder, exact_product
from .feedback_words import IDIOMS, feedback_words
from .judgement import NO_WORDS, NOT_READ, Judgement
from .language import is_english
from .speech import asks
from .text import clipped, has_letters, humanised, sentences, without_markup, words

# The direction in the vector space along which words sound better, learnt from VADER's lexicon
# by ridge regression; it speaks where no word of the lexicon does.
_RIDGE = 300.0
_DIRECTION_SHARE = 0.3

# How much the feeling of a question counts.
_ASKED_SHARE = 0.3

# Chance that the sign is right = sigmoid of this line in the size of the score, fitted on
# the UCI review sentences and the English part of NusaX.
_SURENESS = (0.0, 4.3)

# VADER takes quadratic time, so that long sentences are read in pieces.
_CHUNK = re.compile(r".{1,400}(?:\s|$)|.{1,400}", re.DOTALL)
_CLAUSE_END = re.compile(
    r"[,;:.!?()\n]+|\s-+\s"
    r"|\b(?:but|although|though|however|while|whereas|yet|except|and|because|so)\b",
    re.IGNORECASE,
)
# A clause talks about an aspect when a word or the whole clause is this near (cosine).
_WORD_NEAR = 0.40
_CLAUSE_NEAR = 0.25
_NEUTRAL_BELOW = 0.10
_MIXED_ABOVE = 0.25
_NEIGHBOUR_SHARE = 0.5

# What people call the common aspects of shops, hotels, restaurants and products.
_CALLED = {
    "staff": "waiter waitress server servers bartender hostess host manager employee employees "
    "clerk receptionist owner crew personnel",
    "service": "waiter waitress server staff helpdesk support",
    "food": "dish dishes meal meals pizza burger steak fish chicken soup salad sushi pasta "
    "dessert breakfast lunch dinner appetizer entree sandwich rice bread fries sauce",
    "price": "prices priced cost costs expensive cheap overpriced pricey affordable value money "
    "bill bargain fee fees",
    "delivery": "courier shipping shipped shipment parcel package delivered arrived arrive",
    "ambience": "atmosphere decor music lighting vibe ambiance",
    "room": "rooms bed bathroom shower",
    "quality": "sturdy flimsy durable broke broken material",
    "battery": "charge charger charging",
    "support": "helpdesk agent representative",
    "cleanliness": "clean dirty filthy spotless dust stains",
    "location": "located place area neighbourhood neighborhood",
}


@dataclass(frozen=True, slots=True)
class _Models:
    """What is loaded once: VADER and the better-or-worse direction (1, dimension)."""

    vader: Any
    direction: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Clauses:
    """The clauses of one text: a score in [-1, 1] each, and for each aspect whether it is met."""

    scores: NDArray[np.float64]
    mentions: NDArray[np.bool_]


class SentimentJudge:
    """Sentiment of English texts; every other language is declined, never neutral."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._models: _Models | None = None

    def score(self, texts: Sequence[str]) -> list[Judgement]:
        """For each text a float from -1 (bad) to 1 (good); declined are other languages, and what
        has neither words nor emoji that are known."""
        return [self._score(without_markup(clipped(text))) for text in texts]

    def aspects(self, texts: Sequence[str], aspects: Sequence[str]) -> list[Judgement]:
        """For each text a dict from aspect to positive, negative, neutral, mixed or unknown:
        where the aspect is not talked about. Other languages are declined."""
        if not aspects:
            return [Judgement({}, 0.0) for _ in texts]
        names = [humanised(aspect) for aspect in aspects]
        vectors = self._embedder.embed(names)
        return [self._aspects(clipped(text), aspects, names, vectors) for text in texts]

    def _score(self, text: str) -> Judgement:
        models = self._loaded()
        if not has_letters(text):
            compound = self._vader(_CHUNK.findall(text)[:1])
            return _judgement(compound[0]) if any(compound) else NO_WORDS
        if not is_english(text):
            return NOT_READ
        spoken = [score for score in self._felt(_chunks(text)) if score]
        feeling = float(np.mean(spoken)) if spoken else 0.0
        drift = exact_product(self._embedder.embed([text]), models.direction)[0, 0]
        return _judgement(feeling + _DIRECTION_SHARE * float(drift))

    def _felt(self, parts: Sequence[str]) -> list[float]:
        """The feeling of each sentence; that of a question is mostly its subject's."""
        scored = zip(parts, self._vader(parts), strict=True)
        return [score * (_ASKED_SHARE if asks(part) else 1.0) for part, score in scored]

    def _vader(self, parts: Sequence[str]) -> list[float]:
        vader = self._loaded().vader
        return [float(vader.polarity_scores(_without_idioms(part))["compound"]) for part in parts]

    def _aspects(
        self, text: str, aspects: Sequence[str], names: Sequence[str], vectors: NDArray[np.float32]
    ) -> Judgement:
        clauses = _CLAUSE_END.split(text)
        parts = [part for clause in clauses for part in _CHUNK.findall(clause) if words(part)]
        if not parts:
            return NO_WORDS
        if not is_english(text):
            return NOT_READ
        found = _Clauses(np.array(self._vader(parts)), self._mentions(parts, names, vectors))
        labels = [_label(found.scores, found.mentions[:, column]) for column in range(len(names))]
        value = {aspect: label for aspect, (label, _) in zip(aspects, labels, strict=True)}
        return Judgement(value, round(float(np.mean([sure for _, sure in labels])), 4))

    def _mentions(
        self, parts: Sequence[str], names: Sequence[str], vectors: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Whether each clause talks about each aspect, (clauses, aspects)."""
        near = exact_product(self._embedder.embed(parts), vectors) > _CLAUSE_NEAR
        spoken = [words(part) for part in parts]
        vocabulary = sorted({word for listed in spoken for word in listed})
        close = exact_product(self._embedder.embed(vocabulary), vectors) > _WORD_NEAR
        known = dict(zip(vocabulary, close, strict=True))
        called = [set(_CALLED.get(name, "").split()) | {name} for name in names]
        for row, listed in enumerate(spoken):
            near[row] |= np.any([known[word] for word in listed], axis=0)
            near[row] |= [bool(call.intersection(listed)) for call in called]
        return np.asarray(near, dtype=np.bool_)

    def _loaded(self) -> _Models:
        with self._lock:
            if self._models is None:
                self._models = _load(self._embedder)
            return self._models


def _chunks(text: str) -> list[str]:
    """The sentences of `text`, long ones in pieces of up to 400 characters."""
    return [chunk for sentence in sentences(text) for chunk in _CHUNK.findall(sentence)]


def _judgement(score: float) -> Judgement:
    score = round(max(-1.0, min(1.0, score)), 4)
    constant, slope = _SURENESS
    return Judgement(score, round(float(1 / (1 + np.exp(-constant - slope * abs(score)))), 4))


def _label(scores: NDArray[np.float64], met: NDArray[np.bool_]) -> tuple[str, float]:
    """The label of the clauses that are `met`, and how sure it is."""
    if not met.any():
        return "unknown", 0.6
    own = scores[met]
    if own.max() > _MIXED_ABOVE and own.min() < -_MIXED_ABOVE:
        return "mixed", 0.5
    if np.abs(own).max() < _NEUTRAL_BELOW:
        own = np.append(own, _NEIGHBOUR_SHARE * scores[_beside(met)])
    strongest = float(own[np.abs(own).argmax()])
    if abs(strongest) < _NEUTRAL_BELOW:
        return "neutral", 0.5
    return ("positive" if strongest > 0 else "negative"), 0.55


def _beside(met: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The clauses at most two away from those that are `met`."""
    beside = np.zeros_like(met)
    for distance in (1, 2):
        beside[distance:] |= met[:-distance]
        beside[:-distance] |= met[distance:]
    return beside & ~met


def _without_idioms(text: str) -> str:
    text = text.replace("\u2019", "'")
    for pattern, plain in IDIOMS:
        text = pattern.sub(plain, text)
    return text


def _load(embedder: Embedder) -> _Models:
    from vaderSentiment.vaderSentiment import (
        SentimentIntensityAnalyzer,
    )

    vader = SentimentIntensityAnalyzer()
    vader.lexicon.update(feedback_words())
    lexicon = {word: value for word, value in vader.lexicon.items() if word.isalpha()}
    vectors = embedder.embed(list(lexicon)).astype(np.float64)
    gram = vectors.T @ vectors + _RIDGE * np.eye(DIMENSIONS)
    direction = np.linalg.solve(gram, vectors.T @ np.array(list(lexicon.values())))
    return _Models(vader, direction[None, :])
