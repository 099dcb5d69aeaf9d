"""What turns texts into vectors, whichever model does it, and the exact product of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .fitted import Fitted

# Values are put on this grid before they are multiplied: the sums stay below 2**53, where float64
# adds whole numbers exactly, so a text scores the same whatever the batch and the processor.
_GRID = 2.0**20
# A product of so many terms is the largest that OpenBLAS does on the calling thread; above, it
# wakes its own threads, which fight with DuckDB's.
_BLOCK_TERMS = 256_000
_BLOCK_ROWS = 4


class Embedder(Protocol):
    """A model of vectors; safe in threads, and it gives a text the same vector in any batch."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    @property
    def fitted(self) -> Fitted:
        """What was fitted to its vectors: thresholds, temperatures, lines of confidence."""

    @property
    def of_words(self) -> Embedder:
        """The one for single words and phrases by the thousand: itself, if it is quick."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension), each of length 1; zeros for a text without
        pieces. Case is ignored."""


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` scaled to length 1 by row; zero rows stay zero."""
    lengths = np.sqrt(np.add.reduce(vectors * vectors, axis=1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def exact_product(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """`left` (n, d) @ `right`.T (d, k), the same to the last bit in any batch.

    Rows of `left` have length 1 at most, rows of `right` are shorter than 8,000.
    """
    left_grid = np.rint(left.astype(np.float64) * _GRID)
    right_grid = np.rint(right.astype(np.float64) * _GRID)
    product = np.empty((len(left), len(right)))
    cells = _BLOCK_TERMS // left.shape[1]
    for columns in _blocks(len(right), cells // _BLOCK_ROWS):
        height = max(_BLOCK_ROWS, cells // max(1, columns.stop - columns.start))
        for rows in _blocks(len(left), height):
            product[rows, columns] = left_grid[rows] @ right_grid[columns].T
    return product / (_GRID * _GRID)


def _blocks(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
