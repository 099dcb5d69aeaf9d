"""Long texts in models: chunks as a relation, summaries level by level, the page of a value."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assay.faultd import FaultServer

from .project import Project, Run

MODELS = {
    "bronze/notes.sql": "select 1 as id, 7 as page, repeat('The tent leaks. ', 300) as body "
    "union all select 2, 8, chr(12) || 'one' || chr(10) || chr(12) || 'two' "
    "union all select 3, 9, null union all select 4, 9, '  '",
    "silver/pieces.sql": "{{ config(materialized='table') }} "
    "select * from {{ ai_chunks(ref('notes'), 'body', 'id', max_tokens=100, overlap=10) }}",
    "silver/of_pages.sql": "{{ config(materialized='table') }} "
    "select * from {{ ai_chunks(ref('notes'), 'body', ['id', 'page']) }} as cut where id = 2",
    "silver/found.sql": "{{ config(materialized='incremental', unique_key='id') }} "
    "{% set found = ai_extract('body', {'one': 'text', 'day': 'date', 'all': ['text']}, "
    "evidence=true, detail=true) %} "
    "select id, {{ found }} as found from {{ ref('notes') }} where id > 1 "
    "and {{ ai_due('id', {'found': found}) }}",
    "silver/listed.sql": "{{ config(materialized='table') }} select id, "
    "{{ ai_extract('body', 'one', evidence=true, detail=true) }} as listed "
    "from {{ ref('notes') }} where id > 1",
    "silver/gists.sql": "{{ config(materialized='incremental', unique_key='id') }} "
    "{% set gist = ai_summarize('body', max_words=10, chunk_tokens=100, detail=true) %} "
    "select id, {{ gist }} as gist from {{ ref('notes') }} "
    "where {{ ai_due('id', {'gist': gist}) }}",
}


@pytest.fixture(scope="module")
def built(asking_project: Callable[..., Project]) -> tuple[Project, Run]:
    """The models, built once."""
    project = asking_project(MODELS)
    return project, project.dbt("build")


def test_each_row_is_cut_by_itself(built: tuple[Project, Run]) -> None:
    """A row without a text has no chunk; what is put together again is the text."""
    project, run = built
    assert run.code == 0, run.output
    counted = "select id, count(*) > 10, count(distinct chunk_id) = count(*) from silver.pieces"
    placed = (
        'select bool_and(substr(body, "position" + 1, length("text")) = "text") '
        "from silver.pieces join bronze.notes using (id)"
    )

    assert project.rows(f"{counted} group by 1 order by 1") == [(1, True, True), (2, False, True)]
    assert project.rows(placed) == [(True,)]


def test_pages_are_those_of_form_feeds_or_of_the_key(built: tuple[Project, Run]) -> None:
    """A row may be a page itself."""
    project, _ = built
    pages = 'select chunk, page, trim("text", chr(10)) from {} where id = 2 order by 1'

    assert project.rows(pages.format("silver.pieces")) == [(1, 1, "one"), (2, 2, "two")]
    assert project.rows(pages.format("silver.of_pages")) == [(1, 8, "one"), (2, 8, "two")]
    assert project.rows("select distinct page from silver.pieces where id = 1") == [(None,)]


def test_a_long_text_has_one_summary_and_is_not_due_again(
    built: tuple[Project, Run], server: FaultServer
) -> None:
    """By asks that each fit."""
    project, _ = built
    texts = [text for entry in server.ledger.entries for text in entry.texts]
    sent = len(server.ledger.entries)
    again = project.dbt("build", "--select", "gists", "found")

    assert again.code == 0, again.output
    assert project.rows("select id, gist.status from silver.gists order by 1") == [
        *((1, "ok"), (2, "ok")),
        *((3, "skipped"), (4, "skipped")),
    ]
    assert max(map(len, texts)) <= 400
    assert len(server.ledger.entries) == sent


def test_each_value_has_its_page_and_quote(built: tuple[Project, Run]) -> None:
    """In the shape of the fields; the quote of a copied value holds it."""
    project, run = built
    types = "select typeof(found.evidence), typeof(listed.evidence) from silver.found "
    place = 'STRUCT(page INTEGER, "quote" VARCHAR)'
    kept = (
        "select bool_and(found.status = 'ok'), bool_and(found.value.one is null or "
        "contains(found.evidence.one.quote, found.value.one) and found.evidence.one.page in (1, 2)"
        "), bool_and(len(found.value.all) = len(found.evidence.all)) "
        "from silver.found where id = 2"
    )

    assert run.code == 0, run.output
    assert project.rows(f"{types} join silver.listed using (id) limit 1") == [
        (f'STRUCT(one {place}, "day" {place}, "all" {place}[])', f"{place}[]")
    ]
    assert project.rows(kept) == [(True, True, True)]
    assert project.rows("select distinct found.evidence from silver.found where id > 2") == [
        (None,)
    ]


@pytest.mark.whole
def test_a_table_without_evidence_is_not_given_any_in_silence(
    built: tuple[Project, Run], server: FaultServer
) -> None:
    """As with any other change of type."""
    project, _ = built
    project.write(
        "silver/found.sql", project.models["silver/found.sql"].replace("evidence=true, ", "")
    )
    sent = len(server.ledger.entries)
    run = project.dbt("build", "--select", "found")

    assert run.code == 1
    assert "the table holds another type" in run.output
    assert len(server.ledger.entries) == sent
