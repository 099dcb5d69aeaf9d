"""Answering yes-or-no questions: of a property by what is said, of a topic by nearness to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .background import BACKGROUND
from .chances import sigmoid
from .embedder import Embedder, exact_product, unit_rows
from .foreign_words import Bilingual, english_words
from .judgement import NOT_JUDGED, Judgement
from .label_space import LabelSpace, discriminant_space
from .reading import Reader, judged_where_read
from .sentiment import SentimentJudge
from .text import clipped, sentences, word_set, words

Floats = NDArray[np.float64]

_QUESTION_WORDS = word_set(
    "is are was were does do did has have had can could would will should the a an this that "
    "these those it text message review customer customers user client writer author person "
    "someone anyone they he she sender email ticket comment about asking ask asks talking talk "
    "talks mention mentions mentioning mentioned say says saying describe describes describing "
    "concern concerns regarding related relate to of for on in with their his her its any some "
    "want wants wanting request requests requesting be being there what which contain contains "
    "refer refers topic question issue problem express expresses speak speaks if whether or and "
    "report reports reporting need needs trying"
)
_BAD = word_set(
    "negative unhappy angry dissatisfied disappointed upset frustrated annoyed complaining "
    "complaint complain complains unsatisfied furious irritated displeased"
)
_GOOD = word_set("positive happy satisfied pleased glad delighted praise praising thankful")
# A question of what a thing is: it is answered by a mention or a denial, and silence is no answer.
_PROPERTY = re.compile(
    r"(?:is|are) (?:(?:the|this|that|these|those)(?: (?P<thing>[\w-]+))?|it|they) (?P<property>.+)"
)
_TEXTS_AND_PEOPLE = word_set(
    "text message review comment ticket email feedback note mail chat complaint description "
    "customer user client writer author person sender reviewer question request caller about of "
    "regarding asking talking mentioning concerning"
)
_NOT = re.compile(
    r"\b(?:not(?! (?:only|just|merely)\b)|no|never|neither|nor|without|isn't|aren't|wasn't|weren't"
    r"|ain't|don't|doesn't|didn't|won't|cannot|can't|far from|anything but"
    r"|nicht|kein\w*|nie|pas|non|jamais|sans|sin|niet"
    r"|geen|nooit)\b(?:[\s-]+(?!but\b)[^\s,;:.!?-]+){0,3}[\s-]*$"
    r"|(?:\b(?:non|un|not)-|\bnie )$"
)
# Characters before a mention in which it can be denied.
_REACH = 80
_SURE_OF_SAID = 0.85
_SURE_OF_DENIED = 0.8
_DENIAL = re.compile(r"\b(?:not|no longer|never)\b|n['\u2019]t\b")
_FEELING = 0.2
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

_TAUGHT_MOST = 30.0
_YES_FROM = 0.6
_NO_UP_TO = 0.15


class FilterJudge:
    """One yes-or-no question, judged for many texts; better with examples (text, answer).

    The question is read as a topic, or as a feeling when its words name one. A question that
    denies ("is it not …") or is in a language that is not read, without examples, is declined.
    """

    def __init__(
        self, embedder: Embedder, question: str, examples: Sequence[tuple[str, bool]] = ()
    ) -> None:
        embedder = Bilingual(embedder)
        self._embedder = embedder
        self._reader = Reader([question, *(text for text, _ in examples)])
        self._topic = topic_of(question)
        self._property = [] if examples else property_of(question)
        denies = _DENIAL.search(question.lower()) is not None
        self._readable = bool(self._topic) and not denies and Reader().hindrance(question) is None
        self._feeling = 0 if examples else _feeling_of(self._topic)
        self._sentiment = SentimentJudge(embedder)
        self._vector = embedder.embed([" ".join(self._topic)])
        background = embedder.embed(BACKGROUND)
        usual = exact_product(background, self._vector)[:, 0]
        self._usual = float(usual.mean())
        self._spread = max(float(usual.std()), 0.01)
        self._space = _learn(embedder, self._vector, background, examples)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """True, False or None (the text does not tell) for each text, with the chance of being
        right; declined is what cannot be read."""
        readable = [clipped(text) for text in texts]
        if self._space is None and not self._readable:
            return [NOT_JUDGED for _ in texts]
        if self._feeling:
            return [self._felt(judged) for judged in self._sentiment.score(readable)]
        return judged_where_read(self._reader, self._judged, readable)

    def _judged(self, texts: Sequence[str]) -> list[Judgement]:
        if self._property and self._readable:
            return [self._stated(text) for text in texts]
        return [_answer(chance) for chance in self._chances(texts).tolist()]

    def _felt(self, judged: Judgement) -> Judgement:
        if judged.value is None:
            return judged
        if abs(judged.value) < _FEELING:
            return Judgement(None, 0.0)
        return Judgement(judged.value * self._feeling > 0, judged.confidence)

    def _stated(self, text: str) -> Judgement:
        """Whether a text says or denies the property; where it does both, nothing."""
        found = {answer for sentence in sentences(text) for answer in self._mentions(sentence)}
        if len(found) != 1:
            return Judgement(None, 0.0)
        said = found.pop()
        return Judgement(said, _SURE_OF_SAID if said else _SURE_OF_DENIED)

    def _mentions(self, sentence: str) -> list[bool]:
        """For each mention of all of the property's words whether it stands undenied."""
        plain = sentence.lower().replace("\u2019", "'")
        wanted = {_stem(word) for word in self._property}
        stems = [
            (place.start(), {_stem(word) for word in [place[0], *english_words(place[0])]})
            for place in _WORD.finditer(plain)
        ]
        if not wanted <= set().union(*(known for _, known in stems)):
            return []
        return [
            not _NOT.search(plain[max(0, start - _REACH) : start])
            for start, known in stems
            if known & wanted
        ]

    def _chances(self, texts: Sequence[str]) -> Floats:
        """The chance of yes for each text."""
        if self._space is None:
            *slopes, constant = self._embedder.fitted.topic_line
            return sigmoid(self._evidence(texts) @ np.array(slopes) + constant)
        scores = exact_product(self._embedder.embed(texts), self._space.slopes)
        scores += self._space.offsets
        examples = min(float(self._space.counts.mean()), _TAUGHT_MOST)
        slope, per_example, constant = self._embedder.fitted.taught_topic
        lead = scores[:, 1] - scores[:, 0]
        return sigmoid((slope + per_example * examples) * lead + constant)

    def _evidence(self, texts: Sequence[str]) -> Floats:
        """For each text three features of its best sentence: unusual, near, said; (n, 3)."""
        parts = [sentences(text)[:100] or [text] for text in texts]
        flat = [sentence for listed in parts for sentence in listed]
        near = exact_product(self._embedder.embed(flat), self._vector)[:, 0]
        starts = np.cumsum([0] + [len(listed) for listed in parts])[:-1]
        nearest = np.maximum.reduceat(near, starts) if flat else np.zeros(0)
        said = np.array([self._said(text) for text in texts])
        return np.column_stack([(nearest - self._usual) / self._spread, nearest, said])

    def _said(self, text: str) -> float:
        """The share of the topic's words that stand in the text."""
        stems = {_stem(word) for word in words(text)}
        return sum(_stem(word) in stems for word in self._topic) / max(1, len(self._topic))


