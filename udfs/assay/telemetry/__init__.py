"""OpenTelemetry: traces and metrics by OTLP/HTTP, where the standard variables ask for them.

Reading order: here (whether) → `watcher` (what a run's events become) → `spans`, `instruments` →
`pipeline` (the SDK, and its end). Nothing of OpenTelemetry is imported while it is off.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from assay.core.events import Nobody, Observer
from assay.core.extras import extra
from assay.core.settings import Settings

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_OWN = {
    "traces": "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "metrics": "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
}
_EXPORTERS = {"traces": "OTEL_TRACES_EXPORTER", "metrics": "OTEL_METRICS_EXPORTER"}


def wanted(environ: Mapping[str, str]) -> frozenset[str]:
    """Return which of `traces` and `metrics` the environment asks for.

    Names and meaning are those of the OpenTelemetry specification: SDK environment variables.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return frozenset()
    return frozenset(
        signal
        for signal, own in _OWN.items()
        if (environ.get(_ENDPOINT, "").strip() or environ.get(own, "").strip())
        and environ.get(_EXPORTERS[signal], "").strip().lower() != "none"
    )


def open_telemetry(settings: Settings, environ: Mapping[str, str] = os.environ) -> Observer:
    """Return an observer that exports what it sees, or one that does nothing.

    The exporters read `environ` themselves, and nobody else does: it may hold a key.
    """
    if not (signals := wanted(environ)):
        return Nobody()
    with extra("telemetry", "Telemetry, which the environment asks for,"):
        from assay.telemetry.watcher import watch  # takes a third of a second

    return watch(settings, signals)
