"""The vectors of the embedded models, as bytes: the same for a text in any batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assay.providers.local.models.embedder import Embedder
from assay.providers.local.models.minilm import MiniLM
from assay.providers.local.models.wordllama import WordLlama

_MODELS: dict[str, Callable[[], Embedder]] = {"wordllama": WordLlama, "minilm": MiniLM}


def vectors_by(model: str) -> Callable[[Sequence[str]], list[bytes]]:
    """Return what makes of each text the bytes of its vector, least byte first.

    A text without a known piece has a vector of zeros.
    """
    embedder = _MODELS[model]()

    def vectors(texts: Sequence[str]) -> list[bytes]:
        return [row.tobytes() for row in embedder.embed(texts).astype("<f4", copy=False)]

    return vectors
