"""How a text feels, as a score and towards aspects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .embedder import Embedder, exact_product
from .feelings import CHUNK, Feelings
from .foreign_feelings import english_feelings
from .judgement import NO_WORDS, NOT_READ, Judgement
from .language import is_english
from .reading import is_listed
from .speech import asks
from .text import clipped, has_letters, humanised, without_markup, words

# A score is neutral below it, and stays above it otherwise.
_NEUTRAL_SCORE = 0.05
_PER_EMOJI = 4.3
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
class _Clauses:
    """The clauses of one text: a score in [-1, 1] each, and for each aspect whether it is met."""

    scores: NDArray[np.float64]
    mentions: NDArray[np.bool_]


class SentimentJudge:
    """Sentiment of English texts, and of six other languages as far as the word lists go; what
    cannot be read is declined, never neutral."""

    def __init__(self, embedder: Embedder) -> None:
        self._words = embedder.of_words
        self._feelings = Feelings(embedder)

    def score(self, texts: Sequence[str]) -> list[Judgement]:
        """For each text a float from -1 (bad) to 1 (good); declined are languages that are not
        read, and what has neither words nor emoji that are known."""
        return [self._score(without_markup(clipped(text))) for text in texts]

    def chances(self, text: str) -> NDArray[np.float64] | Judgement:
        """The chances that a text feels good, bad or neither, or why it is declined."""
        if not has_letters(text):
            felt = sum(self._feelings.vader(CHUNK.findall(text)[:1]))
            return _of_emoji(felt) if felt else NO_WORDS
        if is_english(text):
            return self._feelings.chances(text)
        if not is_listed(text):
            return NOT_READ
        if not english_feelings(text.lower()) and not asks(text):
            return NO_WORDS
        return self._feelings.chances(text, foreign=True)

    def aspects(self, texts: Sequence[str], aspects: Sequence[str]) -> list[Judgement]:
        """For each text a dict from aspect to positive, negative, neutral, mixed or unknown:
        where the aspect is not talked about. Other languages are declined."""
        if not aspects:
            return [Judgement({}, 0.0) for _ in texts]
        names = [humanised(aspect) for aspect in aspects]
        vectors = self._words.embed(names)
        return [self._aspects(clipped(text), aspects, names, vectors) for text in texts]

    def _score(self, text: str) -> Judgement:
        found = self.chances(text)
        if isinstance(found, Judgement):
            return found
        good, bad, neutral = found.tolist()
        lead = good - bad
        size = max(abs(lead), _NEUTRAL_SCORE)
        score = (
            lead * _NEUTRAL_SCORE * 0.99 if neutral > max(good, bad) else np.copysign(size, lead)
        )
        return Judgement(round(float(score), 4), round(max(good, bad, neutral), 4))

    def _aspects(
        self, text: str, aspects: Sequence[str], names: Sequence[str], vectors: NDArray[np.float32]
    ) -> Judgement:
        clauses = _CLAUSE_END.split(text)
        parts = [part for clause in clauses for part in CHUNK.findall(clause) if words(part)]
        if not parts:
            return NO_WORDS
        if not is_english(text):
            return NOT_READ
        found = _Clauses(
            np.array(self._feelings.vader(parts)), self._mentions(parts, names, vectors)
        )
        labels = [_label(found.scores, found.mentions[:, column]) for column in range(len(names))]
        value = {aspect: label for aspect, (label, _) in zip(aspects, labels, strict=True)}
        return Judgement(value, round(float(np.mean([sure for _, sure in labels])), 4))

    def _mentions(
        self, parts: Sequence[str], names: Sequence[str], vectors: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Whether each clause talks about each aspect, (clauses, aspects)."""
        near = exact_product(self._words.embed(parts), vectors) > _CLAUSE_NEAR
        spoken = [words(part) for part in parts]
        vocabulary = sorted({word for listed in spoken for word in listed})
        close = exact_product(self._words.embed(vocabulary), vectors) > _WORD_NEAR
        known = dict(zip(vocabulary, close, strict=True))
        called = [set(_CALLED.get(name, "").split()) | {name} for name in names]
        for row, listed in enumerate(spoken):
            near[row] |= np.any([known[word] for word in listed], axis=0)
            near[row] |= [bool(call.intersection(listed)) for call in called]
        return np.asarray(near, dtype=np.bool_)


def _of_emoji(felt: float) -> NDArray[np.float64]:
    """Chances by VADER's compound of a text of signs."""
    good = 1 / (1 + np.exp(-_PER_EMOJI * felt))
    return np.array([good, 1 - good, 0.0])


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
