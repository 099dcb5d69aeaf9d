"""Whatever dbt runs may ask: plan, budget, spend, explain and prune see all of it, by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from assay.faultd import FaultServer

from ..gates.assay_line import Said, assay
from .project import Project, asking

NewProject = Callable[..., Project]

MODELS = {
    "bronze/notes.sql": "{{ config(materialized='view') }} select * from bronze.raw_notes",
    "silver/ver_v1.sql": "select id, {{ ai_classify('body', ['a', 'b']) }} as topic "
    "from {{ ref('notes') }}",
    "silver/ver_v2.sql": "select id, {{ ai_classify('body', ['a', 'c']) }} as topic "
    "from {{ ref('notes') }}",
    "silver/tested.sql": "select id, coalesce({{ glad('body') }}, true) is not null as is_told "
    "from {{ ref('notes') }}",
    "silver/hooked.sql": "{{ config(materialized='table', post_hook=[\"insert into {{ this }} "
    "select 100 + id, {{ ai_filter('body', 'hooked?') }} from {{ ref('notes') }}\"]) }} "
    "select id, null::boolean as is_so from {{ ref('notes') }}",
    "silver/headed.sql": "{{ config(materialized='table', sql_header='create or replace temp "
    "table headed as select ' ~ ai_filter(\"'{{ header }}'\", 'headed?') ~ ' as is_so;') }} "
    "select * from headed",
    "silver/inner_mood.sql": "{{ config(materialized='ephemeral') }} "
    "select id, {{ ai_sentiment('body') }} as mood from {{ ref('notes') }}",
    "silver/moods.sql": "{{ config(materialized='table') }} select * from {{ ref('inner_mood') }}",
    "silver/unread.sql": "{{ config(materialized='ephemeral') }} "
    "select {{ ai_sentiment('body', instructions='unread') }} as mood from {{ ref('notes') }}",
    "models.yml": """
models:
  - name: ver
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
  - name: notes
    data_tests:
      - holds:
          arguments:
            expression: "coalesce({{ ai_filter('body', 'generic?') }}, true) in (true, false)"
unit_tests:
  - name: two_texts
    model: tested
    given:
      - input: ref('notes')
        rows: [{id: 1, body: unit text one}, {id: 2, body: unit text two}]
    expect:
      rows: [{id: 1, is_told: true}, {id: 2, is_told: true}]
  - name: ids_only
    model: tested
    given:
      - input: ref('notes')
        rows: [{id: 3, body: nobody asks about this}]
    expect:
      rows: [{id: 3}]
