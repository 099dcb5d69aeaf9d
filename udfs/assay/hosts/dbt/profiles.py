"""profiles.yml as dbt reads it here: which file, which plugins, what Assay is configured to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PLUGIN = "assay.plugin"


def profiles_file(environ: Mapping[str, str]) -> Path:
    """Return the profiles.yml that dbt reads here."""
    if folder := environ.get("DBT_PROFILES_DIR"):
        return Path(folder) / "profiles.yml"
    here = Path("profiles.yml")
    return here if here.exists() else Path.home() / ".dbt" / "profiles.yml"


def plugin_modules(profiles: Path) -> list[str]:
    """Return the modules of the plugins in a profiles.yml; none where it cannot be read."""
    named = [
        plugin.get("module")
        for output in _outputs(profiles).values()
        for plugin in output.get("plugins") or []
        if isinstance(plugin, dict)
    ]
    return sorted({module for module in named if isinstance(module, str)})


def plugin_config(profiles: Path) -> dict[str, Any] | None:
    """Return what profiles.yml gives to our plugin, as it is written there; None without it.

    Where several outputs name the plugin, the last one counts.
    """
    found = None
    for output in _outputs(profiles).values():
        for plugin in output.get("plugins") or []:
            if isinstance(plugin, dict) and plugin.get("module") == PLUGIN:
                found = dict(plugin.get("config") or {})
    return found


def with_query_attempts(profiles: Path) -> list[str]:
    """Return the outputs, as profile.output, that set `retries.query_attempts`."""
    return [
        name
        for name, output in _outputs(profiles).items()
        if isinstance(retries := output.get("retries"), dict)
        and retries.get("query_attempts") is not None
    ]


def _outputs(profiles: Path) -> dict[str, dict[str, Any]]:
    """Return the outputs of all profiles, by profile.output; none where it cannot be read."""
    try:
        document = yaml.safe_load(profiles.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}  # dbt says what is wrong with it
    return {
        f"{profile}.{name}": output
        for profile, body in (document if isinstance(document, dict) else {}).items()
        if isinstance(body, dict) and isinstance(body.get("outputs"), dict)
        for name, output in body["outputs"].items()
        if isinstance(output, dict)
    }
