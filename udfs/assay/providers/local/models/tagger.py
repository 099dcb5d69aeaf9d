"""Learning from a few examples where in a text the values of fields stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .embedder import Embedder
from .patterns import money
from .values import find_dates, find_numbers, find_times

Floats = NDArray[np.float64]
Span = tuple[int, int]

_TOKEN = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
_MOST_TOKENS = 2_000
_RIDGE = 0.4
# Features of a token: its own vector, those of two neighbours on each side and its shape.
_OWN_WEIGHT = 1.0
_NEXT_WEIGHT = 0.8
_FAR_WEIGHT = 0.5
_SHAPE_WEIGHT = 1.0
_SHAPES = 10
_TRANSITION_WEIGHT = 0.08


@dataclass(frozen=True, slots=True)
class Tagged:
    """A span of a text that is a value of `field`, with a confidence from 0 to 1."""

    field: str
    start: int
    end: int
    confidence: float


class Tagger:
    """Marks field values in texts after examples (text, {field: spans of its values}).

    A ridge regression over word vectors gives each token a score for each field, the best path
    through them gives the spans. Raises ValueError when no example has a token.
    """

    def __init__(
        self, embedder: Embedder, examples: Sequence[tuple[str, Mapping[str, Sequence[Span]]]]
    ) -> None:
        self._embedder = embedder
        self.fields = sorted({field for _, spans in examples for field in spans})
        tokens = [_tokens(text) for text, _ in examples]
        tags = [
            self._tags(spans, places) for (_, spans), places in zip(examples, tokens, strict=True)
        ]
        if not any(tokens):
            raise ValueError("No example has a word to learn from.")
        features = np.vstack(
            [
                self._features(text, at)
                for (text, _), at in zip(examples, tokens, strict=True)
                if at
            ]
        )
        self._weights = _fit(features, np.concatenate(tags), len(self.fields) + 1)
        self._steps = _transitions(tags, len(self.fields) + 1)

    def tag(self, text: str) -> list[Tagged]:
        """The values found in `text`, in order of place."""
        places = _tokens(text)
        if not places:
            return []
        scores = self._features(text, places) @ self._weights
        path = _best_path(scores, self._steps)
        return self._spans(places, path, scores)

    def _spans(self, places: Sequence[Span], path: Sequence[int], scores: Floats) -> list[Tagged]:
        found: list[Tagged] = []
        position = 0
        while position < len(path):
            end = position
            while end < len(path) and path[end] == path[position]:
                end += 1
            if path[position]:
                sure = float(np.clip(scores[position:end, path[position]].mean(), 0.05, 0.95))
                field = self.fields[path[position] - 1]
                found.append(Tagged(field, places[position][0], places[end - 1][1], sure))
            position = end
        return found

    def _tags(
        self, spans: Mapping[str, Sequence[Span]], places: Sequence[Span]
    ) -> NDArray[np.intp]:
        tags = np.zeros(len(places), dtype=np.intp)
        for field, listed in spans.items():
            for start, end in listed:
                for row, (left, right) in enumerate(places):
                    if left >= start and right <= end:
                        tags[row] = self.fields.index(field) + 1
        return tags

    def _features(self, text: str, places: Sequence[Span]) -> Floats:
        """(tokens, features) of the tokens of `text`."""
        listed = [text[start:end] for start, end in places]
        vocabulary = {word: row for row, word in enumerate(dict.fromkeys(listed))}
        vectors = self._embedder.embed(list(vocabulary)).astype(np.float64)
        own = vectors[[vocabulary[word] for word in listed]]
        edge = np.zeros((2, self._embedder.dimension))
        padded = np.vstack([edge, own, edge])
        size = len(places)
        return np.hstack(
            [
                _OWN_WEIGHT * own,
                _NEXT_WEIGHT * padded[1 : size + 1],
                _NEXT_WEIGHT * padded[3 : size + 3],
                _FAR_WEIGHT * padded[:size],
                _FAR_WEIGHT * padded[4 : size + 4],
                _SHAPE_WEIGHT * _shapes(text, places),
            ]
        )


def _tokens(text: str) -> list[Span]:
    return [match.span() for match in _TOKEN.finditer(text)][:_MOST_TOKENS]


def _shapes(text: str, places: Sequence[Span]) -> Floats:
    """How each token looks, (tokens, 10): case, digits, punctuation, place, typed patterns."""
    shapes = np.zeros((len(places), _SHAPES))
    shapes[:, 0] = 1.0
    shapes[0, 1] = shapes[-1, 2] = 1.0
    for row, (start, end) in enumerate(places):
        word = text[start:end]
        shapes[row, 3:7] = (word.istitle(), word.isupper(), word.isdigit(), not word[0].isalnum())
    finders = (find_numbers, lambda one: [*find_dates(one), *find_times(one)], money)
    for column, finder in enumerate(finders, start=7):
        covered = np.zeros(len(text) + 1)
        for one in finder(text):
            covered[one.start : one.end] = 1.0
        shapes[:, column] = covered[[start for start, _ in places]]
    return shapes


def _fit(features: Floats, tags: NDArray[np.intp], classes: int) -> Floats:
    """Ridge regression of class membership, (features, classes), on the smaller side."""
    wanted = np.eye(classes)[tags]
    rows, columns = features.shape
    if rows < columns:
        kernel = features @ features.T + _RIDGE * np.eye(rows)
        return np.asarray(features.T @ np.linalg.solve(kernel, wanted))
    gram = features.T @ features + _RIDGE * np.eye(columns)
    return np.asarray(np.linalg.solve(gram, features.T @ wanted))


def _transitions(tags: Sequence[NDArray[np.intp]], classes: int) -> Floats:
    """Weighted log chance, (classes, classes), of one tag after another."""
    counts = np.full((classes, classes), 0.3)
    for listed in tags:
        np.add.at(counts, (listed[:-1], listed[1:]), 1.0)
    return np.asarray(_TRANSITION_WEIGHT * np.log(counts / counts.sum(axis=1, keepdims=True)))


def _best_path(scores: Floats, steps: Floats) -> list[int]:
    """The tag of each token on the path with the greatest sum of scores and steps."""
    best = scores[0].copy()
    back = np.zeros(scores.shape, dtype=np.intp)
    for row in range(1, len(scores)):
        reach = best[:, None] + steps
        back[row] = reach.argmax(axis=0)
        best = reach.max(axis=0) + scores[row]
    path = [int(best.argmax())]
    for row in range(len(scores) - 1, 0, -1):
        path.append(int(back[row][path[-1]]))
    return path[::-1]
