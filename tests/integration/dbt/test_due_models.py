"""`ai_due` in models of all kinds: it is right in them, or stops them at their first compile."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from .project import Project, Run, table

NewProject = Callable[..., Project]

ANSWER = "{%- set topic = ai_classify('body', ['glad', 'cross'], detail=true) -%}\n"
MODEL = """\
{{ config(CONFIG) }}
select *, '{{ invocation_id }}' as run, {{ topic }} as topic
from {{ ref('notes') }} where {{ ai_due(DUE, {'topic': topic}) }}
"""


def due(config: str, key: str = "'id'") -> str:
    """A model that is built as `config` says, and compares by `key`."""
    return ANSWER + MODEL.replace("CONFIG", config).replace("DUE", key)


def notes(*rows: tuple[object, ...]) -> str:
    """The rows that the models read."""
    return table('id, body, grp, "Order ID"', *rows)


FIRST = ((1, "a tent", "a", 11), (2, "a rope", "a", 12), (3, None, "b", 13))
SECOND = ((1, "another tent", "a", 11), *FIRST[1:], (4, "a stove", "b", 14))

# --- models that are stopped --------------------------------------------------------------------

STOPPED = {
    "append": (due("unique_key='id', incremental_strategy='append'"), "use delete+insert"),
    "custom": (due("unique_key='id', incremental_strategy='ours'"), "use delete+insert"),
    "no_key": (due("tags='x'"), "unique_key []"),
    "coarser": (due("unique_key='grp'"), 'unique_key ["grp"]'),
    "finer": (due("unique_key=['id', 'body']"), 'unique_key ["id", "body"]'),
    "other_list": (due("unique_key='id'", "['id', 'grp']"), 'wrong `key` ["id", "grp"]'),
    "expression": (due("unique_key='id || grp'", "['id || grp']"), "into double quotes"),
    "unquoted": (due("unique_key='Order ID'", "'Order ID'"), "such as '\"Order ID\"'"),
    "reserved": (due("unique_key='Order'", "'order'"), "such as '\"Order\"'"),
    "predicates": (due("unique_key='id', incremental_predicates=['id > 1']"), "take them out"),
    "merge_key": (
        due("unique_key='id', incremental_strategy='merge', merge_on_using_columns=['grp']"),
        'unique_key ["grp"]',
    ),
    "merge_kept": (
        due("unique_key='id', incremental_strategy='merge', merge_exclude_columns=['TOPIC']"),
        "let the merge update it",
    ),
    "merge_some": (
        due("unique_key='id', incremental_strategy='merge', merge_update_columns=['body']"),
        "let the merge update it",
    ),
    "merge_if": (
        due("unique_key='id', incremental_strategy='merge', merge_update_condition='true'"),
        "put the condition into the model",
    ),
    "batches": (
        due(
            "incremental_strategy='microbatch', incremental_predicates=['id > 1'], "
            "event_time='seen_at', begin='2026-01-01', batch_size='day'"
        ),
        "take them out",
    ),
    "windowed": (
        ANSWER
        + "select row_number() over (partition by {{ topic }}) as at from {{ ref('notes') }}",
        "PARTITION BY window expressions cannot be volatile",
    ),
    "nowhere": (due("unique_key='nowhere'", "'nowhere'"), 'column "nowhere" not found'),
}
"""Models by name, each with words of the message that stops it."""

if duckdb.__version__ < "2":  # until then it takes what is volatile there
    del STOPPED["windowed"]


@pytest.fixture(scope="module")
def stopped(new_project: NewProject) -> Run:
    """All of them, compiled and run for the first time."""
    models = {f"silver/{name}.sql": model for name, (model, _) in STOPPED.items()}
    project = new_project({"bronze/notes.sql": notes(*FIRST), **models})
    run = project.dbt("run")
    assert set(STOPPED) <= set(run.results), run.output
    assert not (project.store.exists() and project.calls())
    return run


@pytest.mark.parametrize("name", STOPPED)
def test_a_model_that_would_lose_or_double_rows_is_stopped(stopped: Run, name: str) -> None:
    """With the name of the model, what is wrong, and what to do; nothing is asked."""
    assert stopped.statuses()[name] == "error"
    _, _, message = stopped.output.partition(f"Error in model {name}")
    assert STOPPED[name][1] in message[:600]


# --- models that hold ---------------------------------------------------------------------------

NAMED = (
    ANSWER
    + """\
{{ config(unique_key='"Order ID"') }}
with n as (select *, grp as "group", upper(grp) as "Größe (A)" from {{ ref('notes') }})
select
    n."Order ID", n.id as "Id", body, "group", "Größe (A)",
    '{{ invocation_id }}' as run, {{ topic }} as "Topic"
