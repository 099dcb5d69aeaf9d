"""How far a run is: on a terminal in one line that gives way, and counted in the store."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
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


def _on_a_terminal(project: Project, *words: str, columns: int = 100) -> tuple[int, str]:
    """Run Python with these words on a terminal; return its exit code and all that was written."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=project.root,
        env=project._environment({}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = _read(ours)
    return process.wait(), screen.replace("\r\n", "\n")


def _stays(screen: str) -> str:
    """What is left on the screen once each line that was rewritten is cleared."""
    return re.sub(rf"[^\n]*{re.escape(ERASE)}", "", screen)


def test_under_plain_dbt_one_line_says_how_far_the_run_is(project: Project) -> None:
    """It is cleared before dbt writes a line, and none is left at the end."""
    child = ("assay.hosts.dbt.child", "--no-use-colors", "build")
    code, screen = _on_a_terminal(project, *child)
    assert code == 0
    shown = [part for part in screen.split(ERASE) if part.startswith("assay: ")]
    assert any("assay: labelled · " in part and " of 30 answers" in part for part in shown)
    assert all("\n" not in part for part in shown)
    assert "OK created sql table model" in _stays(screen)


def test_a_build_shows_a_line_and_its_summary(project: Project) -> None:
    """Of all nodes, with who asks; dbt's own lines are in its log and nowhere else."""
    code, screen = _on_a_terminal(project, "assay", "build", columns=80)
    shown = [part for part in screen.split(ERASE) if " of 30 answers" in part]
    assert any(part.startswith("0 of 1 · labelled · ") for part in shown)
    assert all(len(part) < 80 and "\n" not in part for part in shown)
    left = _stays(screen)
    assert (code, "Traceback" in left, "START" in left) == (0, False, False)
    assert re.search(r"^Built   1 model and 0 seeds", left, re.M)
    assert "Done" in left
    assert "To do" in left
    assert left.count("\n") <= 25
    assert "START sql table model" in (project.root / "logs" / "dbt.log").read_text()


def test_a_failure_is_told_as_it_happens(project: Project) -> None:
    """Once, with what the database says of it, without colour in a pipe; others go on."""
    project.write("broken.sql", "select nosuch from {{ ref('labelled') }}")
    done = project.run("assay.cli.main", "build", env={"GITHUB_STEP_SUMMARY": "summary.md"})
    assert done.code == 1
    assert "\x1b" not in done.out
    assert re.search(r"^Error   broken \(models/broken.sql\)\n  Binder Error: ", done.out, re.M)
    assert done.out.count("Binder Error") == 1
    assert re.search(r"^models +2 models, 1 error, \d+ s$", done.out, re.M)
    assert "Red     broken errored, as said above. Correct models/broken.sql." in done.out
    summary = (project.root / "summary.md").read_text()
    assert "- **Red** broken errored" in summary


def test_verbose_shows_what_dbt_says(project: Project) -> None:
    """And so does whoever asks dbt for another output."""
    for words, said in (("--verbose",), "START sql table"), (("--log-format", "json"), '"info"'):
        assert said in project.run("assay.cli.main", "build", *words, env={}).out


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
