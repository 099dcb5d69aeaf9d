"""Sets of labels: where they may stand, who sees a change, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from assay.faultd import FaultServer

from .conftest import NewProject
from .project import Project, asking

MOODS = {"mood": {"glad": "praise", "cross": "complaints"}}
ASKED = (
    "{{ config(materialized='table') }} "
    "select body, {{ ai_classify('body', 'mood') }} as mood from {{ ref('notes') }}"
)
ACCEPTED = {"ai_labels_in": {"arguments": {"labels": "mood"}}}
CHECKED = [{"name": "mood", "data_tests": [ACCEPTED]}]
MODELS = {
    "bronze/notes.sql": "select 'lovely' as body",
    "silver/asked.sql": ASKED,
    "silver/asked.yml": json.dumps({"models": [{"name": "asked", "columns": CHECKED}]}),
    "silver/shown.sql": "{{ config(materialized='table') }} select 'glad' as mood",
    "silver/shown.yml": json.dumps({"models": [{"name": "shown", "columns": CHECKED}]}),
}


@pytest.fixture
def project(new_project: NewProject, server: FaultServer) -> Project:
    """A model that asks for a label of a set, and a test of its labels."""
    project = new_project(MODELS, **asking(server))
    project.set_sets(labels=MOODS)
    return project


def manifest(project: Project) -> dict[str, Any]:
    """What dbt knows of the project."""
    found: dict[str, Any] = json.loads((project.root / "target" / "manifest.json").read_text())
    return found


def parsed_at(project: Project) -> dict[str, float]:
    """When dbt parsed each node, by its name."""
    return {node["name"]: node["created_at"] for node in manifest(project)["nodes"].values()}


def test_a_change_of_a_label_parses_only_what_uses_it(project: Project) -> None:
    """The model and its tests, and no test of another; `state:modified` sees the model, too."""
    assert project.dbt("compile").code == 0
    before = parsed_at(project)
    shutil.copytree(project.root / "target", project.root / "before")
    project.set_sets(labels={"mood": MOODS["mood"] | {"cross": "anger"}})
    assert project.dbt("compile").code == 0
    after = parsed_at(project)
    modified = project.dbt("ls", "--select", "state:modified.macros", "--state", "before")

    anew = {name.removesuffix("_mood__mood") for name in after if after[name] != before[name]}
    assert anew == {"asked", "ai_labels_in_asked"}
    assert "assay.silver.asked\n" in modified.output
    assert "assay.bronze.notes" not in modified.output


def test_a_change_of_a_label_is_asked(project: Project, server: FaultServer) -> None:
    """The next build offers the new labels, and a test that was not parsed anew knows them."""
    assert project.dbt("build").code == 0
    project.set_sets(labels={"mood": ["calm", "wild"]})
    server.reset()
    statuses = project.dbt("build").statuses()
    assert statuses["ai_labels_in_shown_mood__mood"] == "fail"
    assert statuses["ai_labels_in_asked_mood__mood"] == "pass"
    assert project.rows("select mood in ('calm', 'wild') from silver.asked") == [(True,)]
    assert server.summary()["requests"] == 1


def test_sets_of_the_project_file_count_as_well(project: Project) -> None:
    """A set under `vars:` beside those of the macro: both are there."""
    project.set_variables(ai_labels={"size": ["small", "large"]})
    project.write("silver/asked.sql", ASKED.replace("'mood'", "'size'"))
    run = project.dbt("compile")
    assert run.code == 0, run.output


Wrong = Callable[[Project], None]


def text_of(labels: str) -> Wrong:
    """Give the macro another text."""

    def write(project: Project) -> None:
        path = project.root / "macros/shop/ai_labels.sql"
        path.write_text(f"{{% macro ai_labels() %}}\n{labels}\n{{% endmacro %}}\n")

    return write


YAML = 'ai_classify: wrong `macro` "ai_labels"; its text must be YAML that maps the name'
WRONG: dict[str, tuple[Wrong, str]] = {
    "unknown": (
        text_of("size: [small, large]\ntone: [warm, cold]"),
        'ai_classify: wrong `labels` "mood"; no such set; there are: size, tone; correct the '
        "name, or add the set to the macro `ai_labels`.",
    ),
    "none": (text_of(""), "no such set; there are: none; correct the name"),
    "twice": (
        lambda project: project.set_variables(ai_labels=MOODS),
        'ai_classify: wrong `ai_labels` "mood"; the set is in the macro `ai_labels` and under '
        "`vars: ai_labels:` in dbt_project.yml; keep the one in the macro.",
    ),
    "no mapping": (text_of("- mood"), YAML),
    "text": (text_of("mood"), YAML),
    "no YAML": (text_of("mood: [glad"), YAML),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_stops_the_parse_and_says_what_to_do(project: Project, case: str) -> None:
    """One line, with the macro and what there is."""
    spoil, said = WRONG[case]
    spoil(project)
    run = project.dbt("parse")
    assert run.code == 2
    assert said in " ".join(run.output.split())
    assert "Traceback" not in run.output
