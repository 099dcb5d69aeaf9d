"""Modules of others that are loaded when something of them is first used, not when named."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


def defer(*names: str) -> None:
    """Let an import of these modules cost nothing until one of their attributes is asked for.

    For what a library imports at its top and needs in few of its parts. A module that is loaded
    already stays as it is.
    """
    for name in names:
        sys.modules.setdefault(name, _Deferred(name))


class _Deferred(ModuleType):
    """Stands where a module will be, and gives way to it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
