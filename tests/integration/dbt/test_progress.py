"""How far a run is: on a terminal in one line that gives way, and counted in the store."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest

from assay.faultd import FaultServer
from assay.faultd.latency import Latency
from assay.hosts.dbt.progress import ERASE

from .conftest import NewProject
from .project import Project, asking

MODEL = (
    "{{ config(materialized='table') }}\n"
    "select i as id, {{ ai_classify(\"'text ' || (i % 30)\", ['x', 'y']) }} as label "
    "from range(90) as r(i)"
)


@pytest.fixture(scope="module")
def slow() -> Iterator[FaultServer]:
    """Each request takes two thirds of a second."""
    with FaultServer(latency=Latency(median=0.66, sigma=0.0)) as running:
        yield running


@pytest.fixture
def project(new_project: NewProject, slow: FaultServer) -> Project:
    """One model of 30 texts, which leave in three requests, one after the other."""
    one_by_one = {"ASSAY_MAX_IN_FLIGHT": "1", "ASSAY_PACK_RECORDS": "10"}
    return new_project({"labelled.sql": MODEL}, **asking(slow, **one_by_one))


def test_on_a_terminal_one_line_says_how_far_the_run_is(project: Project) -> None:
    """It is cleared before dbt writes a line, and none is left at the end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.hosts.dbt.child", "--no-use-colors", "build"],
        cwd=project.root,
        env=project._environment({}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = _read(ours)
    assert process.wait() == 0
    shown = [part for part in screen.split(ERASE) if part.startswith("assay: ")]
    assert any("1 in flight" in part for part in shown)
    assert all("\n" not in part for part in shown)


def test_elsewhere_nothing_is_rewritten(project: Project) -> None:
    """A short run in CI says nothing, to the very end; its log has no control characters."""
    run = project.dbt("build")
    assert run.code == 0
    assert "nanobind" not in run.output
    assert ERASE not in run.output
    assert "assay: " not in run.output


def test_what_a_run_served_is_counted(project: Project) -> None:
    """Rows of each question, and those that were stored: in the second run all."""
    project.dbt("build")
    project.dbt("build")
    counted = project.store_rows(
        "select kind, row_count, stored from served join runs using (invocation_id) "
        "order by started_at"
    )
    assert counted == [("classify", 90, 0), ("classify", 90, 90)]


def _read(terminal: int) -> str:
    """Return all that is written to a terminal until nobody has it open any more."""
    seen = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(terminal)
    return seen.decode()
