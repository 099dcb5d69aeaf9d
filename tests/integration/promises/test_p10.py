"""Promise 10: running again changes nothing and costs nothing."""

from __future__ import annotations

from pathlib import Path

from assay.faultd import FaultServer

from ..dbt.project import Project
from ..figures import Figure
from .test_p06 import make, state

RECORDS = 240


def test_p10_running_again_costs_nothing(tmp_path: Path, figure: Figure) -> None:
    """Again, with --full-refresh, under another hash seed, into another warehouse: 0 requests.

    The rows are the same each time, and also those of 8 threads on a fresh store.
    """
    with FaultServer() as server:
        project = make(tmp_path / "first", server, RECORDS)
        assert project.dbt("build", "--threads", "1", PYTHONHASHSEED="1").code == 0
        bought, before = len(server.ledger.entries), state(project)
        again = {
            "again": project.dbt("build"),
            "full refresh": project.dbt("build", "--full-refresh", "--threads", "8"),
            "other hash seed": project.dbt("build", PYTHONHASHSEED="2"),
            "seed loaded anew": project.dbt("seed", "--full-refresh"),
            "another warehouse": project.dbt("build", ASSAY_DATABASE="other.duckdb"),
        }
        sent = len(server.ledger.entries) - bought
        other = Project(project.root, {}, project.env | {"ASSAY_DATABASE": "other.duckdb"})
        fresh = make(tmp_path / "second", server, RECORDS)
        assert fresh.dbt("build", "--threads", "8", PYTHONHASHSEED="3").code == 0
    assert {name for name, run in again.items() if run.code} == set()
    assert (sent, state(project), state(other), state(fresh)) == (0, before, before, before)
    figure(runs=len(again), requests=sent, state="equal", requests_of_the_first=bought)
