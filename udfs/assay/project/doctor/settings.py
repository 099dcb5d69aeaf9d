"""The settings: what holds and is no default, where it came from, and what has no price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.errors import ConfigError
from assay.core.settings import PREFIX, Settings, load_settings
from assay.engine.prices import price_of
from assay.project.doctor.finding import Finding


def settings_findings(environ: Mapping[str, str], config: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether the settings are valid and each that is no default.

    `config` is what the profile gives to the plugin, rendered.
    """
    try:
        settings = load_settings(config, environ)
    except ConfigError as error:
        yield Finding("settings", "They are not valid.", str(error))
        return
    names = [name for name in Settings.model_fields if name != "api_key"]
    changed = [name for name in names if getattr(settings, name) != _default(name)]
    for name in changed:
        variable = PREFIX + name.upper()
        origin = "environment" if environ.get(variable, "").strip() else "profile"
        value = _spelled(getattr(settings, name))
        yield Finding("settings", f"{variable}={value} ({origin}).")
    held = len(names) - len(changed)
    yield Finding("settings", f"{held} of {len(names)} are at their defaults.")
    if (key := settings.traits.key_variable) is not None:
        said = "is set" if environ.get(key, "").strip() else "is not set"
        yield Finding("settings", f"{key} {said}.")
    yield from _price(settings)


def _default(name: str) -> object:
    return Settings.model_fields[name].default


def _spelled(value: Any) -> str:
    """Return a value as an environment variable spells it; of an object the names alone."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(value)}}}"
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
