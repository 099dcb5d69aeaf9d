"""Group E of the fault matrix in real dbt runs; see also `test_e_interrupts`, `test_e_udfs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from assay.faultd import FaultServer

from ..figures import Figure, figure
from .project import Project, Run, asking, table

__all__ = ["figure"]

NewProject = Callable[..., Project]
ROWS = 5_000


def notes(count: int, *more: str | None) -> str:
    """A model of so many different notes, and of these texts after them."""
    extra = "".join(
        f" union all select {count + at}, {_text(text)}" for at, text in enumerate(more)
    )
    return f"select i as id, 'note ' || i as body from range({count}) as r(i){extra}"


def _text(text: str | None) -> str:
    return "cast(null as varchar)" if text is None else f"'{text}'"


def asked(columns: str, source: str = "notes", tail: str = "", config: str = "") -> str:
    """A model that asks about the notes."""
    head = f"{{{{ config({config}) }}}} " if config else ""
    return f"{head}select id, body, {columns} from {{{{ ref('{source}') }}}} {tail}"


GLAD = "{{ ai_filter('body', 'Is it glad?') }} as glad"
GLAD_DETAIL = "{{ ai_filter('body', 'Is it glad?', detail=true) }} as glad"


def checked(name: str, columns: dict[str, list[Any]], **more: Any) -> str:
    """The YAML of a model with data tests on its columns."""
    listed = [{"name": column, "data_tests": tests} for column, tests in columns.items()]
    return yaml.safe_dump({"models": [{"name": name, "columns": listed} | more]})


# --- E02: a row that fails


def test_e02_one_failing_row_of_five_thousand_costs_only_itself(
    new_project: NewProject, server: FaultServer
) -> None:
    """4,999 answers, one reason, exit code 0; NULL texts are not asked about."""
    server.reset()
    models = {
        "bronze/notes.sql": notes(ROWS - 1, "POISON", None, "", "  "),
        "silver/bare.sql": asked(GLAD),
        "silver/detailed.sql": asked(GLAD_DETAIL),
    }
    project = new_project(models, **asking(server, "poison,kind=refuse"))
    run = project.dbt("run")
    assert run.code == 0, run.output
    statuses = project.rows(
        "select glad.status, count(*) from silver.detailed group by 1 order by 1"
    )
    assert statuses == [("ok", ROWS - 1), ("refused", 1), ("skipped", 3)]
    assert project.rows("select count(*) from silver.bare") == [(ROWS + 3,)]
    assert len(server.ledger.paid) == ROWS - 1
    texts = {text for entry in server.ledger.entries for text in entry.texts}
    assert len(texts) == ROWS


# --- E04, E17: what stops before anything is asked


@pytest.fixture(scope="module")
def careful(new_project: NewProject, server: FaultServer) -> tuple[Run, dict[str, Any]]:
    """A build with a broken contract, and keys that fail before their silver models."""
    server.reset()
    contract = {"contract": {"enforced": True}}
    typed = [{"name": "id", "data_type": "bigint"}, {"name": "glad", "data_type": "varchar"}]
    models = {
        "bronze/notes.sql": table("id, body", (1, "a note")),
        "bronze/null_keys.sql": table("id, body", (1, "a"), (None, "b")),
        "bronze/null_keys.yml": checked("null_keys", {"id": ["not_null"]}),
        "bronze/same_keys.sql": table("id, body", (1, "a"), (1, "b")),
        "bronze/same_keys.yml": checked("same_keys", {"id": ["unique"]}),
        "silver/broken.sql": "select cast(id as bigint) as id, "
        + GLAD
        + " from {{ ref('notes') }}",
        "silver/broken.yml": yaml.safe_dump(
            {"models": [{"name": "broken", "config": contract, "columns": typed}]}
        ),
        "silver/of_null.sql": asked(GLAD, "null_keys", config="unique_key='id'"),
        "silver/of_same.sql": asked(GLAD, "same_keys", config="unique_key='id'"),
    }
    run = new_project(models, **asking(server)).dbt("build")
    return run, server.summary()


@pytest.mark.parametrize("model", ["of_null", "of_same"])
def test_e17_a_key_test_of_bronze_runs_before_the_ai_model(
    careful: tuple[Run, dict[str, Any]], model: str
) -> None:
    """The model is skipped, and its texts are not sent."""
    run, bill = careful
    assert run.code == 1
    assert run.statuses()[model] == "skipped"
    assert bill["requests"] == 0


def test_e04_a_contract_that_does_not_hold_is_found_before_anything_is_asked(
    careful: tuple[Run, dict[str, Any]],
) -> None:
    """The pre-hook looks at the contract first; dbt would only after it."""
    run, bill = careful
    assert run.statuses()["broken"] == "error"
    assert "contract" in run.message("broken")
    assert bill["requests"] == 0


def test_e04_constant_arguments_and_contracts_are_free_to_look_at(
    new_project: NewProject, server: FaultServer
) -> None:
    """`docs generate` over a view and a contract asks nothing, with an empty store as well."""
    typed = [{"name": "id", "data_type": "bigint"}, {"name": "glad", "data_type": "boolean"}]
    constant = "{{ ai_filter(\"'a constant'\", 'Is it glad?') }} as glad"
    models = {
        "silver/viewed.sql": "{{ config(materialized='view') }} select 1 as id, " + constant,
        "silver/bound.sql": "select cast(1 as bigint) as id, " + constant,
        "silver/bound.yml": yaml.safe_dump(
            {
                "models": [
                    {"name": "bound", "config": {"contract": {"enforced": True}}, "columns": typed}
                ]
            }
        ),
    }
    project = new_project(models, **asking(server))
    assert project.dbt("run").code == 0
    server.reset()
    run = project.dbt("docs", "generate", ASSAY_STORE="empty.sqlite")
    assert run.code == 0, run.output
    assert server.summary()["requests"] == 0


# --- E15: a silent mix


def test_e15_a_table_of_two_prompts_is_caught(
    new_project: NewProject, server: FaultServer
) -> None:
    """A model that chooses by time keeps old answers after a change: red, or a warning if told."""
    server.reset()
    of_time = asked(
        "{{ ai_classify('body', 'mood', detail=true) }} as mood",
        tail="{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}",
    )
    of_need = (
        "{%- set mood = ai_classify('body', 'mood', detail=true) -%} "
        "{{ config(unique_key='id') }} select id, body, {{ mood }} as mood "
        "from {{ ref('notes') }} where {{ ai_due('id', {'mood': mood}) }}"
    )
    warns = {"ai_one_prompt": {"name": "loud_by_time", "config": {"severity": "warn"}}}
    models = {
        "bronze/notes.sql": notes(4),
        "silver/by_time.sql": of_time,
        "silver/by_time.yml": checked("by_time", {"mood": ["ai_one_prompt", warns]}),
        "silver/by_need.sql": of_need,
        "silver/by_need.yml": checked("by_need", {"mood": ["ai_one_prompt"]}),
    }
    project = new_project(models, **asking(server))
    project.set_sets(labels={"mood": ["glad", "cross"]})
    first = project.dbt("build")
    assert first.code == 0, first.output
    project.write("bronze/notes.sql", notes(6))
    project.set_sets(labels={"mood": {"glad": "praise", "cross": "anger"}})
    second = project.dbt("build")
    assert second.code == 1
    assert second.statuses()["ai_one_prompt_by_time_mood"] == "fail"
    assert second.statuses()["loud_by_time"] == "warn"
    assert second.statuses()["ai_one_prompt_by_need_mood"] == "pass"
    assert server.summary()["paid_answers"] == 4 + 6


# --- E23: dead letters


def test_e23_dead_letters_survive_the_rollback_of_their_model(
    new_project: NewProject, server: FaultServer
) -> None:
    """The model fails on its third dead letter: there is no table, and three letters."""
    server.reset()
    poisoned = [f"POISON {at}" for at in range(3)]
    failing = (
        f"with answered as materialized (select id, {GLAD_DETAIL} from {{{{ ref('notes') }}}}) "
        "select id, glad, case when (select count(*) from answered where glad.status <> 'ok') > 2 "
        "then error('too many') end as verdict from answered"
    )
    models = {"bronze/notes.sql": notes(20, *poisoned), "silver/failing.sql": failing}
    project = new_project(models, **asking(server, "poison,kind=refuse"))
    run = project.dbt("run")
    assert run.code == 1
    assert "too many" in run.message("failing")
    assert project.rows("select table_name from duckdb_tables()") == []
    assert project.store_rows("select status from failures") == [("refused",)] * 3
    assert project.store_rows("select count(*) from answers") == [(20,)]


# --- E30: models beside each other


def _beside_each_other(project: Project, runs: int) -> None:
    for _ in range(runs):
        run = project.dbt("run", ASSAY_THREADS="8")
        assert run.code == 0, run.output
        assert set(run.statuses().values()) == {"success"}


SOURCES = {
    "sources": [
        {
            "name": "assay_store",
            "config": {"plugin": "assay"},
            "tables": [{"name": name} for name in ("calls", "answers", "failures")],
        }
    ]
}


@pytest.mark.parametrize("runs", [2, pytest.param(20, marks=pytest.mark.whole)])
def test_e30_eight_threads_never_meet_in_a_transaction(
    new_project: NewProject, server: FaultServer, runs: int, figure: Figure
) -> None:
    """Incremental models over one source, and models that load the same table of the store."""
    server.reset()
    due = (
        "{%%- set glad = ai_filter('body', 'Is it glad?', detail=true) -%%} "
        "{{ config(unique_key='id') }} select id, body, {{ glad }} as glad, %d as copy "
        "from {{ ref('notes') }} where id %% 3 <> {{ range(3) | random }} or "
        "{{ ai_due('id', {'glad': glad}) }}"
    )
    models = {"bronze/notes.sql": notes(300), "ops/_sources.yml": yaml.safe_dump(SOURCES)}
    models |= {f"silver/copy_{at}.sql": due % at for at in range(6)}
    models |= {
        f"ops/counted_{at}.sql": "select count(*) as row_count from "
        f"{{{{ source('assay_store', '{name}') }}}}"
        for at, name in enumerate(["calls", "calls", "calls", "answers", "answers", "failures"])
    }
    project = new_project(models, **asking(server))
    _beside_each_other(project, runs)
    assert server.summary()["paid_more_than_once"] == 0
    assert project.rows("select count(*) from silver.copy_5") == [(300,)]
    figure(runs=runs, transaction_errors=0)


# --- E31: dbt retry


def test_e31_dbt_retry_buys_nothing_again(new_project: NewProject, server: FaultServer) -> None:
    """What failed and what was skipped is run again; its answers are there already."""
    server.reset()
    breaking = "case when {{ env_var('BREAK', 'false') }} then error('broken') end as y"
    models = {
        "bronze/notes.sql": notes(200),
        "silver/sound.sql": asked(GLAD),
        "silver/broken.sql": asked("{{ ai_filter('body', 'Is it cross?') }} as x, " + breaking),
        "gold/hanging.sql": "select count(*) as row_count from {{ ref('broken') }}",
    }
    project = new_project(models, **asking(server))
    failed = project.dbt("build", BREAK="true")
    assert failed.code == 1
    assert (failed.statuses()["broken"], failed.statuses()["hanging"]) == ("error", "skipped")
    results = project.root / "target" / "run_results.json"
    kept = results.read_bytes()
    (project.root / "state").mkdir()
    (project.root / "state" / "run_results.json").write_bytes(kept)
    retried = project.dbt("retry", "--state", "state")
    assert retried.code == 0, retried.output
    assert {name for name in retried.statuses() if "-" not in name} == {"broken", "hanging"}
    assert project.rows("select row_count from gold.hanging") == [(200,)]
    assert server.summary()["paid_answers"] == 400
    assert server.summary()["paid_more_than_once"] == 0
