"""What is asked about: strings of JSON, what holds nothing, and columns whose names need quotes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from udfs.faultd import FaultServer

from .project import Project

GIVEN = """\
select
    id,
    title::json as title,
    body,
    case when title is not null then {'told': title ->> '$', 'more': [null::varchar]} end as parts,
    [title ->> '$', '', null] as listed,
    map {'a name': title ->> '$'} as mapped,
    json_object('told', title::json) as record,
    body as "Ticket Subject",
    body as "Price (EUR)"
from (values
    (1, '"Slam"', 'Slam'),
    (2, '1776', '1776'),
    (3, '"It said \\\\"never\\\\"\\\\nand broke"', 'It said "never"' || chr(10) || 'and broke'),
    (4, '"\\\\u00c4rger"', 'Ärger'),
    (5, '""', ''),
    (6, '"  \\\\u200b"', '  '),
    (7, 'null', null),
    (8, null, null)
) as given (id, title, body)
"""
"""Titles as JSON, and bodies that say the same as text; the last four say nothing."""

ASKED = {
    "json": "'title'",
    "expression": "\"n.record -> '$.told'\"",
    "csv": "'body'",
    "words": "'Ticket Subject'",
    "quoted": "'n.\"Price (EUR)\"'",
    "json_column": "['title']",
    "quoted_columns": "['\"Price (EUR)\"', 'n.\"Ticket Subject\"']",
    "plain_columns": "['Price (EUR)', 'Ticket Subject']",
    "parts": "'parts'",
    "listed": "'listed'",
    "mapped": "'mapped'",
    "record": "'record'",
    "all_columns": "['parts', 'listed', 'record']",
}


@pytest.fixture(scope="module")
def asked(asking_project: Callable[..., Project], server: FaultServer) -> Project:
    """A question of its own about each of them, so that no answer serves two."""
    calls = [
        f"{{{{ ai_filter({text}, 'Is it {name}?', detail=true) }}}} as {name}"
        for name, text in ASKED.items()
    ]
    columns = ",\n".join(calls)
    model = "{{ config(materialized='table') }} select n.id,\n" + columns
    project = asking_project(
        {"given.sql": GIVEN, "asked.sql": model + " from {{ ref('given') }} n"}
    )
    run = project.dbt("run")
    assert run.code == 0, run.output
    return project


@pytest.mark.parametrize("name", ASKED)
def test_what_says_nothing_is_skipped(asked: Project, name: str) -> None:
    """And all else is answered, whatever type it comes in."""
    found = asked.rows(f"select {name}.status from main.asked order by id")
    assert [status for (status,) in found] == ["ok"] * 4 + ["skipped"] * 4


TEXTS = ["Slam", "1776", 'It said "never"\nand broke', "Ärger"]


@pytest.mark.parametrize("name", ["json", "expression", "csv", "words", "quoted"])
def test_a_string_of_json_is_asked_about_as_the_same_text(
    asked: Project, server: FaultServer, name: str
) -> None:
    """Without the quotes and escapes of JSON, so that its key is that of the text from CSV."""
    assert sorted(texts(server, name)) == sorted(TEXTS)


def test_quotes_around_a_name_are_no_part_of_it(asked: Project, server: FaultServer) -> None:
    """The record has the bare names, with quotes in the model and without."""
    quoted, plain = texts(server, "quoted_columns"), texts(server, "plain_columns")
    assert '{"Price (EUR)":"Slam","Ticket Subject":"Slam"}' in quoted
    assert sorted(quoted) == sorted(plain)


def test_what_has_parts_keeps_the_text_that_it_had(asked: Project, server: FaultServer) -> None:
    """A struct as DuckDB writes it and JSON as it was written, so that old answers stay."""
    assert "{'told': Slam, 'more': [NULL]}" in texts(server, "parts")
    assert "[Slam, '', NULL]" in texts(server, "listed")
    assert '{"told":"Slam"}' in texts(server, "record")
    assert '{"title":1776}' in texts(server, "json_column")


def test_a_column_of_text_pays_nothing_for_it(asked: Project) -> None:
    """DuckDB knows its type when it binds, and leaves no trace of the rest in the plan."""
    sql = (asked.root / "target/compiled/assay/models/asked.sql").read_text(encoding="utf-8")
    (text,) = [line for line in sql.splitlines() if "Is it csv?" in line]
    given = text[text.index("case when regexp_matches(typeof(body)") : text.rindex(") as json)")]
    plan = asked.rows(f"explain select {given} as it from (select * from main.given)")[0][1]
    assert "assay_text" in given
    assert "assay_text" not in plan.replace("\n", "")


def texts(server: FaultServer, name: str) -> list[str]:
    """The texts that were sent with the question about `name`."""
    return [
        text
        for entry in server.ledger.entries
        if any(f"Is it {name}?" in question for question in entry.questions)
        for text in entry.texts
    ]