""",
}
OTHERS = {
    "snapshots/kept.sql": "{% snapshot kept %} {{ config(unique_key='id', strategy='check', "
    "check_cols=['body'], target_schema='snap') }} select id, body, "
    "{{ ai_classify('body', ['leak', 'praise']) }} as label from {{ ref('notes') }} "
    "{% endsnapshot %}",
    "tests/dbt/nothing_awful.sql": "select id from {{ ref('notes') }} "
    "where {{ ai_sentiment('body', instructions='of the shop') }} < -2",
    "tests/dbt/generic/holds.sql": "{% test holds(model, expression) %} select * from {{ model }} "
    "where not ({{ expression }}) {% endtest %}",
    "macros/glad.sql": "{% macro glad(text) %}{{ ai_filter(text, 'Is it glad?') }}{% endmacro %}",
}
NAMED = {
    *(
        "ver.v1",
        "ver.v2",
        "tested",
        "hooked (post-hook)",
        "headed (header)",
        "moods",
        "kept",
        "nothing_awful",
    ),
    *(
        "holds_notes_coalesce_ai_filter_body_generic_true_in_true_false_",
        "two_texts",
        "ids_only",
        "assay-on-run-start-0",
    ),
}
TEXTS = [f"tent {at}" for at in range(5)]


def with_others(project: Project) -> Project:
    """Write what is no model, and a hook of the run."""
    for path, text in OTHERS.items():
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text(text)
    settings = yaml.safe_load((project.root / "dbt_project.yml").read_text())
    settings["on-run-start"] = "select {{ ai_filter(\"'began'\", 'start?') }}"
    (project.root / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    project.load("bronze.raw_notes", id=range(5), body=TEXTS)
    return project


@dataclass(frozen=True)
class Walked:
    """A project that was planned, refused, built, looked at and built in part."""

    project: Project
    plan: dict[str, Any]
    one: dict[str, Any]
    refused: Said
    asked_when_refused: int
    bill: dict[str, Any]
    runs: list[int]
    spent: list[list[str]]
    explained: list[Said]
    pruned: list[Said]
    asked_again: int


@pytest.fixture(scope="module")
def walked(new_project: NewProject) -> Walked:
    """The whole day of a project in which everything asks."""
    with FaultServer() as server:
        project = with_others(new_project(MODELS, **asking(server), ASSAY_THREADS="1"))
        assert project.dbt("run", "--select", "notes").code == 0
        server.reset()
        plan = assay(project, "plan", "--json").json
        one = assay(project, "plan", "--select", "ver.v1", "--json").json
        refused = assay(project, "build", ASSAY_MAX_REQUESTS="3")
        asked = server.summary()["requests"]
        built = project.dbt("build")
        assert built.statuses()["kept"] == "success", built.output
        bill, runs = server.summary(), [runs_of(project)]
        for looking in (
            ("compile",),
            ("docs", "generate"),
            ("list",),
            ("show", "--select", "ver.v1"),
        ):
            assert project.dbt(*looking).code == 0
        runs.append(runs_of(project))
        spent, explained = (
            [columns(project)],
            [assay(project, "explain", "snap.kept", "--where", "id=1")],
        )
        assert project.dbt("build", "--select", "notes", "--resource-type", "model").code == 0
        spent.append(columns(project))
        rows = ("snap.kept", "silver.ver_v2", "silver.moods")
        explained += [assay(project, "explain", row, "--where", "id = 1") for row in rows]
        pruned = [assay(project, "prune", "--not-in-project", "--yes", "--json")]
        before = server.summary()["requests"]
        assert project.dbt("build", "--full-refresh").code == 0
        again = server.summary()["requests"] - before
        (project.root / "models/silver/moods.sql").unlink()
        project.write("silver/inner_mood.sql", "{{ config(materialized='ephemeral') }} select 1")
        pruned.append(assay(project, "prune", "--not-in-project", "--yes", "--json"))
        project.write("silver/tested.sql", "select {{ glad('body') }} as f, {{ no_such() }}")
        pruned.append(assay(project, "prune", "--not-in-project", "--yes"))
    return Walked(project, plan, one, refused, asked, bill, runs, spent, explained, pruned, again)


def runs_of(project: Project) -> int:
    """How many runs are on record."""
    return int(project.store_rows("select count(*) from runs")[0][0])


def columns(project: Project) -> list[str]:
    """Whose money it was."""
    return [
        line["column"]
        for line in assay(project, "spend", "--by", "column", "--json").json["lines"]
    ]


def test_a_plan_counts_all_that_a_build_asks(walked: Walked) -> None:
    """Snapshot, tests, unit test, hooks and both versions; an ephemeral model where it is read."""
    assert {*walked.plan} == NAMED | {"total"}
    assert {name: one["asks"] for name, one in walked.plan.items() if one["asks"] != 5} == {
        "two_texts": 2,
        "ids_only": 0,
        "assay-on-run-start-0": 1,
        "headed (header)": 1,
        "total": 44,
    }
    assert not any(one["at_least"] for one in walked.plan.values())
    assert walked.plan["total"]["asks"] - walked.plan["total"]["stored"] == 43
    assert walked.bill["paid_answers"] == 43
    assert walked.plan["total"]["requests"] <= walked.bill["requests"]


def test_a_plan_of_one_version_is_of_that_one(walked: Walked) -> None:
    """With the hook of the run, which every build has."""
    assert {*walked.one} == {"ver.v1", "assay-on-run-start-0", "total"}


def test_a_build_that_needs_more_than_its_budget_is_refused(walked: Walked) -> None:
    """Before anything is sent."""
    assert (walked.refused.code, walked.asked_when_refused) == (3, 0), walked.refused


def test_looking_leaves_no_run_behind(walked: Walked) -> None:
    """The plan before the build is none, either."""
    before, after = walked.runs
    assert (before, after) == (2, 2)


def test_money_is_told_by_column_also_after_a_partial_build(walked: Walked) -> None:
    """Nothing is "not in the project"."""
    whole, partial = walked.spent
    assert whole == partial
    named = {name for names in whole for name in names.split(" + ")}
    assert {"kept.label", "ver.v1.topic", "ver.v2.topic", "tested.is_told", "moods.mood"} < named
    assert {"hooked (hook)", "nothing_awful", "two_texts.is_told"} < named
    assert not [name for name in whole if "not in the project" in name]


def test_rows_are_explained_also_after_a_partial_build(walked: Walked) -> None:
    """Of a snapshot, of the right version, and through an ephemeral model."""
    assert [one.code for one in walked.explained] == [0, 0, 0, 0], walked.explained
    first, *_ = (one.out for one in walked.explained)
    assert "kept.label" in first
    for one, name in zip(
        walked.explained[1:], ("kept.label", "ver.v2.topic", "mood"), strict=True
    ):
        assert name in one.out
        assert "answered" in one.out


def test_prune_drops_what_nobody_asks_and_nothing_else(walked: Walked) -> None:
    """What cannot be compiled stops it, by name."""
    nothing, moods, stopped = walked.pruned
    assert (nothing.code, nothing.json["removed"]) == (0, {})
    assert walked.asked_again == 0
    assert [one["kind"] for one in moods.json["questions"]] == ["sentiment"]
    assert (stopped.code, "tested" in stopped.err) == (2, True)
