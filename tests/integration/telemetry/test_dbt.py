"""Telemetry of a real `dbt build`, and of the end of a process whose receiver hangs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.faultd import FaultServer

from ..dbt.project import KEY, Project, asking, table
from .receiver import Receiver, attributes, named, walk

CANARY = "row-canary-51ce"
MODELS = {
    "bronze/bronze_texts.sql": table("id, body", (1, f"late {CANARY}"), (2, f"broken {CANARY}")),
    "silver/silver_first.sql": (
        "{{ config(materialized='table') }}\n"
        "select id, {{ ai_classify('body', ['good', 'bad']) }} as topic "
        "from {{ ref('bronze_texts') }}"
    ),
    "silver/silver_second.sql": (
        "{{ config(materialized='table') }}\n"
        "select id, {{ ai_filter('body', 'Is it late?') }} as is_late "
        "from {{ ref('silver_first') }} inner join {{ ref('bronze_texts') }} using (id)"
    ),
}

Build = Callable[[Receiver], Project]


@pytest.fixture
def build(tmp_path: Path, server: FaultServer) -> Build:
    """Build two models that ask, with telemetry to a receiver; it must be green."""

    def run(receiver: Receiver) -> Project:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        headers = {"OTEL_EXPORTER_OTLP_HEADERS": "x-api-key=otlp-canary-9f"}
        project = Project(tmp_path, MODELS, asking(server) | endpoint | headers)
        done = project.dbt("build")
        assert done.code == 0, done.output
        assert "otlp-canary-9f" not in done.output + project.written()
        return project

    return run


def test_a_build_is_a_trace_with_a_span_for_each_node_that_asks(
    build: Build, receiver: Receiver
) -> None:
    """The pack of each model hangs below its node, both below the run of this invocation."""
    project = build(receiver)
    spans = receiver.spans
    ways = sorted(list(walk(spans, span)) for span in named(spans, "chat "))
    (run,) = named(spans, "assay.run")
    ((invocation,),) = project.store_rows("select invocation_id from runs")

    assert ways == [
        ["chat stub", "assay.pack", f"assay.node {node}", "assay.run"]
        for node in ("silver_first", "silver_second")
    ]
    assert attributes(run)["assay.invocation_id"] == invocation
    assert receiver.metrics().keys() >= {"gen_ai.client.operation.duration", "assay.answers"}
    assert not any(
        secret in b"".join(receiver.bodies) for secret in (CANARY.encode(), KEY.encode())
    )


ENDING = """
import sys, time
from pathlib import Path
from assay.engine.session import open_session
from assay.core.events import RunBegun
from assay.core.settings import Settings

settings = Settings(store=Path(sys.argv[1]))
session = open_session(settings)
session.begin("a-run")
print(time.time(), flush=True)
session.close()
"""


def ending(store: Path, **environ: str) -> tuple[float, str]:
    """Seconds from the end of a run to the end of its process, and what that one said."""
    done = subprocess.run(
        [sys.executable, "-c", ENDING, str(store)],
        env={"PATH": ""} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.time() - float(done.stdout), done.stderr


def test_a_process_ends_at_most_two_seconds_later(tmp_path: Path) -> None:
    """Also while an export still waits for a receiver that never answers."""
    without, _ = ending(tmp_path / "store.sqlite")
    with Receiver(hang=30) as hanging:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": hanging.url}
        took, said = ending(tmp_path / "store.sqlite", **endpoint)

    assert hanging.bodies
    assert took - without < 2
    assert said.startswith("assay: telemetry did not arrive")
