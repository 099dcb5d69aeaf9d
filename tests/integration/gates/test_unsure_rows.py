"""A row gate on the confidence that an endpoint's log probabilities give."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from assay.faultd import DIALECTS, FaultServer

from ..dbt.project import REPOSITORY, Project, asking, table

NOTES = ((1, "The tent leaks."), (2, "UNSURE what this is."), (3, "Great rope!"), (4, None))
ASKED = """
{{ config(materialized='table') }}
select
    id,
    {{ ai_classify('body', ['delivery', 'product', 'other'], detail=true) }} as topic,
    {{ ai_summarize('body', detail=true) }} as gist
from {{ ref('notes') }}
"""
GATED = """
models:
  - name: asked
    config:
      meta:
        row_gate:
          key: id
          max_quarantined_share: 1
          conditions:
            topic_unsure: {holds: "coalesce(topic.confidence, 1) >= 0.6", reason: unsure}
            gist_unsure: {holds: "coalesce(gist.confidence, 1) >= 0.6", reason: unsure}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Each row in a request of its own: how sure the model is, it is of a whole reply."""
    with FaultServer(dialect=DIALECTS["vllm"]) as server:
        wishes = {"ASSAY_LOGPROBS": "true", "ASSAY_PACK_RECORDS": "1", "ASSAY_PROFILE": "vllm"}
        models = {
            "silver/notes.sql": table("id, body", *NOTES),
            "silver/asked.sql": ASKED,
            "silver/asked.yml": GATED,
            "silver/asked_passed.sql": "{{ row_gate(ref('asked')) }}",
        }
        project = Project(tmp_path_factory.mktemp("unsure"), models, asking(server) | wishes)
        (project.root / "seeds/rules").mkdir(parents=True)
        shutil.copy(REPOSITORY / "seeds/rules/row_gate_rules.csv", project.root / "seeds/rules")
        run = project.dbt("build")
        assert run.code == 0, run.output
        yield project


def test_the_unsure_row_waits_and_no_other(built: Project) -> None:
    """By its topic alone: a text has no confidence, and none is not a low one."""
    held = built.rows("select id, rule_ids from silver.asked_quarantined")
    assert held == [(2, ["topic_unsure"])]
    assert built.rows("select id from silver.asked_passed order by id") == [(1,), (3,), (4,)]


def test_what_the_endpoint_is_not_sure_of_is_in_the_envelope(built: Project) -> None:
    """Of what was asked out of a list; NULL for a text, and where nothing was asked."""
    found = built.rows(
        "select id, round(topic.confidence, 1), gist.confidence from silver.asked order by id"
    )
    assert found == [(1, 0.9, None), (2, 0.5, None), (3, 0.9, None), (4, None, None)]
