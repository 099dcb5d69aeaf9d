"""The dbt package beside the code: macros and functions of one version belong together."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

NAME = "assay"


def other_version() -> str | None:
    """Return that the macros are of another version than the code, and what to do; None if not."""
    from dbt.adapters.factory import FACTORY

    adapter = FACTORY.adapters.get("duckdb")
    config: Any = None if adapter is None else adapter.config
    if not hasattr(config, "load_dependencies"):  # `dbt debug` has a profile alone
        return None
    package = (config.load_dependencies() or {}).get(NAME)
    ours = version(NAME)
    if package is None or package.version == ours:
        return None
    return (
        f"The dbt package `{NAME}` is version {package.version}, the Python package is {ours}; "
        "give packages.yml and `pip install` the same, then run `dbt deps`."
    )
