"""Chunks of a column as a relation, in dbt on DuckDB; summaries of long texts in a model."""

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
    again = project.dbt("build", "--select", "gists")

    assert again.code == 0, again.output
    assert project.rows("select id, gist.status from silver.gists order by 1") == [
        *((1, "ok"), (2, "ok")),
        *((3, "skipped"), (4, "skipped")),
    ]
    assert max(map(len, texts)) <= 400
    assert len(server.ledger.entries) == sent
