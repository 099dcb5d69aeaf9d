"""Alerts: whether anybody is told of trouble, and on wish whether a test arrives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.errors import ConfigError
from assay.core.settings import load_settings
from assay.project.alerting.sending import host
from assay.project.alerting.telling import send_test
from assay.project.doctor.finding import Finding

_REMEDY = "Look at `ASSAY_ALERT_URL` and `ASSAY_ALERT_FORMAT`, see docs/how-to/alerts.md."


def alert_findings(
    environ: Mapping[str, str], config: Mapping[str, Any], *, send: bool
) -> Iterator[Finding]:
    """Yield where alerts go; with `send` whether a test could be sent there.

    `config` is what the profile gives to the plugin, rendered; what is wrong with it is said
    where the settings are looked at.
    """
    try:
        settings = load_settings(config, environ)
    except ConfigError:
        return
    if settings.alert_url is None:
        text = "Nobody is told of trouble: `ASSAY_ALERT_URL` is not set."
        yield Finding("alerts", text, _REMEDY if send else None)
        return
    where = f"They go to {host(settings.alert_url.get_secret_value())} as {settings.alert_format}"
    if not send:
        yield Finding("alerts", f"{where}; --alert sends a test.")
        return
    trouble = send_test(settings)
    text = f"{where}; a test was sent." if trouble is None else f"The test failed: {trouble}."
    yield Finding("alerts", text, None if trouble is None else _REMEDY)
