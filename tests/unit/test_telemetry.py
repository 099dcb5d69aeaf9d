"""Telemetry is off unless the standard variables ask for it, and then costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.core.events import Nobody, RunBegun
from assay.core.settings import Settings
from assay.engine import attempts
from assay.telemetry import open_telemetry, wanted
from assay.telemetry.names import of_reply

from .builders import request

BASE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
TRACES = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}
METRICS = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}


@pytest.mark.parametrize(
    ("environ", "signals"),
    [
        ({}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, set()),
        ({"OTEL_SERVICE_NAME": "nightly"}, set()),
        (BASE, {"traces", "metrics"}),
        (TRACES, {"traces"}),
        (METRICS, {"metrics"}),
        (BASE | {"OTEL_METRICS_EXPORTER": "none"}, {"traces"}),
        (BASE | {"OTEL_SDK_DISABLED": "True"}, set()),
        (BASE | {"OTEL_SDK_DISABLED": "false"}, {"traces", "metrics"}),
    ],
)
def test_the_standard_variables_say_what_is_exported(
    environ: dict[str, str], signals: set[str]
) -> None:
    """An endpoint asks, one of its own for a signal asks for that one; disabled is disabled."""
    assert wanted(environ) == signals


def test_nobody_watches_without_an_endpoint() -> None:
    """And nobody can be told, and closed."""
    observer = open_telemetry(Settings(), {})
    observer.see(RunBegun("a-run"))
    observer.close()
    assert isinstance(observer, Nobody)


def test_nothing_of_opentelemetry_is_imported_while_it_is_off() -> None:
    """In a process of its own: the engine with all that it needs."""
    code = (
        "import sys, assay.engine.loop, assay.project.evaluation.evaluate, assay.telemetry as t; "
        "from assay.core.settings import Settings; t.open_telemetry(Settings(), {}); "
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_cached_tokens_are_an_attribute_where_the_server_says_them() -> None:
    """Under the name of the conventions; unknown is left out."""
    begun = attempts.begun(
        request("fine"), Settings(), owner="me", run_id="a-run", reserved_usd=None
    )
    name = "gen_ai.usage.cache_read.input_tokens"
    assert of_reply(begun._replace(cached_tokens=294), None)[name] == 294
    assert name not in of_reply(begun, None)
