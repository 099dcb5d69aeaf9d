"""Providers: who answers. One contract, a folder each; a new one is a folder and a line here.

A folder has `traits.py` with `TRAITS`, which is data, and `provider.py` with
`open_provider(settings)`, which is imported only when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from assay.core.errors import ConfigError
from assay.core.extras import extra
from assay.core.traits import Traits, make_known
from assay.providers.contract import Batches, ListsModels, Provider, TakesBatches
from assay.providers.vectors import embedding_model

if TYPE_CHECKING:
    from assay.core.settings import Settings
    from assay.core.task import Task

FOLDERS = {
    "local": "assay.providers.local",
    "openai": "assay.providers.openai_compatible",
    "replay": "assay.providers.replay",
}
"""The folder of each provider, by the name that settings give it; the libraries of each come
with the extra of its name."""

PROVIDERS: dict[str, Traits] = {
    name: import_module(f"{folder}.traits").TRAITS for name, folder in FOLDERS.items()
}
make_known(PROVIDERS)

EMBEDDED: Traits = next(traits for traits in PROVIDERS.values() if traits.free)
"""The provider that answers in this process, beside any other: the cheap side of a cascade."""


def open_provider(settings: Settings) -> Provider:
    """Return the provider that the settings name."""
    with extra(settings.provider, f"The provider `{settings.provider}`"):
        module = import_module(f"{FOLDERS[settings.provider]}.provider")
        provider: Provider = module.open_provider(settings)
    return provider


def model_of(settings: Settings, task: Task) -> str:
    """Return the model that answers a task; `ConfigError` for one of vectors that is not there."""
    if task.form == "embedding":
        return embedding_model(settings, task.model)
    return settings.model_for(task.model)


def check_can(traits: Traits, task: Task) -> None:
    """Raise `ConfigError` for a function that a provider does not have."""
    if traits.knows(task.kind):
        return
    others = [name for name, one in PROVIDERS.items() if one.knows(task.kind)]
    message = (
        f"The provider {traits.name!r} cannot answer ai_{task.kind}; set `ASSAY_PROVIDER` to one "
        f"that can: {', '.join(others)}."
    )
    raise ConfigError(message)


__all__ = [
    "EMBEDDED",
    "PROVIDERS",
    "Batches",
    "ListsModels",
    "Provider",
    "TakesBatches",
    "Traits",
    "check_can",
    "model_of",
    "open_provider",
]
