"""All functions in all their forms: the SQL types, the values, and what is sent for them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from assay.faultd import FaultServer, answer

from .project import Project, Run, asking, table

TEXTS = ("the tent leaks", "glad about the rope", "not sure what the parcel is")
NOTES = table(
    "id, title, body, country",
    *((at, f"title {at}", text, "GB") for at, text in enumerate(TEXTS, start=1)),
    (4, None, None, None),
    (5, "", " \t ", " "),
    (6, "\u200b", "\u00a0\n", None),
)
TYPED_FIELDS = """{
    'name': 'text', 'amount': 'integer', 'price': 'number', 'open': 'boolean', 'due': 'date',
    'at': 'timestamp', 'words': ['text'], 'sizes': ['integer'], 'days': ['date'],
    'wish': ['refund', 'repair'], 'with "quote"': {'type': 'text', 'description': 'odd'}
}"""
TYPED_TYPE = (
    'struct("name" varchar, amount bigint, price double, "open" boolean, due date, '
    '"at" timestamp, words varchar[], sizes bigint[], days date[], wish varchar, '
    '"with ""quote""" varchar)'
)
TYPED_ANSWER = {
    "name": None, "amount": 3, "price": 9.5, "open": True, "due": "2026-02-28",
    "at": "2026-02-28T12:30:00", "words": ["the"], "sizes": [1, 2], "days": ["2026-01-01"],
    "wish": "repair", 'with "quote"': None,
}  # fmt: skip
TYPED_VALUE = TYPED_ANSWER | {
    "due": datetime.date(2026, 2, 28),
    "at": datetime.datetime(2026, 2, 28, 12, 30),  # noqa: DTZ001 - SQL timestamps have no zone
    "days": [datetime.date(2026, 1, 1)],
}
ASSESSMENT = """struct(
    quality_score integer, missing_fields varchar[],
    normalizations struct("field" varchar, "from" varchar, "to" varchar)[], category varchar
)"""
ENVELOPE = """struct(
    "value" {}, status varchar, error varchar, confidence double, model varchar,
    prompt_hash varchar, answered_at timestamp
)"""
FORMS = {
    "label_of_list": ("ai_classify('body', ['good', 'bad', 'odd'])", "varchar"),
    "label_of_mapping": ("ai_classify('body', {'good': 'praise', 'bad': none})", "varchar"),
    "label_of_set": ("ai_classify('body', 'segment')", "varchar"),
    "labels": ("ai_classify('body', ['good', 'bad', 'odd'], multi=true)", "varchar[]"),
    "label_of_columns": ("ai_classify(['title', 'body'], ['good', 'bad'])", "varchar"),
    "label_of_expression": ("ai_classify('upper(body)', ['a', 'b'])", "varchar"),
    "values_of_name": ("ai_extract('body', 'gear')", "varchar[]"),
    "values_of_text_set": ("ai_extract('body', 'places')", "varchar[]"),
    "fields_of_list": (
        "ai_extract('body', ['gear', 'mood'])",
        "struct(gear varchar, mood varchar)",
    ),
    "fields_of_set": (
        "ai_extract('body', 'interests')",
        "struct(activities varchar[], products varchar[])",
    ),
    "fields_of_types": (f"ai_extract('body', {TYPED_FIELDS})", TYPED_TYPE),
    "fields_implied": ("ai_extract('body', ['mood'], grounded=false)", "struct(mood varchar)"),
    "score": ("ai_sentiment('body')", "double"),
    "aspects": (
        "ai_sentiment('body', aspects=['price', 'fit'])",
        "struct(price varchar, fit varchar)",
    ),
    "summary": ("ai_summarize('body')", "varchar"),
    "short_summary": ("ai_summarize('body', max_words=5)", "varchar"),
    "reply": ("ai_complete('body', 'Write a reply.', max_words=9)", "varchar"),
    "letter": ("ai_complete(['title', 'body'], 'On {title}: {body}; {{x}}')", "varchar"),
    "german": ("ai_translate('body', 'German')", "varchar"),
    "from_english": ("ai_translate('body', 'German', source='English')", "varchar"),
    "urgency": ("ai_score('body', 'How urgent is it?')", "double"),
    "stars": ("ai_score('body', 'How glad?', low=1, high=5)", "double"),
    "is_glad": ("ai_filter('body', 'Is it glad?')", "boolean"),
    "same_as_title": ("ai_match('title', 'body', 'Are they the same?')", "varchar"),
    "assessment": ("ai_assess(['title', 'country'])", ASSESSMENT),
    "ruled": ("ai_assess(['title', 'country'], rules=['no blanks'])", ASSESSMENT),
    "ruled_by_column": ("ai_assess(['country'], rules={'country': 'two letters'})", ASSESSMENT),
    "instructed": ("ai_filter('body', 'Is it glad?', instructions='Be bold.')", "boolean"),
    "exemplified": (
        "ai_filter('body', 'Is it glad?', examples=[{'text': 'hooray', 'answer': true}])",
        "boolean",
    ),
    "exemplified_by_tuple": (
        "ai_extract('body', 'gear', examples=[{'text': 'a rope', 'answer': ('rope',)}])",
        "varchar[]",
    ),
    "exemplified_by_set": ("ai_filter('body', 'Is it glad?', examples='glad')", "boolean"),
    "of_other_model": ("ai_filter('body', 'Is it glad?', model='other')", "boolean"),
    "isolated": ("ai_sentiment('reverse(body)', isolate=true)", "double"),
}
SQL_TYPES = {name: sql_type for name, (_, sql_type) in FORMS.items()}


