"""F09, F13: what a build with gates leaves behind and whom it tells: nobody, nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..dbt.project import REPOSITORY, Project, Run
from ..figures import Figure
from ..traced import dbt_traced, needs_strace
from .story import CANARY, MODELS, load_notes, put_gates, put_good_suites

TEST = """
models:
  - name: topics
    columns:
      - name: topic
        data_tests:
          - ai_labels_in: {arguments: {labels: [tent, boot], value: topic.value}}
"""
SAID_BY_US = ("DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "GX_ANALYTICS_ENABLED")
"""Variables that switch telemetry off; the shipped files must do without them."""


def three_layers(root: Path, *labels: str | None) -> Project:
    """The story's project over notes with these labels."""
    root.mkdir()
    project = Project(root, MODELS)
    put_gates(project)
    put_good_suites(project)
    load_notes(project, *labels)
    return project


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    """A run that failed, was asked to keep what failed, and told everything it could."""
    project = three_layers(tmp_path_factory.mktemp("f09") / "p", *["tent"] * 9, CANARY)
    project.write("silver/topics.yml", TEST)
    return project, project.dbt("--debug", "build", "--store-failures")


def test_f09_rows_that_fail_a_test_are_in_no_output(failed: tuple[Project, Run]) -> None:
    """A test fails on the canary; output, log, artifacts and pages do not name it."""
    project, run = failed
    red = [name for name, status in run.statuses().items() if status == "fail"]
    assert len(red) == 1, run.output
    assert CANARY not in run.output + project.written()
    assert CANARY.encode() not in project.store.read_bytes()


def test_f09_rows_that_fail_a_test_are_copied_nowhere(failed: tuple[Project, Run]) -> None:
    """Not even with `--store-failures`: the project says no for all tests."""
    project, _ = failed
    schemas = project.rows("select distinct schema_name from duckdb_tables()")
    assert [name for (name,) in schemas if "audit" in name] == []
    holders = [
        name
        for (name,) in project.rows("select schema_name || '.' || table_name from duckdb_tables()")
        if project.rows(f"select 1 from {name} as t where cast(t as varchar) like '%{CANARY}%'")
    ]
    assert set(holders) == {"raw.notes", "silver.topics"}


@needs_strace
def test_f13_a_build_as_shipped_speaks_to_nobody(tmp_path: Path, figure: Figure) -> None:
    """dbt and Great Expectations, no variable set: no connection, no name looked up."""
    project = three_layers(tmp_path / "p", *["tent"] * 9, "boot")
    run = dbt_traced(project, "build", without=SAID_BY_US)
    assert run.code == 0, run.output
    assert "gate_gold" in run.output
    assert run.hosts == set()
    assert run.name_lookups == 0
    figure(hosts=0, name_lookups=0, programs=sorted(run.programs))


def test_f13_telemetry_is_off_in_what_we_ship() -> None:
    """In the project's own flags, which need no environment."""
    assert "send_anonymous_usage_stats: false" in (REPOSITORY / "dbt_project.yml").read_text()
