"""E01, E10, E24 to E26, E29: what breaks under a run, and what is left standing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.settings import Settings
from assay.core.values import Outcome
from assay.engine.lookup import Resolver
from assay.engine.session import open_session
from assay.faultd import FaultServer
from assay.hosts.duckdb.udfs import Udfs

from ..figures import Figure, figure
from .project import REPOSITORY, Project, asking, kill_group

__all__ = ["figure"]

NewProject = Callable[..., Project]
ROWS, PACK, IN_FLIGHT = 60, 5, 2
CANARY = "row-canary-e01-9f2c"
ASKED = (
    "{{ config(materialized='table') }} select id, "
    "{{ ai_filter('body', 'Is it glad?', detail=true) }} as glad from raw.notes"
)
MODELS = {"silver/asked.sql": ASKED, "gold/counted.sql": "select * from {{ ref('asked') }}"}
LIMITS = {"ASSAY_PACK_RECORDS": str(PACK), "ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT)}


def load(project: Project, *texts: str) -> None:
    """Notes, in a table that no file of dbt quotes."""
    project.load("raw.notes", id=list(range(len(texts))), body=list(texts))


# --- E01: a function that raises


def test_e01_a_run_that_stops_quotes_no_row_and_keeps_the_old_table(
    new_project: NewProject, server: FaultServer
) -> None:
    """Exit 1, what is below is skipped, and the text of the rows is nowhere."""
    project = new_project(MODELS)
    load(project, *(f"note {at}" for at in range(ROWS)))
    assert project.dbt("build", **asking(server)).code == 0
    load(project, *(f"{CANARY} {at}" for at in range(ROWS)))
    run = project.dbt("build", **asking(server, "s401"))
    assert run.code == 1
    assert run.statuses().items() >= {"asked": "error", "counted": "skipped"}.items()
    assert "refused the request for model 'stub' (HTTP 401)" in run.message("asked")
    assert CANARY not in run.output + project.written()
    assert project.rows("select count(*) from gold.counted where glad.status = 'ok'") == [(ROWS,)]


def test_e01_a_row_that_fails_raises_nothing(new_project: NewProject, server: FaultServer) -> None:
    """It has a status, and its text is in no log."""
    project = new_project(MODELS)
    load(project, *(f"note {at}" for at in range(ROWS)), f"POISON {CANARY}")
    run = project.dbt("build", **asking(server, "poison,kind=refuse"))
    assert run.code == 0, run.output
    assert CANARY not in run.output + project.written()
    found = project.rows("select glad.status, count(*) from gold.counted group by 1 order by 1")
    assert found == [("ok", ROWS), ("refused", 1)]


# --- E10: a kill inside a model


def test_e10_after_a_kill_the_next_run_needs_no_hand(
    new_project: NewProject, figure: Figure
) -> None:
    """The old table is whole, no lock is left, and at most what was in flight is bought twice."""
    with FaultServer() as server:
        project = new_project(MODELS, **LIMITS)
        load(project, "an old note")
        assert project.dbt("build", **asking(server)).code == 0
        load(project, *(f"note {at}" for at in range(ROWS)))
        process = project.start("build", **asking(server, "good,wait=0.4"))
        while server.summary()["paid_answers"] < 1 + 2 * PACK:
            assert process.poll() is None
            time.sleep(0.05)
        kill_group(process)
        assert project.rows("select count(*) from gold.counted") == [(1,)]
        run = project.dbt("build", **asking(server))
        bought_twice = server.summary()["paid_more_than_once"]
    assert run.code == 0, run.output
    assert project.rows("select count(*) from gold.counted where glad.status = 'ok'") == [(ROWS,)]
    assert bought_twice <= IN_FLIGHT * PACK
    figure(rows=ROWS, bought_twice=bought_twice, at_most=IN_FLIGHT * PACK)


# --- E24: the store beside the warehouse


def test_e24_the_store_is_read_without_an_extension(
    new_project: NewProject, server: FaultServer
) -> None:
    """Ledger and dead letters are sources of dbt; DuckDB's reader of SQLite is not there."""
    sources = (REPOSITORY / "models/ops/_ops__sources.yml").read_text(encoding="utf-8")
    seen = (
        "-- depends_on: {{ ref('asked') }}\n"
        "select (select count(*) from {{ source('assay_store', 'failures') }}) as failed, "
        "(select sum(answers) from {{ source('assay_store', 'calls') }}) as answered, "
        "(select count(*) from duckdb_functions() where function_name = 'sqlite_scan') as readers"
    )
    models = MODELS | {"ops/_ops__sources.yml": sources, "ops/seen.sql": seen}
    project = new_project(models)
    load(project, *(f"note {at}" for at in range(ROWS)), "POISON")
    run = project.dbt("build", **asking(server, "poison,kind=refuse"))
    assert run.code == 0, run.output
    assert project.rows("from ops.seen") == [(1, ROWS, 0)]


