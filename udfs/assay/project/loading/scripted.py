"""The source that a file of Python gives: its function `source()`, called as the file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError

_FUNCTION = "source"


def source_of(dlt: Any, name: str, path: Path) -> Any:
    """Return the source of a file, called `name`, whose tables take lists into their rows.

    Raises `ConfigError` where there is no such function, or it gives something else, and whatever
    the file raises.
    """
    given = _function(name, path)()
    from dlt.extract import DltResource, DltSource

    if isinstance(given, DltSource):
        # The name of its schema is the file's, so that two files never share one.
        source = given if given.name == name else given.clone(with_name=name)
    else:
        resources = given if isinstance(given, list | tuple) else [given]
        if not resources or not all(isinstance(one, DltResource) for one in resources):
            message = (
                f"`{_FUNCTION}()` of {path.name} gave {type(given).__name__}; return a source or "
                "resource of dlt, a list of resources, or what `assay.sources` makes."
            )
            raise ConfigError(message)
        source = DltSource(dlt.Schema(name), name, list(resources))
    if source.max_table_nesting is None:
        source.max_table_nesting = 0
    return source


def _function(name: str, path: Path) -> Callable[[], Any]:
    """Import a file and return its function; files beside it can be imported by it."""
    if (folder := str(path.parent)) not in sys.path:
        sys.path.append(folder)  # last, so that no source stands in for a library
    spec = importlib.util.spec_from_file_location(f"sources_{name}", path)
    assert spec is not None  # noqa: S101 - a file of Python has one
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dlt looks up where a function is from
    spec.loader.exec_module(module)
    function = getattr(module, _FUNCTION, None)
    if not callable(function):
        message = f"{path.name} has no function `{_FUNCTION}()`; write one that returns a source."
        raise ConfigError(message)
    return function  # type: ignore[no-any-return, unused-ignore]
