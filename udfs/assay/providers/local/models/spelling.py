"""Labels by how texts are spelled: runs of letters that the examples of a label share.

It reads any language and forgives slips of the pen, and knows nothing but the examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .chances import ridge
from .embedder import exact_product
from .text import clipped, words

Floats = NDArray[np.float64]

_CELLS = 2048
"""Runs of letters fall into so many cells by their hash."""
_RUNS = (3, 4)
_WHOLE_WORD = 2
_RARE_AT_LEAST = 0.3
_RIDGE = 1.0


class Spelling:
    """A ridge regression of `membership` (n, k) of texts over their runs of letters."""

    def __init__(self, texts: Sequence[str], membership: Floats) -> None:
        counted = _counted(texts)
        seen = (counted > 0).sum(axis=0)
        self._rarity = np.log((len(texts) + 1) / (seen + 1)) + _RARE_AT_LEAST
        slopes, self._offset = ridge(self._vectors(counted), membership, _RIDGE)
        self._slopes = slopes.T

    def scores(self, texts: Sequence[str]) -> Floats:
        """How much each text looks like the examples of each label, (n, k), about 0 to 1."""
        return exact_product(self._vectors(_counted(texts)), self._slopes) + self._offset

    def _vectors(self, counted: Floats) -> Floats:
        weighed = np.sqrt(counted) * self._rarity
        lengths = np.sqrt(np.add.reduce(weighed * weighed, axis=1, keepdims=True))
        return np.asarray(weighed / np.where(lengths > 0, lengths, 1))


def _counted(texts: Sequence[str]) -> Floats:
    """How often each cell occurs in each text, (n, cells)."""
    counts = np.zeros((len(texts), _CELLS))
    for row, text in enumerate(texts):
        for run, count in Counter(_runs(text)).items():
            counts[row, crc32(run.encode()) % _CELLS] += count
    return counts


def _runs(text: str) -> list[str]:
    found: list[str] = []
    for word in words(clipped(text)):
        marked = f"<{word}>"
        found += [f"={word}"] * _WHOLE_WORD
        for size in _RUNS:
            found += [marked[at : at + size] for at in range(len(marked) - size + 1)]
    return found
