"""Who makes the vectors of a text: an embedded model, or one of the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from assay.core.errors import ConfigError
from assay.core.extras import extra
from assay.core.traits import traits_of

if TYPE_CHECKING:
    from assay.core.settings import Settings

EMBEDDED = "local"
"""The provider whose models are embedded, beside any other."""

Vectorise = Callable[[Sequence[str]], list[bytes]]
"""Makes of each text the bytes of its vector: float32 numbers, least byte first."""


def embedded_models() -> Mapping[str, int]:
    """Return how many numbers a vector of each embedded model has; the first is the usual one."""
    return traits_of(EMBEDDED).vectors


def embedding_model(settings: Settings, asked: str | None = None) -> str:
    """Return the model that makes vectors for whoever asks for `asked` (None: the usual one).

    Raises `ConfigError` for one that is not embedded where no endpoint is named.
    """
    embedded = embedded_models()
    model = asked or settings.embedding_model or next(iter(embedded))
    if model not in embedded and settings.traits.free:
        message = (
            f"The provider {settings.provider!r} has no embedding model {model!r}; it has "
            f"{', '.join(embedded)}. Name one of them, or set `ASSAY_PROVIDER` to one with an "
            "endpoint."
        )
        raise ConfigError(message)
    return model


def dimensions_of(settings: Settings, model: str) -> int:
    """Return how many numbers a vector of `model` has; `ConfigError` where that is not known."""
    if (embedded := embedded_models().get(model)) is not None:
        return embedded
    if model == settings.embedding_model and settings.embedding_dimensions is not None:
        return settings.embedding_dimensions
    if (known := settings.traits.vectors.get(model)) is not None:
        return known
    message = (
        f"How many numbers a vector of {model!r} has is not known; set "
        "`ASSAY_EMBEDDING_MODEL` to it and `ASSAY_EMBEDDING_DIMENSIONS` to their number."
    )
    raise ConfigError(message)


def is_embedded(model: str) -> bool:
    """Whether a model of vectors is one of the embedded ones."""
    return model in embedded_models()


def vectorise(model: str) -> Vectorise:
    """Return what makes vectors by an embedded model; it is loaded when it is first used."""
    with extra(EMBEDDED, f"The model `{model}`"):
        from assay.providers.local.vectors import vectors_by
    return vectors_by(model)