def topic_of(question: str) -> list[str]:
    """The words of a question that carry its meaning: `Is this about a refund?` gives `refund`."""
    spoken = words(clipped(question))
    return [word for word in spoken if word not in _QUESTION_WORDS] or spoken


def property_of(question: str) -> list[str]:
    """The words of the property that a question asks a thing for: `Is the lamp cordless?` gives
    `cordless`; nothing for a question about a text, a person or a feeling."""
    asked = _PROPERTY.match(" ".join(words(clipped(question))))
    if asked is None or _TEXTS_AND_PEOPLE.intersection(asked[0].split()):
        return []
    named = [word for word in words(asked["property"]) if word not in _QUESTION_WORDS]
    return [] if set(named) & (_GOOD | _BAD) else named


def _feeling_of(topic: Sequence[str]) -> int:
    """1 if the topic is a good feeling, -1 if it is a bad one, 0 if it is anything else."""
    if topic and set(topic) <= _GOOD:
        return 1
    return -1 if topic and set(topic) <= _BAD else 0


def _answer(chance: float) -> Judgement:
    if chance >= _YES_FROM:
        return Judgement(True, round(chance, 4))
    if chance <= _NO_UP_TO:
        return Judgement(False, round(1 - chance, 4))
    return Judgement(None, round(1 - max(chance, 1 - chance), 4))


def _learn(
    embedder: Embedder,
    vector: NDArray[np.float32],
    background: NDArray[np.float32],
    examples: Sequence[tuple[str, bool]],
) -> LabelSpace | None:
    """No and yes as a space of two labels; None without examples."""
    if not examples:
        return None
    usual = unit_rows(background.mean(axis=0, keepdims=True))
    vectors = np.vstack([usual, vector]).astype(np.float64)
    texts = embedder.embed([text for text, _ in examples]).astype(np.float64)
    membership = np.array([[not answer, answer] for _, answer in examples], dtype=np.float64)
    precision = embedder.fitted.typical_precision
    return discriminant_space(vectors, texts, membership, precision)


def _stem(word: str) -> str:
    return re.sub(r"(?<=...)(?:ies|es|s|ed|ing|y|e)$", "", word)
