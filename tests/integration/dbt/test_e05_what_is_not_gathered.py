"""Statements that must not run twice, or cannot run early: they are asked chunk by chunk."""

from __future__ import annotations

from pathlib import Path

from assay.faultd import FaultServer

from .project import Project, asking

GIVEN = "select range as id, 'card ' || range as body from range(1000)"
CALL = "{{ ai_sentiment('body') }} as score"
SAMPLES = {
    "lots": f"with s as ({GIVEN} order by random() limit 40) select id, {CALL} from s",
    "sample": f"with s as (select * from ({GIVEN}) using sample 40 rows) select id, {CALL} from s",
}
EARLY = {
    "header": (
        "{% call set_sql_header(config) %}create or replace temp macro shout(x) as upper(x);"
        "{% endcall %}select id, {{ ai_sentiment('shout(body)') }} as score from (" + GIVEN + ")"
        " where id < 40"
    ),
    "hooked": (
        "{{ config(meta={'assay_gather': false}, pre_hook=\"create or replace table made as "
        + GIVEN
        + ' limit 40") }} select id, '
        + CALL
        + " from made"
    ),
}


def test_e05_a_sample_is_bought_once(tmp_path: Path) -> None:
    """Run twice it would draw other rows, and both would be paid for."""
    models = {f"silver/{name}.sql": f"{{{{ config(materialized='table') }}}}{sql}"
              for name, sql in SAMPLES.items()}  # fmt: skip
    with FaultServer() as server:
        run = Project(tmp_path, models, asking(server)).dbt("run", "--threads", "1")
        paid = server.summary()["distinct_paid_texts"]
    assert run.code == 0, run.output
    assert 40 <= paid <= 80  # the two samples may have rows in common


def test_e05_what_a_model_makes_for_itself_is_there_before_it_asks(tmp_path: Path) -> None:
    """An `sql_header` by itself, a hook once the model says so."""
    models = {f"silver/{name}.sql": f"{{{{ config(materialized='table') }}}}{sql}"
              for name, sql in EARLY.items()}  # fmt: skip
    with FaultServer() as server:
        project = Project(tmp_path, models, asking(server))
        run = project.dbt("run", "--threads", "1")
        paid = server.summary()["distinct_paid_texts"]
    assert run.code == 0, run.output
    assert paid == 80
    for name in EARLY:
        assert project.rows(f"select count(*) from silver.{name}") == [(40,)]
