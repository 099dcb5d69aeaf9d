"""The text of a call is read off the compiled SQL as it was given to the macro."""

from __future__ import annotations

import pytest

from udfs.ai_calls import calls_in

TASK = '{"kind": "filter", "asked": "Is it glad?"}'


@pytest.mark.parametrize(
    ("compiled", "given"),
    [
        ("body", "body"),
        ("cast(a.body as varchar)", "a.body"),
        ("cast(cast(day as varchar) as varchar)", "cast(day as varchar)"),
        ("cast(a as varchar) || cast(b as varchar)", "cast(a as varchar) || cast(b as varchar)"),
    ],
)
def test_the_cast_around_a_text_is_no_part_of_it(compiled: str, given: str) -> None:
    """`explain` finds the name of the table in front of a column."""
    sql = f"select assay_ask_value(assay_task('{TASK}'), {compiled}) as is_glad from notes as a"
    (call,) = calls_in(sql)
    assert (call.column, call.text_sql) == ("is_glad", given)
