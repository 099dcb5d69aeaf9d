"""Labels, field names, instructions and texts are data: never SQL, Jinja or a call of ours."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from assay.core.canonical import normalise
from assay.faultd import FaultServer, answer

from .project import REPOSITORY, Project, Run, asking

NAUGHTY = REPOSITORY / "../shared/data/naughty_strings/naughty_strings.jsonl"
ODD = "odd \"name'"
TABLE = "create table pwned as select 1"
HOSTILE = [
    "it's",
    'say "hi"',
    "''",
    '""',
    "'; " + TABLE + "; --",
    "'); " + TABLE + "; select ('",
    '"; ' + TABLE + "; --",
    f"$$; {TABLE}; $$",
    "' || read_text('/etc/hostname') || '",
    "{{ this }}",
    "{{ run_query('" + TABLE + "') }}",
    "{% do run_query('" + TABLE + "') %}",
    "{% raw %}",
    "{% endraw %}",
    "{# a comment #}",
    "}}",
    "-- a comment",
    "/* a comment */",
    "assay_ask_value",
    "assay_ask_envelope('x', 'y')",
    "assay_gather_value",
    "assay_task('{}')",
    "\\assay_ask_value",
    "\\u0061ssay_ask_value",
    "back\\slash\\",
    "two\nlines",
    "tab\there",
    "a,b;c|d",
    "a: b",
    "$1 ?",
    "%s %(name)s {name}",
    "${PATH} $(touch pwned) `touch pwned`",
    "<script>touch('pwned')</script> & more",
    "=cmd|' /C calc'!A0",
    "null",
    "true",
    "id",
    "answers",
    "Ünïcödé 漢字 😀",
    "e\u0301 in two characters",
    "zero\u200bwidth",
    "right \u202eto left",
    "../../etc/passwd",
    "x" * 500,
]


def naughty_strings() -> list[str]:
    """The big list of naughty strings, where its folder is there."""
    if not NAUGHTY.exists():
        pytest.skip("the folder of naughty strings is absent")
    with NAUGHTY.open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line)["text"] for line in lines]


def different(strings: Iterable[str]) -> list[str]:
    """The strings that may stand in one list of labels: not blank, each but once."""
    folded = {unicodedata.normalize("NFC", said).strip().casefold(): said for said in strings}
    return [said for key, said in folded.items() if key]


def jinja(value: Any) -> str:
    """A list or a string as a Jinja expression."""
    if isinstance(value, list):
        return f"[{', '.join(map(jinja, value))}]"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


@dataclass(frozen=True)
class Asked:
    """What was given as data, and what became of it."""

    texts: list[str]
    names: list[str]
    project: Project
    run: Run
    schemas: list[dict[str, Any]]
    sent: set[str]


@pytest.fixture(scope="module", params=["hostile", "naughty"])
def asked(request: pytest.FixtureRequest, new_project: Callable[..., Project]) -> Iterator[Asked]:
    """A build in which the strings are labels, field names, instructions and texts at once."""
    texts = HOSTILE if request.param == "hostile" else naughty_strings()
    names = different(texts)
    schemas: list[dict[str, Any]] = []

    def noted(text: str, schema: Any) -> Any:
        if schema not in schemas:
            schemas.append(schema)
        return answer(text, schema)

    with FaultServer(answer=noted, keep_texts=True) as server:
        project = new_project(models_of(names), **asking(server))
        project.set_variables(ai_labels={"given": names})
        project.load("raw.notes", **{"id": range(len(texts)), "body": texts, ODD: texts})
        run = project.dbt("build")
        sent = {text for entry in server.ledger.entries for text in entry.texts}
        yield Asked(texts, names, project, run, schemas, sent)


def models_of(names: list[str]) -> dict[str, str]:
    """Labels by the name of a set and inline; fields, aspects, instructions and rules inline."""
    listed, joined = jinja(names), jinja("\n".join(names))
    return {
        "bronze/notes.sql": "select * from raw.notes",
        "silver/labelled.sql": "select id, body, {{ ai_classify('body', 'given', detail=true) }} "
        "as label from {{ ref('notes') }}",
        "silver/labelled.yml": json.dumps(LABELLED),
        "silver/inline.sql": f"select id, {{{{ ai_classify('body', {listed}, multi=true) }}}} "
        "as labels from {{ ref('notes') }} where id < 3",
        "silver/fields.sql": f"select id, {{{{ ai_extract('body', {listed}) }}}} as found, "
        f"{{{{ ai_sentiment('body', aspects={listed}) }}}} as felt "
        "from {{ ref('notes') }} where id < 3",
        "silver/told.sql": f"select id, {{{{ ai_filter('body', {joined}, instructions={joined}, "
        f"examples=[{{'text': {joined}, 'answer': true}}]) }}}} as told, "
        f"{{{{ ai_assess([{jinja(ODD)}], rules={listed}) }}}} as judged "
        "from {{ ref('notes') }} where id < 3",
    }


GATE = {"ai_labels_in": {"arguments": {"labels": "given", "value": "label.value"}}}
LABELLED = {"models": [{"name": "labelled", "columns": [{"name": "label", "data_tests": [GATE]}]}]}


def test_g05_g06_the_build_passes(asked: Asked) -> None:
    """No string stops it, and the test of the labels accepts every label."""
    assert asked.run.code == 0, asked.run.output


def test_g05_g06_labels_reach_the_schema_as_they_were_given(asked: Asked) -> None:
    """Every label, in order, not a character more or less: by a set's name and inline."""
    single = [schema["enum"] for schema in asked.schemas if "enum" in schema]
    several = [schema["items"]["enum"] for schema in asked.schemas if "items" in schema]
    assert single == [asked.names]
    assert several == [asked.names]


