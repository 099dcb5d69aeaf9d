"""The watcher: hands each event of a run to spans and instruments, and never disturbs the run."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Protocol

from assay.core.events import Event
from assay.core.settings import Settings
from assay.telemetry.instruments import Instruments
from assay.telemetry.names import common_attributes
from assay.telemetry.pipeline import Pipeline
from assay.telemetry.spans import Spans

LOST = (
    "assay: telemetry did not arrive, or not all of it; the run is not affected. Check "
    "`OTEL_EXPORTER_OTLP_ENDPOINT` (docs/telemetry.md).\n"
)


class _Eye(Protocol):
    """What looks at events."""

    def see(self, event: Event) -> None:
        """Take note of `event`."""


class Watcher:
    """The observer of a run that is exported."""

    def __init__(self, pipeline: Pipeline, spans: Spans | None, eyes: Sequence[_Eye]) -> None:
        self._pipeline = pipeline
        self._spans = spans
        self._eyes = eyes
        self._blind = False

    def see(self, event: Event) -> None:
        """Hand `event` on; once something of ours went wrong, watch no more."""
        if self._blind:
            return
        try:
            for eye in self._eyes:
                eye.see(event)
        except Exception:  # noqa: BLE001 - who watches a run must never end it
            self._blind = True

    def close(self) -> None:
        """End what is open, export it, and say so in one line where that failed."""
        if self._spans is not None:
            self._spans.end()
        if not self._pipeline.close() or self._blind:
            sys.stderr.write(LOST)


def watch(settings: Settings, signals: Collection[str]) -> Watcher:
    """Return the observer that exports `signals`, `traces` and `metrics`."""
    pipeline = Pipeline(signals)
    common = common_attributes(settings)
    tracer, meter = pipeline.tracer(), pipeline.meter()
    spans = Spans(tracer, common) if tracer else None
    instruments = Instruments(meter, common) if meter else None
    return Watcher(pipeline, spans, [eye for eye in (spans, instruments) if eye])
