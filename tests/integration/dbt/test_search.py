"""Vectors in dbt: their type, what is searched by them, and vectors of two models, refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from assay.faultd import FaultServer

from .project import Project, Run, asking, table

NOTES = table(
    "id, body",
    (1, "my card was stolen"),
    (2, "the weather is nice today"),
    (3, "somebody took my bank card"),
    (4, None),
    (5, "\u4f60\u597d \u0ca0_\u0ca0"),
)
EMBEDDED = "select id, body, {{ ai_embed('body') }} as embedding from {{ ref('notes') }}"
FOUND = "select id, similarity from {{{{ ai_search(ref('{}'), {}) }}}}"
WRONG = (
    "{{% set read = ref('{}') %}}"
    "select * from {{{{ ai_search(read, {}) if execute else '(select 1)' }}}}"
)
ORDERS = table(
    "id, body",
    (1, "Wo ist meine Bestellung QX-7714?"),
    (2, "Wo ist meine Bestellung QX-9020?"),
    (3, "the parcel is late, parcel QX-9020"),
    (4, "CAF\u00c9 is open"),
    (5, None),
    (6, ""),
)
BY_WORDS = "select * from {{{{ ai_search(ref('order_vectors'), {}, words='body') }}}}"
OTHER = "select id, {{ ai_embed('body') }} as other from {{ ref('notes') }}"

MODELS = {
    "bronze/notes.sql": NOTES,
    "silver/vectors.sql": EMBEDDED,
    "silver/others.sql": OTHER,
    "silver/others.yml": (
        "models:\n- name: others\n  columns:\n  - name: other\n"
        "    config: {meta: {embedding_model: minilm}}\n"
    ),
    "silver/told.sql": (
        "select id, {{ ai_embed('body', detail=true) }} as told from {{ ref('notes') }}"
    ),
    "gold/found.sql": FOUND.format("vectors", "'lost credit card', k=2"),
    "gold/found_where.sql": FOUND.format("vectors", "'lost credit card', where='id > 1'"),
    "bronze/orders.sql": ORDERS,
    "silver/order_vectors.sql": EMBEDDED.replace("notes", "orders"),
    "gold/found_number.sql": BY_WORDS.format("'bestellung qx-9020', k=2"),
    "gold/found_cafe.sql": BY_WORDS.format("'CAFE', k=1, where='id > 2'"),
    "gold/found_no_word.sql": BY_WORDS.format("'zzz?'"),
    "gold/found_no_row.sql": BY_WORDS.format("'parcel', where='id > 9'"),
    "gold/wrong_words.sql": WRONG.format("vectors", "'card', words=true"),
    "gold/pairs.sql": (
        "select a.id, {{ ai_similarity('a.embedding', 'b.embedding') }} as near "
        "from {{ ref('vectors') }} as a inner join {{ ref('vectors') }} as b using (id)"
    ),
    "gold/wrong_pairs.sql": (
        "select a.id, {{ ai_similarity('a.embedding', 'b.other') if execute else 1 }} as near "
        "from {{ ref('vectors') }} as a inner join {{ ref('others') }} as b using (id)"
    ),
    "gold/wrong_call.sql": (
        "{% set asked = ai_embed(\"'x'\", model='wordllama') %}"
        "select id, {{ ai_similarity('other', asked) if execute else 1 }} as near "
        "from {{ ref('others') }}"
    ),
    "gold/wrong_length.sql": WRONG.format("others", "'card', column='other'"),
    "gold/wrong_k.sql": WRONG.format("vectors", "'card', k=0"),
    "gold/wrong_query.sql": WRONG.format("vectors", "' '"),
    "gold/wrong_model.sql": (
        "select {{ ai_embed('body', model='no-such') }} as x from {{ ref('notes') }}"
    ),
}


@dataclass(frozen=True)
class Built:
    """A project after its run."""

    project: Project
    run: Run


@pytest.fixture(scope="module")
def built(new_project: Callable[..., Project]) -> Built:
    """All models, with the embedded vectors; nobody is asked."""
    project = new_project(MODELS)
    return Built(project, project.dbt("run"))


def test_a_vector_is_an_array_of_the_length_of_its_model(built: Built) -> None:
    """NULL for a text that is NULL; zeros where no piece is known are a vector."""
    assert built.project.types("silver.vectors")["embedding"] == "FLOAT[256]"
    missing = built.project.rows("select id from silver.vectors where embedding is null")
    assert missing == [(4,)]


def test_an_envelope_holds_the_vector_and_who_made_it(built: Built) -> None:
    """As of every function; it has no time, for it is made anew each time."""
    told = built.project.rows(
        "select id, told.status, told.model, told.value = embedding, told.answered_at "
        "from silver.told inner join silver.vectors using (id) where id in (1, 4) order by id"
    )
    assert told == [(1, "ok", "wordllama", True, None), (4, "skipped", None, None, None)]


def test_vectors_at_hand_leave_no_trace_in_the_store(built: Built) -> None:
    """They are made in less time than a look-up takes."""
    assert built.project.calls() == 0
    assert built.project.store_rows("select count(*) from answers") == [(0,)]


def test_the_nearest_come_first(built: Built) -> None:
    """By meaning: no word of the query but one is in what is found; `k` and `where` hold."""
    assert {row[0] for row in built.project.rows("select id from gold.found")} == {1, 3}
    found = built.project.rows("select id, similarity from gold.found_where")
    assert found[0][0] == 3
    assert found == sorted(found, key=lambda row: -row[1])
    assert 4 not in dict(found)


def test_similarity_of_a_text_with_itself_is_one(built: Built) -> None:
    """A DOUBLE; NULL where there is no vector."""
    near = dict(built.project.rows("select id, near from gold.pairs"))
    assert near[1] == pytest.approx(1, abs=1e-6)
    assert near[4] is None


def test_words_count_beside_the_vectors(built: Built) -> None:
    """The rarer a word the more it says; case, accents and signs make no other word."""
    number = built.project.rows("select id, bm25 > 1 from gold.found_number")
    assert number[0] == (2, True)
    assert built.project.rows("select id from gold.found_cafe") == [(4,)]
    types = built.project.types("gold.found_number")
    assert [*types] == ["id", "body", "embedding", "similarity", "bm25"]
    assert types["bm25"] == "DOUBLE"


def test_bm25_is_what_the_formula_gives(built: Built) -> None:
    """k1 = 1.2, b = 0.75, over the texts that have words; computed by hand here."""
    (found,) = built.project.rows("select bm25 from gold.found_number where id = 2")
    length = 0.25 + 0.75 * 6 / ((6 + 6 + 7 + 3) / 4)
    weight = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))  # bestellung and 9020 are in two texts
    common = math.log(1 + (4 - 3 + 0.5) / (3 + 0.5))  # qx is in three
    assert found[0] == pytest.approx((2 * weight + common) * 2.2 / (1 + 1.2 * length))


def test_a_search_by_words_finds_what_no_word_is_in(built: Built) -> None:
    """The vectors go on alone; NULL is left out, and no row is no error."""
    found = built.project.rows("select id, bm25 from gold.found_no_word")
    assert {bm25 for _, bm25 in found} <= {None}
    assert 5 not in dict(found)
    assert built.project.rows("select * from gold.found_no_row") == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("wrong_pairs", "vectors of two models have nothing in common"),
        ("wrong_call", "vectors of two models have nothing in common"),
        ("wrong_length", "it is of type FLOAT[256], and the model of the query gives FLOAT[384]"),
        ("wrong_k", "ai_search: wrong `k` 0; give a whole number from 1 on"),
        ("wrong_query", 'ai_search: wrong `query` " "; give the text that is searched for'),
        ("wrong_words", "ai_search: wrong `words` true; name the column with the texts"),
        ("wrong_model", "has no embedding model 'no-such'; it has wordllama, minilm"),
    ],
)
def test_what_is_wrong_is_said_before_it_runs(built: Built, model: str, said: str) -> None:
    """Vectors of two models are refused at compile time, and so are wrong arguments."""
    assert said in built.run.message(model)


def test_an_endpoint_is_asked_once_for_all(
    new_project: Callable[..., Project], server: FaultServer
) -> None:
    """The whole column in one request; a query that is a text of it costs none."""
    models = {
        "bronze/notes.sql": NOTES,
        "silver/vectors.sql": EMBEDDED,
        "gold/found.sql": FOUND.format("vectors", "'the weather is nice today', k=1"),
    }
    asked = {"ASSAY_EMBEDDING_MODEL": "stub-vectors", "ASSAY_EMBEDDING_DIMENSIONS": "8"}
    project = new_project(models, **asking(server), **asked)
    run = project.dbt("run")
    assert run.code == 0, run.output
    assert project.types("silver.vectors")["embedding"] == "FLOAT[8]"
    assert project.rows("select id, round(similarity, 5) from gold.found") == [(2, 1.0)]
    assert [len(entry.records) for entry in server.ledger.entries] == [4]
