"""`replay`: the tables again from the store alone."""

from __future__ import annotations

from collections.abc import Callable

from assay.faultd import FaultServer

from .project import Project, Shipped, asking, table


def test_the_shipped_project_is_built_again_from_the_store(shipped: Shipped) -> None:
    """A new warehouse and nobody to ask give the same silver and gold, and pass every check.

    What dbt compiled for it stays beside what it compiled for the first build.
    """
    env = {"ASSAY_PROVIDER": "replay", "ASSAY_DATABASE": "replayed.duckdb"}
    replay = Project(shipped.project.root, env=env)
    run = replay.dbt("build", "--target-path", "replayed")
    assert run.code == 0, run.output
    assert replay.state("silver", "gold") == shipped.state
    assert replay.calls() == shipped.calls


def test_answers_of_an_endpoint_are_replayed_under_its_name(
    asking_project: Callable[..., Project], server: FaultServer
) -> None:
    """With the same model and endpoint, answers that were paid for come back; no key is needed."""
    model = "select id, {{ ai_classify('body', ['good', 'bad'], detail=true) }} as topic from "
    notes = table("id, body", (1, "the tent leaks"), (2, "glad about the rope"), (3, None))
    project = asking_project(
        {"bronze/notes.sql": notes, "silver/topics.sql": model + "{{ ref('notes') }}"}
    )
    assert project.dbt("run").code == 0
    expected, requests = project.state("silver"), server.summary()["requests"]

    replay = asking(server) | {"ASSAY_PROVIDER": "replay", "OPENAI_API_KEY": ""}
    run = project.dbt("run", "--full-refresh", **replay)
    assert run.code == 0, run.output
    assert project.state("silver") == expected
    assert server.summary()["requests"] == requests