from n
where {{ ai_due('n."Order ID"', {'topic': topic}, also=['GROUP', 'Größe (A)', 'n.ID']) }}
"""
)
HELD = {
    "plain": due("unique_key='ID'", "'id'"),
    "listed": due("""unique_key=['"Order ID"', 'id']""", "['id', '\"order id\"']"),
    "merged": due("unique_key='id', incremental_strategy='merge'"),
    "merged_using": due(
        "incremental_strategy='merge', merge_on_using_columns=['id'], "
        "merge_exclude_columns=['grp']"
    ),
    "named": NAMED,
}
OTHERS = {
    "silver/whole.sql": due("materialized='table'", "'no such column'"),
    "silver/seen.sql": due("materialized='view'"),
    "silver/within.sql": due("materialized='ephemeral'"),
    "silver/numbered.sql": "{{ config(materialized='table') }} with asked as ("
    "select id, {{ ai_sentiment('body') }} as score from {{ ref('notes') }}) "
    "select row_number() over (partition by score order by id) as place from asked",
    "silver/reads_it.sql": "{{ config(materialized='table') }} from {{ ref('within') }}",
    "snapshots.yml": "snapshots: [{name: snapped, relation: ref('reads_it'), "
    "config: {unique_key: id, strategy: check, check_cols: [body]}}]",
}
"""What is built anew each time, so that all its rows are due."""


@pytest.fixture(scope="module")
def held(new_project: NewProject) -> Project:
    """All of them in one project."""
    return new_project({f"silver/{name}.sql": model for name, model in HELD.items()} | OTHERS)


@pytest.mark.parametrize(("rows", "due_count"), [(FIRST, 3), (FIRST, 0), (SECOND, 2), (SECOND, 0)])
def test_only_what_is_due_is_replaced(
    held: Project, rows: tuple[tuple[object, ...], ...], due_count: int
) -> None:
    """Names may be quoted, reserved, qualified, unicode, and of another case."""
    held.write("bronze/notes.sql", notes(*rows))
    run = held.dbt("build")
    assert run.code == 0, run.output
    expected = [(row[0], row[1], "ok" if row[1] else "skipped") for row in rows]
    for name in (*HELD, "whole", "reads_it"):
        found = held.rows(f"select id, body, topic.status from silver.{name} order by 1")
        assert found == expected, name
    ((newest,),) = held.rows("select distinct run from silver.whole")
    for name in HELD:
        new = held.rows(f"select count(*) from silver.{name} where run = '{newest}'")
        assert new == [(due_count,)], name


# --- tables and columns that do not fit ---------------------------------------------------------


@pytest.fixture(scope="module")
def odd(new_project: NewProject) -> Project:
    """Models whose second build would lose rows, after the first."""
    models = {
        "doubled": due("unique_key='grp'", "'grp'"),
        "keyless": due("unique_key=['id', 'none_yet']", "['id', 'none_yet']"),
        "widened": due("unique_key='id'"),
        "left_out": due("unique_key='id', on_schema_change='ignore'"),
    }
    project = new_project({f"silver/{name}.sql": model for name, model in models.items()})
    rows = table("id, body, grp, none_yet", (1, "a", "a", None), (2, "b", "a", 1))
    project.write("bronze/notes.sql", rows)
    run = project.dbt("run")
    assert run.code == 0, run.output
    for name in ("widened", "left_out"):
        also = "{'topic': topic}, also=['at']"
        project.write(f"silver/{name}.sql", models[name].replace("{'topic': topic}", also))
    project.write("bronze/notes.sql", rows.replace("select *", "select *, 5 as at"))
    return project


def test_what_would_lose_rows_next_is_stopped_before_it_does(odd: Project) -> None:
    """Keys that are NULL or not alone; a new column comes, or is said never to come."""
    before = odd.state("silver")
    first, second = odd.dbt("run"), odd.dbt("run")
    for run in (first, second):
        assert "no key of their own" in run.message("doubled")
        assert "in model doubled: 1 of 2" in run.message("doubled")
        assert "in model keyless: 1 of 2" in run.message("keyless")
        assert 'wrong `also` "at"; the table has no such column' in run.message("left_out")
        assert run.statuses()["widened"] == "success"
    said = "every row of widened is due, as its table has no column at yet"
    assert (first.output.count(said), second.output.count(said)) == (1, 0)
    changed = {name for name, state in odd.state("silver").items() if before[name] != state}
    assert changed == {"silver.widened"}


# --- batches ------------------------------------------------------------------------------------

BATCHES = due(
    "incremental_strategy='microbatch', event_time='seen_at', batch_size='day', lookback=1, "
    "begin=(modules.datetime.datetime.utcnow() - modules.datetime.timedelta(days=3))"
    ".strftime('%Y-%m-%d')"
)
DAYS = """\
{{ config(event_time='seen_at') }}
select id, body, cast(current_timestamp at time zone 'UTC' as timestamp) - to_days(days) as seen_at
from (values (1, 'TEXT', 0), (2, 'a rope', 1), (3, 'a tent', 3)) as given (id, body, days)
"""


def test_batches_are_built_anew_and_lose_no_row(new_project: NewProject) -> None:
    """The second build gives all rows of the last two days again, and keeps the one before."""
    project = new_project({"silver/batches.sql": BATCHES})
    for text in ("old", "old", "new"):
        project.write("bronze/notes.sql", DAYS.replace("TEXT", text))
        run = project.dbt("run")
        assert run.code == 0, run.output
        rows = project.rows("select id, body, topic.status from silver.batches order by id")
        assert rows == [(1, text, "ok"), (2, "a rope", "ok"), (3, "a tent", "ok")]


# --- unit tests ---------------------------------------------------------------------------------

UNIT_TESTS = """\
unit_tests:
  - name: nothing_held
    model: tested
    overrides: {macros: {is_incremental: true}}
    given: &notes
      - {input: ref('notes'), rows: [{id: 1, body: new}, {id: 2, body: ""}, {id: 3, body: ""}]}
    expect: {rows: [{id: 1}, {id: 2}, {id: 3}]}
  - name: first_build
    model: tested
    given: *notes
    expect: {rows: [{id: 1}, {id: 2}, {id: 3}]}
  - name: no_row_held
    model: tested
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('notes'), rows: [{id: 1, body: new text}, {id: 2, body: ""}]}
      - {input: this, rows: []}
    expect: {rows: [{id: 1}, {id: 2}]}
  - name: held_without_answers
    model: tested
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('notes'), rows: [{id: 1, body: new text}, {id: 2, body: ""}]}
      - {input: this, rows: [{id: 1}, {id: 2}]}
    expect: {rows: [{id: 1}, {id: 2}]}
  - name: held
    model: tested
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('notes'), rows: [{id: 1, body: new}, {id: 2, body: ""}, {id: 3, body: ""}]}
      - input: this
        format: sql
        rows: |
          select id, topic from silver.tested where topic.status = 'skipped'
    expect: {rows: [{id: 1}, {id: 2}]}
"""


def test_an_incremental_model_can_be_unit_tested(new_project: NewProject) -> None:
    """As a first build and as a later one, with and without rows in `this`."""
    model = due("unique_key='id'").replace("select *, '{{ invocation_id }}' as run", "select id")
    project = new_project({"silver/tested.sql": model, "bronze/notes.sql": notes(*FIRST)})
    assert project.dbt("run").code == 0
    project.write("silver/tested.yml", UNIT_TESTS)
    run = project.dbt("test", "--select", "test_type:unit")
    assert run.code == 0, run.output
    assert [status for status in run.statuses().values() if status == "pass"] == ["pass"] * 5
