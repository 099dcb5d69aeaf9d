"""The profile of the project here, as dbt takes it: which file, which output, what it says to us.

Found and rendered without dbt, whose own renderer takes a second and more to import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.hosts.dbt.project_folder import FILE
from assay.hosts.dbt.rendering import read_yaml, rendered

PLUGIN = "assay.plugin"
NAME_PLUGIN = f"Name it there: `plugins: [{{module: {PLUGIN}, alias: assay}}]`."
"""What to do about a profile without it."""

DATABASE = "{{ env_var('ASSAY_DATABASE', 'warehouse.duckdb') }}"
"""What the shipped profile has as `path`; a folder that is no project has no other."""

_IN_MEMORY = ":memory:"
"""Where dbt-duckdb writes to without a `path`."""


@dataclass(frozen=True)
class DbtProfile:
    """One output of a profile: its file, its name as profile.output, what it says, rendered."""

    file: Path
    name: str
    output: Mapping[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> str:
        """What dbt-duckdb opens as the warehouse."""
        return str(self.output.get("path") or _IN_MEMORY)

    @property
    def config(self) -> dict[str, Any]:
        """What it gives to our plugin; nothing where it does not name it."""
        ours = (each for each in self._plugins() if each.get("module") == PLUGIN)
        return dict(next(ours, {}).get("config") or {})

    @property
    def modules(self) -> list[str]:
        """The modules of its plugins."""
        named = {each.get("module") for each in self._plugins()}
        return sorted(module for module in named if isinstance(module, str))

    @property
    def without_plugin(self) -> str | None:
        """Why nothing of ours can be asked by it; None where it names our plugin, or is none."""
        if not self.name or PLUGIN in self.modules:
            return None
        return f"{self.name} does not name the plugin."

    @property
    def repeats_queries(self) -> bool:
        """Whether it sets `retries.query_attempts`."""
        retries = self.output.get("retries")
        return isinstance(retries, Mapping) and retries.get("query_attempts") is not None

    def _plugins(self) -> list[Mapping[str, Any]]:
        plugins = self.output.get("plugins")
        named = plugins if isinstance(plugins, list) else []
        return [each for each in named if isinstance(each, Mapping)]


def profiles_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the profiles.yml that dbt reads here: by variable, the project's, or the home's."""
    if folder := environ.get("DBT_PROFILES_DIR"):
        return Path(folder) / "profiles.yml"
    here = Path("profiles.yml")
    return here if here.exists() else Path.home() / ".dbt" / "profiles.yml"


def profile_here(environ: Mapping[str, str] = os.environ) -> DbtProfile:
    """Return the profile that dbt takes in this folder: by variable, dbt_project.yml, its target.

    Raises `ConfigError` where there is none of that name, or a variable it reads is not set.
    """
    file = profiles_file(environ)
    named = environ.get("DBT_PROFILE") or (read_yaml(Path(FILE)) or {}).get("profile")
    if named is None:
        return DbtProfile(file, "", rendered({"path": DATABASE}, environ, "The shipped profile"))
    name = str(rendered(named, environ, FILE))
    profile = _one_of(_document(file), name, f"{file} has no profile", "--profile")
    given = environ.get("DBT_TARGET") or profile.get("target") or "default"
    target, where = str(rendered(given, environ, str(file))), f"The profile {name!r} in {file}"
    outputs = profile.get("outputs")
    found = outputs if isinstance(outputs, Mapping) else {}
    output = _one_of(found, target, f"{where} has no output", "--target")
    return DbtProfile(file, f"{name}.{target}", rendered(output, environ, where))


def _document(file: Path) -> dict[str, Any]:
    if (found := read_yaml(file)) is not None:
        return found
    why = "cannot be read as YAML; correct it" if file.exists() else "is not there; write it"
    message = f"{file} {why}, or name the folder of another with `--profiles-dir`."
    raise ConfigError(message)


def _one_of(found: Mapping[str, Any], name: str, without: str, option: str) -> Mapping[str, Any]:
    one = found.get(name)
    if isinstance(one, Mapping):
        return one
    there = f"it has {', '.join(map(str, found))}" if found else "it has none"
    message = f"{without} {name!r}; {there}. Name one of its own with `{option}`, or add it."
    raise ConfigError(message)
