"""The text of a call is read off the compiled SQL as it was given to the macro."""

from __future__ import annotations

import pytest

from udfs.ai_calls import calls_in

TASK = '{"kind": "filter", "asked": "Is it glad?"}'


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("case when regexp_matches({}) then assay_text(a, b) else b end", "a.body"),
        ("case when regexp_matches({}) then assay_text(a, b) else b end", "a.x || ')' || b.y"),
        ("case when regexp_matches(concat(a), '') then cast(json_object('a', a)) end", None),
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
