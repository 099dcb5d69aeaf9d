"""What is asked about: strings of JSON, what says nothing, columns whose names need quotes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from assay.faultd import FaultServer
from assay.hosts.duckdb import udfs
from assay.hosts.duckdb.registering import create_function
from assay.project.evaluation.golden_rows import GoldenSource, read_rows

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
    (3, '"It said \\"never\\"\\nand broke"', 'It said "never"' || chr(10) || 'and broke'),
    (4, '"\\u00c4rger"', 'Ärger'),
    (5, '""', ''),
    (6, '"  \\u200b"', '  '),
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


ODD = 'It said "never"\nand broke'
TEXTS = {
    *("Slam", "1776", ODD, "Ärger"),
    *(f"{{'told': {text}, 'more': [NULL]}}" for text in ("Slam", "1776", "Ärger")),
    f"{{'told': '{ODD}', 'more': [NULL]}}",
    *(f"[{text}, '', NULL]" for text in ("Slam", "1776", f"'{ODD}'", "Ärger")),
    *(f"{{a name={text}}}" for text in ("Slam", "1776", f"'{ODD}'", "Ärger")),
    *(f'{{"told":{text}}}' for text in ('"Slam"', "1776", r'"It said \"never\"\nand broke"')),
}
"""Some of what is sent; structs, lists and maps as DuckDB writes them."""


def test_a_string_of_json_is_asked_about_as_the_same_text(
    server: FaultServer, asked: Project
) -> None:
    """Without its quotes and escapes, so that its key is that of the same text from CSV.

    What has parts keeps the text that it had: old answers stay, names have no quotes of ours.
    """
    sent = {text for entry in server.ledger.entries for text in entry.texts}
    assert sorted(TEXTS - sent) == []
    assert '{"Price (EUR)":"Slam","Ticket Subject":"Slam"}' in sent
    assert [text for text in sent if text.startswith('"') or '\\"Ticket' in text] == []
    ((answers, texts),) = asked.store_rows(
        "select count(*), count(distinct prompt_hash) from answers"
    )
    assert (answers, texts) == (4 * len(ASKED), len(ASKED))


def test_a_column_of_text_pays_nothing_for_it(asked: Project) -> None:
    """DuckDB knows its type when it binds, and leaves no trace of the rest in the plan."""
    sql = (asked.root / "target/compiled/assay/models/asked.sql").read_text(encoding="utf-8")
    (line,) = [line for line in sql.splitlines() if "Is it csv?" in line]
    text = line[line.index("case when regexp_matches(typeof(body)") : line.rindex(") as json)")]
    assert text.count("assay_text(") == 1
    with duckdb.connect() as connection:
        create_function(connection, "assay_text", udfs.text, parameters=2, volatile=False)
        plans = [
            connection.execute(
                f"explain select {text} from (select {body} as body from range(9))"
            ).fetchall()
            for body in ("range::varchar", "to_json(range)")
        ]
    assert ["assay_text" in str(plan) for plan in plans] == [False, True]


def test_a_golden_file_is_asked_about_in_the_same_way(tmp_path: Path) -> None:
    """So that `evaluate` measures the texts that a model would ask about."""
    rows = [{"title": title, "topic": "a"} for title in ("Slam", 1776, "", None, {"a": None})]
    data = tmp_path / "gold.json"
    data.write_text(json.dumps(rows), encoding="utf-8")
    found = [row.text for row in read_rows(GoldenSource(data, "title", "topic"))]
    assert found == ["Slam", "1776", "", None, None]