def test_g05_g06_names_of_fields_and_aspects_reach_the_schema_as_they_were_given(
    asked: Asked,
) -> None:
    """The properties of both objects are the names."""
    objects = [schema["properties"] for schema in asked.schemas if "properties" in schema]
    named = [list(properties) for properties in objects if "quality_score" not in properties]
    assert named == [asked.names, asked.names]


def test_g05_names_become_names_in_the_warehouse(asked: Asked) -> None:
    """The keys of the struct are the names."""
    ((found, felt),) = asked.project.rows("select found, felt from silver.fields where id = 1")
    assert list(found) == asked.names
    assert list(felt) == asked.names


def test_g05_answers_are_labels_character_by_character(asked: Asked) -> None:
    """Every answer in the table is one of the given labels."""
    answers = asked.project.rows(
        "select distinct label.value from silver.labelled where label.status = 'ok'"
    )
    assert {label for (label,) in answers} <= set(asked.names)


def test_g06_instructions_questions_and_examples_are_kept_as_they_were_given(
    asked: Asked,
) -> None:
    """The store explains the question with the very strings."""
    joined = "\n".join(asked.names)
    specs = asked.project.store_rows("select spec from tasks where kind = 'filter'")
    told = json.loads(specs[0][0])
    assert (told["asked"], told["instructions"]) == (joined, joined)
    assert told["examples"][0]["text"] == joined


def test_p09_texts_go_out_and_come_back_as_they_were(asked: Asked) -> None:
    """What is sent is the normal form of each text; the table holds the text itself."""
    expected = {normalise(text) for text in asked.texts} - {""}
    assert {text for text in asked.sent if not text.startswith('{"odd ')} == expected
    rows = asked.project.rows("select body from silver.labelled order by id")
    assert [body for (body,) in rows] == asked.texts


def test_p09_nothing_was_run(asked: Asked) -> None:
    """No table and no file came out of a string."""
    assert asked.project.rows("select * from duckdb_tables() where table_name = 'pwned'") == []
    assert list(asked.project.root.rglob("pwned*")) == []
