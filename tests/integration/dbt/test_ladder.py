"""A build against a server that refuses the strictest form of a reply."""

from __future__ import annotations

from assay.faultd import DIALECTS, FaultServer

from .conftest import NewProject
from .project import asking

MODEL = (
    "{{ config(materialized='table') }}\n"
    "select i as id, {{ ai_classify(\"'text ' || (i % 30)\", ['x', 'y']) }} as label "
    "from range(90) as r(i)"
)


def test_a_build_is_green_and_says_once_what_the_server_does_not_take(
    new_project: NewProject,
) -> None:
    """As dbt says its own warnings, with the server's words."""
    with FaultServer(dialect=DIALECTS["generic"]) as server:
        project = new_project({"labelled.sql": MODEL}, **asking(server))
        run = project.dbt("build")
    assert run.code == 0, run.output
    said = [line for line in run.output.splitlines() if "does not take" in line]
    assert len(said) == 1
    assert "Warning: " in said[0]
    assert "This response_format type is unavailable now: json_schema" in said[0]
