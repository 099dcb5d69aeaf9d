"""The settings that hold here, the same for every command: environment, profile, default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.core.project import place
from assay.core.reach import Places
from assay.core.settings import Settings, load_places, load_settings
from assay.hosts.dbt.profiles import NAME_PLUGIN, profile_here


def settings_here(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return all settings; raises `ConfigError` for what is wrong with them or the profile."""
    return load_settings(_config_here(environ), environ)


def places_here(environ: Mapping[str, str] = os.environ) -> Places:
    """Return what is looked at without a provider and its key; the other settings may be wrong."""
    return load_places(_config_here(environ), environ)


def _config_here(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what the profile gives to the plugin; raise where it does not name it.

    Then its settings do not hold either, and another store would be read unnoticed.
    """
    profile = profile_here(environ)
    if (trouble := profile.without_plugin) is not None:
        message = f"{trouble} {NAME_PLUGIN}"
        raise ConfigError(message)
    return profile.config


def database_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the DuckDB file of the warehouse: the `path` of the profile."""
    return place(profile_here(environ).database)
