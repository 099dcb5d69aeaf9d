"""All six functions in dbt, ten rows each, against llama.cpp: what is answered, and what it took.

What a model of 135 million parameters answers is no matter. That every row is accounted for is,
and that nothing fails which the form of a reply can rule out.
"""

from __future__ import annotations

from collections import Counter

import pytest

from ..dbt.project import Project, table

pytestmark = pytest.mark.llamacpp

TEXTS = (
    "Order 4711 came late",
    "The tent leaks",
    "Boots too small, want a refund",
    "Great rope",
    "Do you have gas?",
    "Card charged twice",
    "Rude on the phone",
    "Login fails",
    "Thanks",
    "Lamp broke after a day",
)
LISTED = {
    "topic": "ai_classify('body', ['delivery', 'product', 'payment', 'other'], detail=true)",
    "unhappy": "ai_filter('body', 'Is the writer unhappy?', detail=true)",
    "mood": "ai_sentiment('body', detail=true)",
}
"""Answered from a list of values: no reply in the right form is wrong."""

WORDED = {
    "summary": "ai_summarize('body', max_words=8, detail=true)",
    "details": "ai_extract('body', ['order_number'], detail=true)",
    "quality": "ai_assess(['body'], rules=['the body is a sentence'], detail=true)",
}
"""Answered in words, which are looked at again: whether they are the text's, and few enough."""

MOST_REQUESTS, MOST_OUTPUT_TOKENS = 45, 5_500
"""29 and 3,719 were measured; without lengths in the schema it was 33 and 6,951."""

MOST_SECONDS = 900
"""On cores that others use; little more than a minute on free ones."""


def model(source: str, calls: dict[str, str]) -> str:
    """A model that asks all these about each row of another."""
    columns = ",\n".join(f"{{{{ {call} }}}} as {name}" for name, call in calls.items())
    made = "{{ config(materialized='table') }}"
    return f"{made}\nselect id, body, {columns} from {{{{ ref('{source}') }}}}"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, endpoint: dict[str, str]) -> Project:
    """The project after its build; packs are small, because a model that loops fills its room."""
    models = {
        "silver/notes.sql": "{{ config(materialized='table') }}\n"
        + table("id, body", *enumerate(TEXTS)),
        "silver/listed.sql": model("notes", LISTED),
        "silver/worded.sql": model("listed", WORDED),
    }
    env = endpoint | {"ASSAY_PACK_RECORDS": "5"}
    project = Project(tmp_path_factory.mktemp("six"), models, env, MOST_SECONDS)
    run = project.dbt("build")
    assert run.code == 0, run.output
    return project


def statuses(project: Project, name: str, column: str) -> Counter[str]:
    """How many rows of a column have which status."""
    return Counter(
        dict(project.rows(f"select {column}.status, count(*) from silver.{name} group by 1"))
    )


@pytest.mark.parametrize("column", LISTED)
def test_what_the_form_rules_out_does_not_happen(asked: Project, column: str) -> None:
    """Ten rows, ten answers."""
    assert statuses(asked, "listed", column) == {"ok": 10}


@pytest.mark.parametrize("column", WORDED)
def test_what_is_checked_is_answered_or_says_why_not(asked: Project, column: str) -> None:
    """Ten rows, none lost; an answer that is none has a reason and no value."""
    found = statuses(asked, "worded", column)
    assert found.total() == 10
    assert set(found) <= {"ok", "invalid"}
    odd = f"{column}.status <> 'ok' and ({column}.error is null or {column}.value is not null)"
    assert asked.rows(f"select count(*) from silver.worded where {odd}") == [(0,)]


def test_the_ledger_has_each_request_with_its_tokens(asked: Project) -> None:
    """Requests are few, and their counts are the server's."""
    [(requests, output, uncounted)] = asked.store_rows(
        "select count(*), sum(output_tokens), sum(input_tokens is null or output_tokens is null) "
        "from calls"
    )
    assert 1 <= requests <= MOST_REQUESTS
    assert output <= MOST_OUTPUT_TOKENS
    assert uncounted == 0
