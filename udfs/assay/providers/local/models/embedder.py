"""Texts to vectors: the static word embeddings that the WordLlama wheel carries, read offline."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .text import clipped

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIMENSIONS = 256

# Values are put on this grid before they are multiplied: the sums stay below 2**53, where float64
# adds whole numbers exactly, so a text scores the same whatever the batch and the processor.
_GRID = 2.0**20
# A product of 1,000 cells of 256 terms is the largest that OpenBLAS does on the calling thread;
# above, it wakes its own threads, which fight with DuckDB's.
_BLOCK_CELLS = 1_000
_BLOCK_COLUMNS = 250

_WEIGHTS = Path("weights") / "l2_supercat_256.safetensors"
_TOKENIZER = Path("tokenizers") / "l2_supercat_tokenizer_config.json"


class Embedder:
    """Mean-pooled WordLlama vectors of texts; loads its 17 MB on first use, safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: tuple[Tokenizer, NDArray[np.float32]] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), 256), each of length 1; zeros for a text without tokens.

        Case is ignored and only the first 20,000 characters count. Raises FileNotFoundError
        when the WordLlama wheel does not carry its weights.
        """
        tokenizer, weights = self._loaded()
        sums = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            # One by one: encode_batch would start its own thread pool beside DuckDB's.
            ids = tokenizer.encode(clipped(text).lower(), add_special_tokens=False).ids
            np.add.reduce(weights[ids], axis=0, out=sums[row])
        return unit_rows(sums)

    def _loaded(self) -> tuple[Tokenizer, NDArray[np.float32]]:
        with self._lock:
            if self._model is None:
                self._model = _load()
            return self._model


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` scaled to length 1 by row; zero rows stay zero."""
    lengths = np.sqrt(np.add.reduce(vectors * vectors, axis=1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def exact_product(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """`left` (n, 256) @ `right`.T (256, k), the same to the last bit in any batch.

    Rows of `left` have length 1 at most, rows of `right` are shorter than 8,000.
    """
    left_grid = np.rint(left.astype(np.float64) * _GRID)
    right_grid = np.rint(right.astype(np.float64) * _GRID)
    product = np.empty((len(left), len(right)))
    for columns in _blocks(len(right), _BLOCK_COLUMNS):
        height = max(4, _BLOCK_CELLS // max(1, columns.stop - columns.start))
        for rows in _blocks(len(left), height):
            product[rows, columns] = left_grid[rows] @ right_grid[columns].T
    return product / (_GRID * _GRID)


def _blocks(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def _load() -> tuple[Tokenizer, NDArray[np.float32]]:
    # Importing wordllama would set the level of the root logger and import an HTTP client,
    # so its two files are read directly.
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = _package_folder()
    tokenizer = Tokenizer.from_file(str(tokenizer_file()))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    weights = load_file(folder / _WEIGHTS)["embedding.weight"]
    return tokenizer, np.ascontiguousarray(weights, dtype=np.float32)


def tokenizer_file() -> Path:
    """Return the tokenizer's file; raises FileNotFoundError where the wheel is not whole."""
    return _package_folder() / _TOKENIZER


def _package_folder() -> Path:
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("WordLlama is not installed; run `pip install wordllama`.")
    folder = Path(spec.origin).parent
    if not (folder / _WEIGHTS).is_file():
        raise FileNotFoundError(f"{folder / _WEIGHTS} is missing; reinstall `wordllama`.")
    return folder
