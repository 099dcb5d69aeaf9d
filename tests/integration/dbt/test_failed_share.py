"""A run whose rows fail is red, in plain dbt and without any gate: whichever way they fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assay.faultd import FaultServer

from .project import Project, Run, asking, table

KIND = {"ASSAY_STORE": "refusals.sqlite"}
MANY = 20


def incremental(source: str) -> str:
    """A model that asks about what is due."""
    return (
        "{{ config(materialized='incremental', unique_key='id') }}\n"
        "{%- set yes = ai_filter('body', 'Is it so?', detail=true) %}\n"
        f"select id, {{{{ yes }}}} as yes from {{{{ ref('{source}') }}}} "
        "where {{ ai_due('id', {'yes': yes}) }}"
    )


MODELS = {
    "bronze/few_notes.sql": table("id, body", (1, "good"), (2, "bad"), (3, "POISON")),
    "bronze/many_notes.sql": table(
        "id, body", *((at, "POISON" if at < 2 else f"note {at}") for at in range(MANY))
    ),
    "bronze/no_notes.sql": table("id, body", (1, ""), (2, " ")),
    "silver/few.sql": "select id, {{ ai_classify('body', ['good', 'bad']) }} as topic "
    "from {{ ref('few_notes') }}",
    "silver/many.sql": incremental("many_notes"),
    "silver/none.sql": "select id, {{ ai_summarize('body', max_words=7) }} as gist "
    "from {{ ref('no_notes') }}",
}
FEW = "few.topic: 1 of 3 rows has no answer (33.3%, at most 20.0% may): 1 refused, most say: "


@pytest.fixture(scope="module")
def project(new_project: Callable[..., Project]) -> Project:
    """Three models without a test: of three rows one fails, of twenty two, and blank ones."""
    return new_project(MODELS)


@pytest.fixture(scope="module")
def first(project: Project, server: FaultServer) -> Run:
    """The first build, by dbt itself."""
    return project.dbt("build", **asking(server, "refusetext"), **KIND)


def test_a_run_in_which_too_much_fails_is_red(first: Run) -> None:
    """One of three is a third; two of twenty are not too many, and blank rows are none."""
    assert first.code == 1, first.output
    assert FEW in first.output
    assert first.statuses()["few"] == "success"
    assert "many.yes" not in first.output
    assert "none.gist" not in first.output
    assert "Traceback" not in first.output


def test_the_rows_stay_as_they_are(first: Run, project: Project) -> None:
    """What was answered is there; a red run rolls nothing back."""
    assert project.rows("select count(topic) from silver.few") == [(2,)]
    assert project.rows("select count(*) from silver.many where yes.status = 'ok'") == [(18,)]


def test_one_switches_it_off(first: Run, project: Project, server: FaultServer) -> None:
    """Rows that failed before and are served as failures count as much as fresh ones."""
    env = asking(server, "refusetext") | KIND
    assert project.dbt("build", **env, ASSAY_MAX_FAILED_SHARE="1").code == 0
    again = project.dbt("build", **env)
    assert again.code == 1
    assert FEW in again.output


def test_rows_that_stay_in_their_table_count(
    first: Run, project: Project, server: FaultServer
) -> None:
    """Nothing is due: two dead rows among eighteen that are answered, not two of two."""
    env = asking(server, "refusetext") | KIND
    assert project.dbt("build", "--select", "many", **env).code == 0
    stricter = project.dbt("build", "--select", "many", **env, ASSAY_MAX_FAILED_SHARE="0.05")
    assert stricter.code == 1
    assert "many.yes: 2 of 20 rows have no answer (10.0%, at most 5.0% may)" in stricter.output
    assert "`./scripts/assay dead-letters replay`" in stricter.output


def test_too_long_texts_fail_without_a_request(project: Project) -> None:
    """With the embedded provider, too."""
    env = {"ASSAY_MAX_TEXT_TOKENS": "1", "ASSAY_STORE": "long.sqlite"}
    run = project.dbt("build", "--full-refresh", "--select", "few", "many", **env)
    assert run.code == 1
    assert "20 of 20 rows have no answer (100.0%, at most 20.0% may): 20 too_long" in run.output


def test_what_a_budget_keeps_back_has_not_failed(project: Project, server: FaultServer) -> None:
    """Not attempted is an end of its own."""
    env = asking(server) | {"ASSAY_STORE": "budget.sqlite", "ASSAY_PACK_RECORDS": "1"}
    wall = {"ASSAY_MAX_REQUESTS": "3", "ASSAY_OVER_BUDGET": "spend"}
    run = project.dbt("build", "--full-refresh", "--select", "+many", **env, **wall)
    assert "have no answer" not in run.output
    answered = "select count(*) from silver.many where yes.status = 'ok'"
    assert project.rows(answered) == [(4,)]  # of three texts one is that of two rows
