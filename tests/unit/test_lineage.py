"""The calls of compiled SQL, by DuckDB's parser, and what of a manifest may hold one."""

from __future__ import annotations

from typing import Any

import pytest

from assay.hosts.dbt.ai_calls import calls_in, selects_in
from assay.hosts.dbt.lineage import Code

TASK = '{"kind": "filter", "asked": "Is it glad?"}'


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("case when regexp_matches({}) then assay_text(a, b) else b end", "a.body"),
        ("case when regexp_matches({}) then assay_text(a, b) else b end", "a.x || ')' || b.y"),
        (
            "case when regexp_matches(concat(a), '') "
            "then cast(json_object('a', a) as varchar) end",
            None,
        ),
    ],
)
def test_what_a_macro_was_given_is_read_off_what_it_made_of_it(
    asked: str, given: str | None
) -> None:
    """`explain` finds the name of the table in front of a column; a list of columns has none."""
    asked = asked.format(f"typeof({given}), 'JSON'")
    sql = f"select assay_ask_value(assay_task('{TASK}'), {asked}) as is_glad from notes as a"
    (call,) = calls_in(sql)
    assert call.column == "is_glad"
    assert (call.asked_sql, call.text_sql) == (asked, given or asked)


ASKED = (
    "case when regexp_matches(typeof(n.body), 'JSON') "
    "then assay_text(to_json(n.body), cast(n.body as varchar)) else cast(n.body as varchar) end"
)
CALL = f"assay_ask_value(assay_task('{TASK}'), {ASKED})"


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        (
            f"with a as (select {CALL} as inner_name from n) select inner_name as b from a",
            "inner_name",
        ),
        (f'select * replace ({CALL} as "Odd name") from n', "Odd name"),
        (f"select 'ä;)' as x, id from n where {CALL} = 'true' order by 1", ""),
        (f"pivot (select id, {CALL} as f from n) on f using count(*)", ""),
        (f"update n set f = {CALL} where id > 1", ""),
    ],
)
def test_a_call_is_found_wherever_it_stands(sql: str, column: str) -> None:
    """With its column where DuckDB shows one; what is no SELECT is read call by call."""
    (call,) = calls_in(sql)
    assert (call.column, call.text_sql, call.relation) == (column, "n.body", "n")
    assert call.spec == TASK


@pytest.mark.parametrize(
    ("script", "selects"),
    [
        ("insert into t (a, b) select 1, 2; ", ["select 1, 2"]),
        (
            "create or replace table t as with a as (select 1) from a",
            ["with a as (select 1) from a"],
        ),
        ("delete from t where f(x)", ["from t where f(x)"]),
        ("update t set a = 1; select 2", [None, "select 2"]),
    ],
)
def test_what_a_hook_evaluates_is_its_select(script: str, selects: list[str | None]) -> None:
    """None where nobody but a run can say."""
    assert selects_in(script) == selects


def node(name: str, kind: str = "model", *reads: str, **more: Any) -> dict[str, Any]:
    """A node as a manifest has it, compiled unless told otherwise."""
    given = {
        "unique_id": f"{kind}.shop.{name}",
        "name": name,
        "package_name": "shop",
        "resource_type": kind,
        "depends_on": {"nodes": [*reads], "macros": []},
        "config": {},
        "compiled_code": "select 1",
    }
    return given | more


def code(*nodes: dict[str, Any]) -> Code:
    """A project of these nodes, in which the macro `glad` calls one of ours."""
    macros = {
        "macro.shop.glad": {"depends_on": {"macros": ["macro.assay.ai_filter"]}},
        "macro.assay.ai_filter": {"depends_on": {"macros": []}},
    }
    return Code({"nodes": {one["unique_id"]: one for one in nodes}, "macros": macros})


def test_what_may_hold_a_call_and_is_not_compiled_is_named() -> None:
    """By a macro of a macro, inline by an ephemeral model, or in the argument of a test."""
    calls = {"nodes": [], "macros": ["macro.shop.glad"]}
    inline = {"materialized": "ephemeral"}
    project = code(
        node("deep", depends_on=calls, compiled_code=None),
        node("inner", depends_on=calls, config=inline, compiled_code=None),
        node("reader", "model", "model.shop.inner", compiled_code=None),
        node("plain", compiled_code=None),
        node(
            "held",
            "test",
            test_metadata={"kwargs": {"x": "{{ ai_filter('a') }}"}},
            compiled_code="",
        ),
        node("seen", depends_on=calls),
    )
    assert project.uncompiled == ["deep", "held", "inner", "reader"]


def test_namesakes_are_told_apart() -> None:
    """Versions by theirs, packages by theirs, anything else by its unique id."""
    asks = {"compiled_code": f"select {CALL} as f from n as n"}
    project = code(
        node("a", unique_id="model.shop.a.v1", version=1, **asks),
        node("a", unique_id="model.shop.a.v2", version=2, **asks),
        node("b", **asks),
        node("b", unique_id="model.other.b", package_name="other", **asks),
        node("b", "test", **asks),
    )
    assert [one.name for one in project.statements.values()] == [
        *("a.v1", "a.v2", "model.shop.b", "other.b", "test.shop.b")
    ]


def test_what_reads_a_view_that_asks_may_ask() -> None:
    """Also through another view, and by a macro that the warehouse has; a table holds answers."""
    view, table = {"materialized": "view"}, {"materialized": "table"}
    asks = {"compiled_code": f"select {CALL} as f from n as n"}
    project = code(
        node("asking", config=view, **asks),
        node("over", "model", "model.shop.asking", config=view),
        node("tested", "test", "model.shop.over"),
        node("held", config=table, **asks),
        node("reader", "model", "model.shop.held"),
        node("by_macro", compiled_code="select topic_of(body)"),
    )
    asking = [key for key in project.manifest["nodes"] if project.may_ask(key, {"topic_of"})]
    assert [key.rpartition(".")[2] for key in asking] == [
        *("asking", "over", "tested", "held", "by_macro")
    ]
