"""Libraries that come with an extra: whoever lacks one hears its name, once it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assay.core.errors import ConfigError


@contextmanager
def extra(name: str, purpose: str) -> Iterator[None]:
    """Let what is imported here be missing: raise `ConfigError` that says what to install.

    `purpose` begins the sentence: what cannot be done without the extra called `name`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "assay").split(".")[0] == "assay":
            raise
        message = (
            f"{purpose} needs {error.name}, which is not installed; run "
            f'`pip install "assay[{name}]"`.'
        )
        raise ConfigError(message) from error


class Later:
    """A module of an extra that is imported when something of it is used, and not before."""

    def __init__(self, module: str, extra_name: str, purpose: str) -> None:
        self._module, self._extra, self._purpose = module, extra_name, purpose

    def __getattr__(self, name: str) -> Any:
        with extra(self._extra, self._purpose):
            return getattr(importlib.import_module(self._module), name)
