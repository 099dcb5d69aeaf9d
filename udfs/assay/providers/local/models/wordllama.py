"""Texts to vectors: the static word embeddings that the WordLlama wheel carries, read offline."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .embedder import unit_rows
from .fitted import WORDLLAMA
from .text import clipped

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WEIGHTS = Path("weights") / "l2_supercat_256.safetensors"
_TOKENIZER = Path("tokenizers") / "l2_supercat_tokenizer_config.json"


class WordLlama:
    """Mean-pooled WordLlama vectors of texts; loads its 17 MB on first use, safe in threads."""

    dimension = 256
    fitted = WORDLLAMA

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: tuple[Tokenizer, NDArray[np.float32]] | None = None

    @property
    def of_words(self) -> WordLlama:
        """Itself: 17,000 texts a second."""
        return self

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), 256), each of length 1; zeros for a text without tokens.

        Case is ignored and only the first 20,000 characters count. Raises FileNotFoundError
        when the WordLlama wheel does not carry its weights.
        """
        tokenizer, weights = self._loaded()
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
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
