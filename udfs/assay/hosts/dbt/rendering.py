"""What dbt's YAML says once `env_var` is filled in, without dbt, which takes seconds to import.

Values come out as text: what reads them knows of what type they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from assay.core.errors import ConfigError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FILTERS = ("as_text", "as_native", "as_number", "as_bool")
"""What says of what type a value is."""


def read_yaml(file: Path) -> dict[str, Any] | None:
    """Return what a file says; None where it is not there or says nothing that dbt can read."""
    try:
        found = file.stat()
        return _read(file.resolve(), found.st_mtime_ns, found.st_size)
    except (OSError, ValueError, yaml.YAMLError):
        return None


@lru_cache(maxsize=8)
def _read(file: Path, _changed: int, _size: int) -> dict[str, Any] | None:
    said = yaml.load(file.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe one
    return said if isinstance(said, dict) else None


def rendered(value: Any, environ: Mapping[str, str], where: str) -> Any:
    """Return a value of dbt's YAML, and all inside it, with `env_var` filled in.

    Raises `ConfigError` that names `where` for a variable that is not set and has no default, and
    for Jinja that asks for more than the environment.
    """
    if isinstance(value, Mapping):
        return {name: rendered(one, environ, where) for name, one in value.items()}
    if isinstance(value, list):
        return [rendered(one, environ, where) for one in value]
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return _filled_in(value, environ, where)
    return value


def _filled_in(text: str, environ: Mapping[str, str], where: str) -> str:
    from jinja2 import TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    def env_var(name: str, default: object = None) -> object:
        if (found := environ.get(name, default)) is None:
            message = f"{where} reads the variable `{name}`, which is not set; set it."
            raise ConfigError(message)
        return found

    jinja = SandboxedEnvironment()
    jinja.filters |= dict.fromkeys(_FILTERS, lambda value: value)
    try:
        return str(jinja.from_string(text).render(env_var=env_var))
    except TemplateError as error:
        message = f"{where} has {text!r}, which cannot be read ({error}); use `env_var` alone."
        raise ConfigError(message) from None