def spelled(sql_type: str) -> str:
    """A SQL type as DuckDB spells it."""
    with duckdb.connect() as connection:
        return str(connection.execute(f"select typeof(cast(null as {sql_type}))").fetchall()[0][0])


def told(text: str, schema: Any) -> Any:
    """The stub's answer, but for the questions whose answers the tests want to know."""
    if set(schema.get("properties", ())) == set(TYPED_ANSWER):
        return TYPED_ANSWER
    if schema.get("type") == ["boolean", "null"]:
        return None if "not sure" in text else "glad" in text
    return answer(text, schema)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server whose answers to yes-or-no questions are known."""
    with FaultServer(answer=told, keep_texts=True) as running:
        yield running


@dataclass(frozen=True)
class Built:
    """The project after its run, with what it sent."""

    project: Project
    run: Run
    requests: tuple[Any, ...]
    paid_twice: int


def reverse(text: str) -> str:
    """As the function of SQL."""
    return text[::-1]


def forms(detail: str) -> str:
    """A model with a column for each form."""
    calls = {name: f"{{{{ {call[:-1]}{detail}) }}}}" for name, (call, _) in FORMS.items()}
    columns = ",\n".join(f"{call} as {name}" for name, call in calls.items())
    return f"select id, {columns} from {{{{ ref('notes') }}}}"


SHAPES = {
    "plain": "select id, {call} as is_glad from notes",
    "kept": "select id from notes where {call}",
    "kept_and_shown": "select id, {call} as is_glad from notes where {call}",
    "twice": "select id, {call} as one, {call} as other from notes",
    "joined": (
        "with asked as (select id, {call} as is_glad from notes) "
        "select a.id, b.is_glad from asked as a inner join asked as b on a.id = b.id"
    ),
    "united": "select id, {call} as is_glad from notes union all select id, {call} from notes",
    "ordered": "select id, {call} as is_glad from notes order by {call}, id limit 2",
    "chosen": "select id, case when {call} then 'yes' else 'no' end as is_glad from notes",
    "grouped": "select {call} as is_glad, count(*) as row_count from notes group by 1",
    "constant": "select ai_constant from (select {constant} as ai_constant) as one_row",
    "viewed": "{{{{ config(materialized='view') }}}} select id, {call} as is_glad from notes",
}


def shape(sql: str) -> str:
    """A model that asks the same question in one of the shapes."""
    called = sql.format(
        call="{{ ai_filter('body', 'Is it glad?') }}",
        constant="{{ ai_filter(\"'the tent leaks'\", 'Is it glad?') }}",
    )
    return called.replace("from notes", "from {{ ref('notes') }} as notes")


@pytest.fixture(scope="module")
def built(asking_project: Callable[..., Project], server: FaultServer) -> Built:
    """All forms, bare and in detail, built in one run."""
    project = asking_project(
        {
            "bronze/notes.sql": NOTES,
            "silver/bare.sql": forms(""),
            "silver/detailed.sql": forms(", detail=true"),
        }
    )
    project.set_sets(
        fields={
            "places": "names of places",
            "interests": {"activities": ["text"], "products": {"type": ["text"]}},
        },
        examples={"glad": [{"text": "hooray", "answer": True}]},
    )
    server.reset()
    run = project.dbt("run")
    paid_twice = server.summary()["paid_more_than_once"]
    return Built(project, run, tuple(server.ledger.entries), paid_twice)


def test_every_form_builds(built: Built) -> None:
    """Both models are there."""
    assert built.run.code == 0, built.run.output


@pytest.mark.parametrize("form", FORMS)
def test_a_bare_value_has_its_type(built: Built, form: str) -> None:
    """The type is the one that docs/functions.md gives."""
    assert built.project.types("silver.bare")[form] == spelled(SQL_TYPES[form])


@pytest.mark.parametrize("form", FORMS)
def test_an_envelope_holds_the_value_and_how_it_came_about(built: Built, form: str) -> None:
    """The same value as without `detail`, with status ok, model, question and time."""
    expected = spelled(ENVELOPE.format(SQL_TYPES[form]))
    assert built.project.types("silver.detailed")[form] == expected
    offenders = built.project.rows(
        f"select d.id, d.{form} from silver.detailed as d inner join silver.bare as b using (id) "
        f"where id <= 3 and (d.{form}.value is distinct from b.{form} or d.{form}.status <> 'ok' "
        f"or d.{form}.error is not null or d.{form}.model is null "
        f"or length(d.{form}.prompt_hash) <> 32 or d.{form}.answered_at is null)"
    )
    assert offenders == []


@pytest.mark.parametrize("form", FORMS)
def test_a_blank_text_is_skipped(built: Built, form: str) -> None:
    """NULL and blank texts give NULL, with status skipped and no error."""
    rows = built.project.rows(
        f"select b.{form}, d.{form}.value, d.{form}.status, d.{form}.error "
        "from silver.detailed as d inner join silver.bare as b using (id) where id > 3"
    )
    assert rows == [(None, None, "skipped", None)] * 3


def test_blank_texts_are_never_sent(built: Built) -> None:
    """Only rows with something in them reached the server, in each way they were asked."""
    sent = {text for entry in built.requests for text in entry.texts}
    texts = {form(text) for text in TEXTS for form in (str, str.upper, reverse)}
    records = {text for text in sent if text.startswith("{")}
    assert sent - records == texts
    assert len(records) == 3 * len(TEXTS) + 1


def test_bare_and_detailed_share_their_answers(built: Built) -> None:
    """Two models with the same questions about the same texts pay once."""
    assert built.paid_twice == 0


def test_typed_fields_come_as_values_of_their_types(built: Built) -> None:
    """Dates are dates, lists are lists, and what the text lacks is NULL."""
    assert built.project.rows("select fields_of_types from silver.bare where id = 1") == [
        (TYPED_VALUE,)
    ]


def test_yes_no_and_cannot_tell_stay_apart(built: Built) -> None:
    """Cannot tell is NULL with status ok, not false."""
    rows = built.project.rows(
        "select is_glad.value, is_glad.status from silver.detailed where id <= 3 order by id"
    )
    assert rows == [(False, "ok"), (True, "ok"), (None, "ok")]


def test_instructions_and_examples_make_another_question(built: Built) -> None:
    """Both are part of the question, and the same examples under a name are the same."""
    ((bare, instructed, exemplified, by_set),) = built.project.rows(
        "select distinct is_glad.prompt_hash, instructed.prompt_hash, exemplified.prompt_hash, "
        "exemplified_by_set.prompt_hash from silver.detailed"
    )
    assert len({bare, instructed, exemplified}) == 3
    assert exemplified == by_set


def test_a_model_of_its_own_is_asked(built: Built) -> None:
    """The override reaches the endpoint and the envelope; the question stays the same."""
    rows = built.project.rows(
        "select distinct of_other_model.model, is_glad.model, "
        "of_other_model.prompt_hash = is_glad.prompt_hash from silver.detailed where id <= 3"
    )
    assert rows == [("other", "stub", True)]


def test_g01_an_isolated_text_travels_alone(built: Built) -> None:
    """No other record is in the request of an isolated one; others are packed."""
    alone = {reverse(text) for text in TEXTS}
    packs = [set(entry.texts) for entry in built.requests]
    assert all(len(pack) == 1 for pack in packs if pack & alone)
    assert set(TEXTS) in packs


def test_a_list_of_columns_is_one_json_object(built: Built) -> None:
    """The names of the columns travel with their values, and no other columns do."""
    sent = {text for entry in built.requests for text in entry.texts}
    assert '{"title":"title 1","body":"the tent leaks"}' in sent
    assert '{"title":"title 1","country":"GB"}' in sent


@dataclass(frozen=True)
class Shaped:
    """The project of shapes after its run, with what was paid."""

    project: Project
    run: Run
    bill: dict[str, Any]


@pytest.fixture(scope="module")
def shaped(asking_project: Callable[..., Project], server: FaultServer) -> Shaped:
    """One question in many shapes of SQL, and a table that reads the view twice."""
    models = {f"silver/{name}.sql": shape(sql) for name, sql in SHAPES.items()}
    twice_viewed = (
        "select a.id, b.is_glad from {{ ref('viewed') }} as a "
        "inner join {{ ref('viewed') }} as b on a.id = b.id"
    )
    project = asking_project(
        {"bronze/notes.sql": NOTES, "gold/twice_viewed.sql": twice_viewed} | models
    )
    server.reset()
    run = project.dbt("run", **asking(server))
    return Shaped(project, run, server.summary())


def test_e03_a_text_is_paid_once_whatever_the_shape_of_the_query(shaped: Shaped) -> None:
    """However often DuckDB evaluates the function, there is one answer for each text."""
    assert shaped.run.code == 0, shaped.run.output
    assert shaped.bill["paid_answers"] == len(TEXTS)


def test_a_filter_in_where_keeps_only_what_is_true(shaped: Shaped) -> None:
    """False, cannot tell and blank rows go."""
    assert shaped.project.rows("select id from silver.kept") == [(2,)]
    assert shaped.project.rows("select * from silver.kept_and_shown") == [(2, True)]


@pytest.mark.parametrize("name", ["plain", "joined", "twice_viewed"])
def test_every_shape_gives_each_row_its_answer(shaped: Shaped, name: str) -> None:
    """Answers land on their own rows."""
    schema = "gold" if name == "twice_viewed" else "silver"
    rows = shaped.project.rows(f"select id, is_glad from {schema}.{name} order by id")
    assert rows == [(1, False), (2, True), (3, None), (4, None), (5, None), (6, None)]


def test_many_questions_about_one_text_are_all_answered(
    asking_project: Callable[..., Project],
) -> None:
    """There is no limit to the AI columns of a model."""
    columns = [f"{{{{ ai_filter('body', 'Question {at}?') }}}} as q{at}" for at in range(60)]
    project = asking_project(
        {
            "bronze/notes.sql": NOTES,
            "silver/many.sql": f"select id, {', '.join(columns)} from {{{{ ref('notes') }}}}",
        }
    )
    run = project.dbt("run")
    assert run.code == 0, run.output
    assert project.rows("select q0, q59 from silver.many where id = 2") == [(True, True)]


TYPED_TEXTS = """\
select * from (values
    (1, date '2026-02-28', 7, {'a': 1}, json('{"b":2}')), (2, null, null, null, null)
) as given (id, day, amount, pair, document)
"""
SAID = {"day": "2026-02-28", "amount": "7", "pair": "{'a': 1}", "document": '{"b":2}'}


def test_what_is_no_text_is_asked_about_as_text(
    asking_project: Callable[..., Project], server: FaultServer
) -> None:
    """A date, a number, a struct and JSON are cast, NULL stays NULL, and planning asks nothing."""
    calls = ", ".join(
        f"{{{{ ai_classify('{name}', ['a', 'b'], detail=true) }}}} as {name}" for name in SAID
    )
    constant = "ai_classify('date_trunc($$year$$, date $$2026-05-05$$)', ['a', 'b'])"
    project = asking_project(
        {
            "bronze/typed_texts.sql": TYPED_TEXTS,
            "silver/explained.sql": (
                f"{{{{ config(pre_hook='explain select ' ~ {constant}) }}}} select 1 as one"
            ),
            "silver/typed.sql": (
                f"select id, {calls}, {{{{ {constant} }}}} as one "
                "from {{ ref('typed_texts') }}"
            ),
        }
    )
    server.reset()
    assert project.dbt("run", "--exclude", "typed").code == 0
    assert server.summary()["requests"] == 0
    run = project.dbt("run")
    assert run.code == 0, run.output
    sent = {text for entry in server.ledger.entries for text in entry.texts}
    rows = project.rows(f"select {', '.join(f'{n}.status' for n in SAID)} from silver.typed")
    assert sent == {*SAID.values(), "2026-01-01 00:00:00"}
    assert rows == [("ok",) * 4, ("skipped",) * 4]