# --- E25: wrong length, wrong type


class _Short(Resolver):
    """Loses the last answer of a chunk."""

    def ask(self, handle: str, texts: Sequence[str | None]) -> list[Outcome]:
        return super().ask(handle, texts)[:-1]


class _Loose(Resolver):
    """Gives a number where JSON is due."""

    def ask(self, handle: str, texts: Sequence[str | None]) -> list[Any]:
        number: Any = 1.5
        return [said._replace(value=number) for said in super().ask(handle, texts)]


@pytest.mark.parametrize(
    ("resolver", "error"),
    [(_Short, "zip\\(\\) argument 2 is shorter"), (_Loose, "got a 'float' object")],
)
def test_e25_a_wrong_length_or_type_fails_the_query(
    tmp_path: Path, resolver: type[Resolver], error: str
) -> None:
    """A row is never shifted or filled up, and 1.5 never becomes the text '1.5'."""
    settings = Settings(store=tmp_path / "store.sqlite")
    call = """assay_ask_value(assay_task('{"kind": "filter", "asked": "Is it glad?"}'), body)"""
    with open_session(settings) as session, duckdb.connect() as connection:
        run = session.begin("a-run")
        Udfs(run, resolver(run._engine, run._state)).register(connection)
        connection.execute("create table notes as select 'note ' || i as body from range(3) r(i)")
        with pytest.raises(duckdb.InvalidInputException, match=error):
            connection.execute(f"select {call} from notes").fetchall()


# --- E26: no room for the table

MOST_BYTES = 6_000_000
BALLAST = (
    "{{ config(materialized='table') }} select id, glad, (select string_agg(md5(id || '-' || i), "
    "'') from range(20000) as r(i)) as ballast from {{ ref('asked') }}"
)


def _little_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))


def test_e26_no_room_keeps_the_old_table_and_the_answers(
    new_project: NewProject, server: FaultServer
) -> None:
    """A file that may not grow, as on a full disk: exit 1; with room again nothing is asked."""
    project = new_project(MODELS | {"gold/counted.sql": BALLAST}, **asking(server))
    load(project, "an old note")
    assert project.dbt("build").code == 0
    load(project, *(f"note {at}" for at in range(ROWS)))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"],
        cwd=project.root,
        env=project._environment({}),
        capture_output=True,
        text=True,
        preexec_fn=_little_room,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert project.rows("select count(*) from gold.counted") == [(1,)]
    sent = len(server.ledger.entries)
    assert project.dbt("build").code == 0
    assert project.rows("select count(*) from gold.counted") == [(ROWS,)]
    assert len(server.ledger.entries) == sent


# --- E29: a plugin that is not there


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("assay.plug", "ModuleNotFoundError: No module named 'assay.plug'"),
        ("broken_plugin", "RuntimeError: half of it is missing"),
    ],
)
def test_e29_a_plugin_that_is_missing_or_broken_is_one_line(
    new_project: NewProject, module: str, reason: str
) -> None:
    """It names the file and what to do; there is no traceback."""
    project = new_project(MODELS)
    (project.root / "broken_plugin.py").write_text("raise RuntimeError('half of it is missing')")
    profiles = project.root / "profiles.yml"
    ours = "- module: assay.plugin"
    both = f"- module: {module}\n        {ours}"
    profiles.write_text(profiles.read_text().replace(ours, both))
    done = subprocess.run(
        [sys.executable, "-m", "assay.cli.main", "build"],
        cwd=project.root,
        env=project._environment({"PYTHONPATH": os.pathsep.join([str(REPOSITORY), "."])}),
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2, said
    (line,) = [line for line in said if reason in line]
    assert line.startswith(f"assay: The plugin {module!r} of profiles.yml cannot be imported")
    assert "Traceback" not in done.stdout + done.stderr
