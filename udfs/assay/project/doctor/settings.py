"""The settings: what holds, where it came from, and what was set and does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assay.core.errors import ConfigError
from assay.core.settings import PREFIX, Settings, settings_from_environ
from assay.engine.prices import price_of
from assay.hosts.dbt.profiles import plugin_config
from assay.project.doctor.finding import Finding

Origin = Literal["default", "environment", "profile"]

_ENV_VAR = re.compile(r"\{\{\s*env_var\(\s*'(\w+)'\s*(?:,\s*'([^']*)'\s*)?\)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as dbt gets it: its variable, its value as text (blank: unset), its origin.

    `ignored` is what the environment says where the profile does not let it through.
    """

    variable: str
    value: str
    origin: Origin
    ignored: str | None = None


def settings_findings(environ: Mapping[str, str], profiles: Path) -> Iterator[Finding]:
    """Yield whether the settings are valid, each that is no default, and what is ignored."""
    try:
        settings = settings_from_environ(environ)
    except ConfigError as error:
        yield Finding("settings", "They are not valid.", str(error))
        return
    found = origins(environ, plugin_config(profiles))
    for one in found:
        if one.origin != "default":
            yield Finding("settings", f"{one.variable}={one.value} ({one.origin}).")
        if one.ignored is not None:
            remedy = f"Map it there: \"{{{{ env_var('{one.variable}', '') }}}}\"."
            text = f"{one.variable}={one.ignored} is set, but {profiles} does not let it through."
            yield Finding("settings", text, remedy)
    held = sum(one.origin == "default" for one in found)
    yield Finding("settings", f"{held} of {len(found)} are at their defaults.")
    if (variable := settings.traits.key_variable) is not None:
        yield Finding("settings", f"{variable} is set.")
    yield from _price(settings)


def origins(environ: Mapping[str, str], config: Mapping[str, Any] | None) -> list[Setting]:
    """Return each setting as dbt gets it by the plugin's `config` in profiles.yml.

    Without a config the environment alone counts, as it does for the command line.
    """
    return [_setting(name, environ, config) for name in Settings.model_fields if name != "api_key"]


def _setting(name: str, environ: Mapping[str, str], config: Mapping[str, Any] | None) -> Setting:
    variable = PREFIX + name.upper()
    given = environ.get(variable, "").strip()
    default = _spelled(Settings.model_fields[name].default)
    said = f"{{{{ env_var('{variable}', '') }}}}" if config is None else config.get(name)
    mapped = _ENV_VAR.fullmatch(str(said).strip()) if said is not None else None
    if mapped is not None and mapped[1] == variable:
        if given:
            return Setting(variable, given, "environment")
        fallback = mapped[2] or ""
        kept = fallback in ("", default)
        return Setting(variable, fallback or default, "default" if kept else "profile")
    ignored = given or None
    if said is None:
        return Setting(variable, default, "default", ignored)
    value = _spelled(said)
    return Setting(variable, value, "profile", None if ignored == value else ignored)


def _spelled(value: Any) -> str:
    """Return a value as an environment variable spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _price(settings: Settings) -> Iterator[Finding]:
    model = settings.model_for(None)
    if price_of(settings, model) is None:
        remedy = "Set `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD`, or watch requests."
        text = f"The price of {model!r} is not known, so that no cost is."
        yield Finding("price", text, remedy, may_stay=True)
