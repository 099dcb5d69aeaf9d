"""A build that asks by the file: it ends, its rows wait, gold stays; the next one has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assay.faultd import FaultServer

from .project import Project, asking, table

ROWS = 24
MODELS = {
    "bronze/bronze_notes.sql": table("id, body", *((at, f"note {at}") for at in range(ROWS))),
    "silver/silver_notes.sql": (
        "{{ config(materialized='incremental', unique_key='id') }}\n"
        "{%- set topic = ai_classify('body', ['good', 'bad'], detail=true) %}\n"
        "select id, {{ topic }} as topic from {{ ref('bronze_notes') }} "
        "where {{ ai_due('id', {'topic': topic}) }}"
    ),
    "silver/silver_notes.yml": """
models:
  - name: silver_notes
    data_tests:
      - rows_accounted: {arguments: {compare_to: ref('bronze_notes'), key: id, answers: [topic]}}
      - expression_is_true: {arguments: {expression: "topic.status = 'ok'"}}
    columns:
      - name: topic
        data_tests: [ai_answered]
""",
    "gold/gold_notes.yml": """
models:
  - name: gold_notes
    columns:
      - name: topic
        data_tests: [not_null]
""",
    "gold/gold_notes.sql": "select topic.value as topic, count(*) as notes "
    "from {{ ref('silver_notes') }} where topic.status = 'ok' group by 1",
}


@pytest.fixture(scope="module")
def batches() -> Iterator[FaultServer]:
    """A server whose batches take an hour of its clock."""
    with FaultServer(batches="hours=1") as running:
        yield running


@pytest.fixture(scope="module")
def builds(new_project: Callable[..., Project], batches: FaultServer) -> tuple[Project, list[Any]]:
    """A build, another one an hour later, and a look at the batches after each."""
    project, done = new_project(MODELS), []
    env = asking(batches, ASSAY_BATCH="on")
    for _ in range(2):
        done += [
            project.run("assay", "build", env=env),
            project.run("assay", "batch", "status", env=env),
        ]
        batches.pass_time(hours=1)
    lines = [
        ("batch", "harvest"),
        ("batch", "cancel", "abcd"),
        ("batch", "cancel", "--all"),
        ("ask", "classify", "--labels", "good,bad", "another note"),
    ]
    done += [project.run("assay", *words, env=env) for words in lines]
    return project, done


def test_a_build_ends_with_rows_pending(builds: tuple[Project, list[Any]]) -> None:
    """With exit code 0 and a line for people; what is checked below them is not red, nor gold."""
    first, status = builds[1][:2]
    assert first.code == 0, first.out + first.err
    assert f"{ROWS} rows wait for 1 batch, the oldest until " in first.out
    asked = "Asked   1 request, to see whether it is served; what is new waits for a batch"
    assert asked in first.out
    assert "Not ready: silver_notes.topic: 24 rows of 24 wait for a batch" in first.out
    assert "Not published" in first.out
    assert f"{ROWS} questions wait for 1 batch" in status.out


def test_the_next_build_has_them(builds: tuple[Project, list[Any]], batches: FaultServer) -> None:
    """Bought once, in a batch, and published."""
    project, (*_, second, status) = builds[0], builds[1][:4]
    assert second.code == 0, second.out + second.err
    assert "Published 1 table" in second.out
    assert project.rows("select sum(notes) from gold.gold_notes") == [(ROWS,)]
    assert "Nothing waits for a batch." in status.out
    totals = batches.summary()
    asked_at_once = 2  # the trial before the first batch, and `assay ask`
    assert totals["paid_records"] == ROWS + asked_at_once
    assert totals["requests"] == totals["batch_requests"] + asked_at_once


def test_commands_say_what_there_is_to_do(builds: tuple[Project, list[Any]]) -> None:
    """Nothing here, and a name that is none is refused."""
    harvest, wrong, all_of_none, _ = builds[1][4:]
    assert "0 answers, 0 failures, 0 requests" in harvest.out
    assert wrong.code == 2
    assert "No one open batch begins with 'abcd'; see `./scripts/assay batch status`" in wrong.err
    assert "0 batches called off" in all_of_none.out


def test_who_asks_about_one_text_has_its_answer(builds: tuple[Project, list[Any]]) -> None:
    """A person does not wait for a file."""
    asked = builds[1][-1]
    assert asked.code == 0, asked.out + asked.err
    assert "status     ok" in asked.out


def test_a_batch_at_another_endpoint_is_said_to_be_there(
    builds: tuple[Project, list[Any]], batches: FaultServer
) -> None:
    """To fetch or to cancel it takes the settings that it was submitted with."""
    project, env = builds[0], asking(batches, ASSAY_BATCH="on", ASSAY_MODEL="other")
    project.run("assay", "build", "--select", "silver_notes", env=env)
    harvest = project.run("assay", "batch", "harvest", env={"ASSAY_PROVIDER": "local"})
    cancel = project.run("assay", "batch", "cancel", "--all", env={"ASSAY_PROVIDER": "local"})
    assert "(`ASSAY_PROVIDER=openai`), and the settings name 'embedded'" in harvest.out
    assert cancel.code == 2
    assert "with the settings that it was submitted with" in cancel.err
