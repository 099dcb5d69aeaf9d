"""Promise 8: only named columns leave, only to the named host; keys and texts stay out of logs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assay.engine.smallest import SMALL_TEXT
from assay.faultd import FaultServer

from ..dbt.project import KEY, Project, Run, asking
from ..figures import Figure
from ..traced import dbt_traced, needs_strace

NAMED = "row-canary-91c2 the tent leaks"
UNNAMED = "unnamed-canary-55e0"
CANARIES = (KEY, KEY.removeprefix("sk-"), "row-canary-91c2", UNNAMED)
MODEL = """\
select
    id,
    {{ ai_classify('body', ['good', 'bad'], detail=true) }} as topic

from {{ ref('notes') }}
"""
RUNS = {
    "good": ("--debug",),
    "echo": ("--debug",),
    "echo,status=500": ("--debug",),
    "s401": ("--debug",),
    "badlabel": (),
}
"""Scenario of the server, and flags of dbt: runs that succeed, fail rows, and fail."""


def make(root: Path, server: FaultServer, scenario: str) -> Project:
    """A project over one row: a column that is named, and one that is not."""
    root.mkdir()
    once = {"ASSAY_MAX_ATTEMPTS": "1", "ASSAY_OUTAGE_SECONDS": "1"}
    project = Project(root, {"silver/topics.sql": MODEL}, asking(server, scenario, **once))
    project.write("bronze/notes.sql", "select * from raw.notes")
    project.load("raw.notes", id=[1], body=[NAMED], iban=[UNNAMED])
    return project


def leaks(project: Project, run: Run) -> dict[str, int]:
    """How often each canary stands where it must not: output, logs, artifacts, store."""
    kept = [path for path in project.store.parent.rglob("*") if path.is_file()]
    stored = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in kept)
    sight = run.output + project.written() + stored
    warehouse = project.warehouse.read_bytes().decode("latin-1")
    found = {canary: sight.count(canary) for canary in CANARIES}
    found[KEY] += warehouse.count(KEY)
    return found


def test_p08_canaries_stay_where_they_belong(tmp_path: Path, figure: Figure) -> None:
    """In runs that succeed and fail, with and without --debug: no canary in sight, or sent."""
    total: dict[str, int] = dict.fromkeys(CANARIES, 0)
    with FaultServer(keep_texts=True) as server, ThreadPoolExecutor(2) as pool:

        def leaked(scenario: str) -> dict[str, int]:
            project = make(tmp_path / scenario, server, scenario)
            return leaks(project, project.dbt(*RUNS[scenario], "run"))

        for found in pool.map(leaked, RUNS):
            for canary, count in found.items():
                total[canary] += count
        sent = {text for entry in server.ledger.entries for text in entry.texts}
        requests, sink = len(server.ledger.entries), server.sink["sink_bytes"]
    assert total == dict.fromkeys(CANARIES, 0)
    assert sent - {SMALL_TEXT} == {NAMED}
    assert requests >= len(RUNS)
    assert sink == 0
    figure(runs=len(RUNS), requests=requests, canaries_found=0, sink_bytes=sink)


@needs_strace
def test_p08_a_build_speaks_to_the_loopback_only(tmp_path: Path, figure: Figure) -> None:
    """Every connect of dbt and all its children, as the kernel saw it."""
    with FaultServer() as server:
        project = make(tmp_path / "traced", server, "redir307x")
        run = dbt_traced(project, "run")
        sink = server.sink
    assert run.code == 1
    assert run.hosts <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in run.hosts
    assert sink == {"sink_connections": 0, "sink_bytes": 0}
    figure(hosts=sorted(run.hosts), sink_bytes=0)
