"""How likely a word is by its letters: what tells a slip of the pen from another word.

Learnt from the whole words among the pieces of WordLlama's tokenizer, in two dozen languages:
runs of up to four letters, the shorter ones for what was not seen (Witten and Bell's smoothing).
"""

from __future__ import annotations

import json
import math
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable

from .wordllama import tokenizer_file

_ORDER = 4
_SHORTEST = 3
_START, _END = "^", "$"
_BASE = 1 / 60
"""The probability of a letter of which nothing is known."""


class Letters:
    """Log-likelihoods of words in lower case; learns from 15,000 words on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._after: dict[str, Counter[str]] = {}

    def knows(self, word: str) -> bool:
        """Whether a word is one of those that were learnt from: a frequent one."""
        self._learn()
        return word in self._known

    def likelihood(self, word: str) -> float:
        """Return the natural logarithm of the probability of a word's letters and its end."""
        self._learn()
        text = f"{_START}{word}{_END}"
        return sum(
            math.log(self._probability(text[max(0, place - _ORDER + 1) : place], text[place]))
            for place in range(1, len(text))
        )

    def _probability(self, before: str, letter: str) -> float:
        probability = _BASE
        for start in range(len(before), -1, -1):
            seen = self._after.get(before[start:])
            if seen is None:
                break
            total, kinds = seen.total(), len(seen)
            probability = (seen[letter] + kinds * probability) / (total + kinds)
        return probability

    def _learn(self) -> None:
        with self._lock:
            if not self._known:
                self._known = frozenset(_words())
                self._after = _counted(self._known)


def _words() -> Iterable[str]:
    """Yield the pieces of the tokenizer that begin a word and are letters alone."""
    pieces = json.loads(tokenizer_file().read_text(encoding="utf-8"))["model"]["vocab"]
    for piece in pieces:
        word = piece.removeprefix("▁").lower()
        if word != piece.lower() and len(word) >= _SHORTEST and word.isalpha():
            yield word


def _counted(words: Iterable[str]) -> dict[str, Counter[str]]:
    """Return which letters follow each run of up to three letters, and how often."""
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        text = f"{_START}{word}{_END}"
        for place in range(1, len(text)):
            for start in range(max(0, place - _ORDER + 1), place + 1):
                after[text[start:place]][text[place]] += 1
    return dict(after)
