"""Wrong set-ups and broken surroundings: one clear line, a non-zero exit, nothing sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb
import pytest

from assay.faultd import FaultServer, nobody

from .project import Project, Run, asking, table

MODELS = {
    "bronze/notes.sql": table("id, body", (1, "the tent leaks")),
    "silver/topics.sql": "select id, {{ ai_classify('body', ['good', 'bad'], detail=true) }} as "
    "topic from {{ ref('notes') }}",
}
OPENAI = {
    "ASSAY_PROVIDER": "openai",
    "ASSAY_BASE_URL": "http://127.0.0.1:9/v1",
    "ASSAY_MODEL": "stub",
    "OPENAI_API_KEY": "sk-unused",
}
UNSET = ""
WRONG_SETTINGS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "unknown_variable": ({"ASSAY_MODLE": "x"}, ("'ASSAY_MODLE'", "'ASSAY_MODEL'")),
    "unknown_provider": (
        {"ASSAY_PROVIDER": "claude"},
        ("`ASSAY_PROVIDER`", "'local'", "'openai'", "'replay'"),
    ),
    "not_a_number": ({"ASSAY_MAX_IN_FLIGHT": "many"}, ("`ASSAY_MAX_IN_FLIGHT`", "integer")),
    "out_of_range": ({"ASSAY_MAX_ATTEMPTS": "0"}, ("`ASSAY_MAX_ATTEMPTS`", "1")),
    "no_key": (OPENAI | {"OPENAI_API_KEY": UNSET}, ("`OPENAI_API_KEY`", "not set")),
    "no_model": (OPENAI | {"ASSAY_MODEL": UNSET}, ("`ASSAY_MODEL`", "not set")),
    "plain_http": (
        OPENAI | {"ASSAY_BASE_URL": "http://models.example.com/v1"},
        ("`ASSAY_BASE_URL`", "https"),
    ),
    "a22_sdk_url_only": (
        OPENAI | {"ASSAY_BASE_URL": UNSET, "OPENAI_BASE_URL": "https://elsewhere.example.com/v1"},
        ("`OPENAI_BASE_URL`", "`ASSAY_BASE_URL`"),
    ),
    "store_below_a_file": ({"ASSAY_STORE": "profiles.yml/store.sqlite"}, ("profiles.yml",)),
    "store_in_no_mans_land": ({"ASSAY_STORE": "/proc/assay/store.sqlite"}, ("/proc/assay",)),
}


def has_line(run: Run, *words: str) -> bool:
    """Whether one line of the output has all these words."""
    return any(all(word in line for word in words) for line in run.output.splitlines())


@pytest.fixture(scope="module")
def project(new_project: Callable[..., Project]) -> Project:
    """A project of one row."""
    return new_project(MODELS)


OFTEN = ("unknown_variable", "no_key", "plain_http", "a22_sdk_url_only", "store_below_a_file")
"""Seen through dbt in every run; the model of the settings is tested with all of them."""


@pytest.mark.parametrize(
    "fault",
    [
        fault if fault in OFTEN else pytest.param(fault, marks=pytest.mark.whole)
        for fault in WRONG_SETTINGS
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(project: Project, fault: str) -> None:
    """The line names the setting and what would be right; dbt stops before any model."""
    env, words = WRONG_SETTINGS[fault]
    run = project.dbt("run", **env)
    assert run.code != 0
    assert has_line(run, *words), run.output
    assert "Traceback" not in run.output


def test_an_unknown_key_in_the_profile_names_the_nearest(
    new_project: Callable[..., Project],
) -> None:
    """A typing error in profiles.yml does not pass as a default."""
    project = new_project(MODELS)
    profiles = project.root / "profiles.yml"
    profiles.write_text(profiles.read_text() + "          config: {max_request: 3}\n")
    run = project.dbt("run")
    assert run.code != 0
    assert has_line(run, "'max_request'", "'max_requests'"), run.output
    assert "Traceback" not in run.output


def test_a_profile_without_the_plugin_is_said_by_each_function(
    new_project: Callable[..., Project],
) -> None:
    """Not by DuckDB, which knows no such function; nor by a hook at the end of the run."""
    project = new_project(MODELS)
    profiles = project.root / "profiles.yml"
    profiles.write_text(
        re.sub(r" +plugins:\n( +- module:.*\n +alias:.*\n)", "", profiles.read_text())
    )
    run = project.dbt("run")
    assert run.code == 1
    assert has_line(run, "does not name the plugin. Name it there: `plugins: "), run.output
    assert "Did you mean" not in run.output


def test_a01_an_endpoint_that_is_not_there_stops_the_run(project: Project) -> None:
    """The line names the host and the setting; no row gets a value out of it."""
    env = OPENAI | {"ASSAY_BASE_URL": nobody(), "ASSAY_STORE": "nobody.sqlite"}
    run = project.dbt("run", **env, ASSAY_MAX_ATTEMPTS="1")
    assert run.code == 1
    assert has_line(run, env["ASSAY_BASE_URL"], "`ASSAY_BASE_URL`"), run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("scenario", "words"),
    [("s401", ("401",)), ("s429quota", ("quota",))],
)
def test_a15_b03_an_endpoint_that_will_never_answer_stops_the_run(
    project: Project, server: FaultServer, scenario: str, words: tuple[str, ...]
) -> None:
    """One request, one line, exit code 1."""
    server.reset()
    run = project.dbt("run", **asking(server, scenario), ASSAY_STORE=f"{scenario}.sqlite")
    assert run.code == 1
    assert has_line(run, *words), run.output
    assert "Traceback" not in run.output
    assert server.summary()["requests"] == 1


def test_replay_with_a_miss_says_what_to_record(project: Project) -> None:
    """An empty store and nobody to ask."""
    run = project.dbt("run", ASSAY_PROVIDER="replay", ASSAY_STORE="empty.sqlite")
    assert run.code == 1
    assert has_line(run, "no answer", "ai_classify", "`ASSAY_PROVIDER=replay`"), run.output
    assert "Traceback" not in run.output


def test_e11_nothing_is_sent_while_another_process_holds_the_warehouse(
    project: Project, server: FaultServer
) -> None:
    """Who cannot write the answer down does not ask for it."""
    server.reset()
    with duckdb.connect(str(project.warehouse)):
        run = project.dbt("run", **asking(server), ASSAY_STORE="locked.sqlite")
    assert run.code != 0
    assert has_line(run, "lock", "warehouse.duckdb"), run.output
    assert server.summary()["requests"] == 0
