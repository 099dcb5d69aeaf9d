"""A search by DuckDB's `fts` and `vss`: as good as without, never older, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("duckdb_extension_fts")
pytest.importorskip("duckdb_extension_vss")

from .project import Project, Run, table

NOTES = table(
    "id, body",
    (1, "Wo ist meine Bestellung QX-7714?"),
    (2, "Wo ist meine Bestellung QX-9020?"),
    (3, "the parcel is late, parcel QX-9020"),
    (4, "CAF\u00c9 is open"),
    (5, None),
    (6, "?"),
    (7, "my card was stolen, I want to be refunded"),
    (8, "somebody took my bank card"),
)
CALL = "select * from {{{{ ai_search(ref('vectors'), {}) }}}}"
SAFE = (
    "{{% set read = ref('vectors') %}}"
    "select * from {{{{ ai_search(read, {}) if execute else '(select 1)' }}}}"
)
WRONG = {
    "which": ("'x', index='hnsw', key='id'", "wrong `index` \"hnsw\"; give 'fts' for words"),
    "no_words": ("'x', index='fts', key='id'", "name by `words='body'` the text that it is of"),
    "no_key": (
        "'x', index='vss'",
        "wrong `key` null; name by `key='mail_id'` what tells rows apart",
    ),
    "where": (
        "'x', index='vss', key='id', where='id > 1'",
        "the index `vss` knows of no condition",
    ),
    "alone": ("'x', index='vss', key='id', words='body'", "with `words` give ['fts', 'vss']"),
    "language": (
        "'x', index='fts', key='id', words='body', language='klingon'",
        "wrong `language` \"klingon\"; it goes with `index='fts'` and is one of none, arabic",
    ),
    "same_key": ("'x', index='vss', key='id % 4'", "rows have none or that of another row"),
}
MODELS = {
    "bronze/notes.sql": NOTES,
    "silver/vectors.sql": (
        "{{ config(materialized='table') }}"
        "select id, body, {{ ai_embed('body') }} as embedding from {{ ref('notes') }}"
    ),
    "gold/plain.sql": CALL.format("'lost credit card', k=3"),
    "gold/near.sql": CALL.format("'lost credit card', k=3, index='vss', key='id'"),
    "gold/plain_words.sql": CALL.format("'bestellung qx-9020', k=4, words='body'"),
    "gold/by_words.sql": CALL.format(
        "'bestellung qx-9020', k=4, words='body', index='fts', key='id'"
    ),
    "gold/by_both.sql": CALL.format(
        "'bestellung qx-9020', k=4, words='body', index=['fts', 'vss'], key='id'"
    ),
    "gold/stems.sql": CALL.format(
        "'refunds', k=1, words='body', index='fts', key='id', language='english'"
    ),
    "gold/some.sql": CALL.format(
        "'CAFE', k=2, words='body', index='fts', key='id', where='id between 2 and 3'"
    ),
    "gold/nothing.sql": CALL.format("'zzz', k=2, words='body', index='fts', key='id'"),
    **{f"gold/wrong_{name}.sql": SAFE.format(call) for name, (call, _) in WRONG.items()},
    "gold/wrong_view.sql": (
        "{% set read = 'vectors' %}select * from {{ ai_search(read, 'x', index='vss', key='id')"
        " if execute else '(select 1)' }}"
    ),
}


@pytest.fixture(scope="module")
def built(new_project: Callable[..., Project]) -> tuple[Project, Run]:
    """All models, with the embedded vectors; nobody is asked."""
    project = new_project(MODELS)
    return project, project.dbt("run")


def rows(project: Project, model: str) -> list[tuple[object, ...]]:
    """What a search found, as it stands, without the vectors."""
    return project.rows(f"select * exclude (embedding) from gold.{model}")


def test_the_index_of_vectors_finds_what_all_vectors_find(built: tuple[Project, Run]) -> None:
    """The same rows, similarity and order, with the columns of a search."""
    project, run = built
    assert run.statuses()["near"] == "success", run.message("near")
    assert rows(project, "near") == rows(project, "plain")
    assert project.types("gold.near") == project.types("gold.plain")


@pytest.mark.parametrize("model", ["by_words", "by_both"])
def test_the_index_of_words_weighs_them_as_sql_does(
    built: tuple[Project, Run], model: str
) -> None:
    """BM25 of the same words: numbers and letters of any script, without accents."""
    project, _ = built
    plain, indexed = rows(project, "plain_words"), rows(project, model)
    assert [row[0] for row in indexed] == [row[0] for row in plain]
    for one, other in zip(indexed, plain, strict=True):
        assert one[2:] == pytest.approx(other[2:])
    assert project.types(f"gold.{model}") == project.types("gold.plain_words")


def test_a_language_knows_the_stems_of_its_words(built: tuple[Project, Run]) -> None:
    """`refunds` finds `refunded`, which no whole word does."""
    project, _ = built
    assert [row[0] for row in rows(project, "stems")] == [7]
    assert project.rows("select bm25 > 0 from gold.stems") == [(True,)]


def test_a_condition_holds_beside_the_index_of_words(built: tuple[Project, Run]) -> None:
    """And a word that stands nowhere leaves the search to the vectors."""
    project, _ = built
    assert {row[0] for row in rows(project, "some")} == {2, 3}
    assert {row[3] for row in rows(project, "nothing")} <= {None}


@pytest.mark.parametrize("name", WRONG)
def test_what_an_index_cannot_do_is_said(built: tuple[Project, Run], name: str) -> None:
    """Before anything runs, or by the function that makes the index."""
    assert WRONG[name][1] in built[1].message(f"wrong_{name}")


def test_an_index_is_of_a_table(built: tuple[Project, Run]) -> None:
    """A CTE has no rows that stay where they are."""
    assert "an index is of a table; give a `ref(...)`" in built[1].message("wrong_view")


def indexes(project: Project) -> set[str]:
    """The index files beside the store."""
    return {path.name for path in (project.root / ".assay/indexes").glob("*.duckdb")}


def test_an_index_is_made_anew_when_its_table_is_another(built: tuple[Project, Run]) -> None:
    """Nothing is made for a table that is as it was; the old file goes with the new one."""
    project, _ = built
    before = indexes(project)
    assert before
    assert project.dbt("run", "--select", "near by_words").code == 0
    assert indexes(project) == before
    project.write("bronze/notes.sql", NOTES + " union all select 9, 'a credit card is lost'")
    assert project.dbt("run", "--select", "+near +by_words").code == 0
    assert 9 in {row[0] for row in rows(project, "near")}
    after = indexes(project)
    assert len(after) == len(before)
    assert len(after & before) == len(before) - 2


def test_an_index_is_kept_from_others(built: tuple[Project, Run]) -> None:
    """It is a copy of what the warehouse holds."""
    folder: Path = built[0].root / ".assay/indexes"
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.duckdb")} == {0o600}
