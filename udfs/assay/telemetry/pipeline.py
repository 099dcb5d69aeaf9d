"""The pipeline: OpenTelemetry's SDK with exporters that can neither hold up nor fail a run."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection
from importlib.metadata import version
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Tracer

CLOSING_SECONDS = 1.2
"""How long the end of a run waits for what is left to be exported."""

_NAME = "assay"


class _Spans(OTLPSpanExporter):
    """Remembers whether spans were lost."""

    failed = False

    def export(self, *arguments: Any, **named: Any) -> SpanExportResult:
        result = super().export(*arguments, **named)
        self.failed |= result is not SpanExportResult.SUCCESS
        return result


class _Metrics(OTLPMetricExporter):
    """Remembers whether the last metrics were lost; those before are in them."""

    failed = False

    def export(self, *arguments: Any, **named: Any) -> MetricExportResult:
        result = super().export(*arguments, **named)
        self.failed = result is not MetricExportResult.SUCCESS
        return result


class Pipeline:
    """Providers for the wanted signals; exporting happens on threads that end with the process.

    The exporters read the standard variables: endpoints, headers, timeouts, compression. What they
    log is kept quiet, for it may name headers; `close` says whether something was lost.
    """

    def __init__(self, signals: Collection[str]) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        self._resource = _resource()
        self._spans = _Spans() if "traces" in signals else None
        self._metrics = _Metrics() if "metrics" in signals else None
        self._providers: list[TracerProvider | MeterProvider] = []

    def tracer(self) -> Tracer | None:
        """Return a tracer, None where traces are not wanted."""
        if self._spans is None:
            return None
        provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(self._spans))
        self._providers.append(provider)
        return provider.get_tracer(_NAME, version(_NAME))

    def meter(self) -> Meter | None:
        """Return a meter, None where metrics are not wanted."""
        if self._metrics is None:
            return None
        reader = PeriodicExportingMetricReader(self._metrics)
        provider = MeterProvider([reader], self._resource, shutdown_on_exit=False)
        self._providers.append(provider)
        return provider.get_meter(_NAME, version(_NAME))

    def close(self) -> bool:
        """Export what is left for at most `CLOSING_SECONDS`; return whether all has arrived."""
        threads = [
            threading.Thread(target=provider.shutdown, name="assay-telemetry", daemon=True)
            for provider in self._providers
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        exporters = [exporter for exporter in (self._spans, self._metrics) if exporter]
        late = any(thread.is_alive() for thread in threads)
        return not late and not any(exporter.failed for exporter in exporters)


def _resource() -> Resource:
    """Return who we are; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say it better."""
    ours = {SERVICE_NAME: _NAME, SERVICE_VERSION: version(_NAME)}
    said = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if os.environ.get("OTEL_SERVICE_NAME") or f"{SERVICE_NAME}=" in said:
        del ours[SERVICE_NAME]
    return Resource.create(ours)
