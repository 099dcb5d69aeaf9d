"""What is redacted is nowhere but in the warehouse: not on the wire, in the store, in any file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from assay.faultd import FaultServer

from .project import Project, Run, asking

CANARIES = {
    "email": "canary.one@mail.example",
    "phone": "+44 20 7946 0958",
    "card": "4111 1111 1111 1111",
    "iban": "GB82 WEST 1234 5698 7654 32",
    "address": "742 Evergreen Terrace, Springfield, IL 62704",
}
WHOLE = "; ".join(CANARIES.values())
SENT = "[EMAIL_1]; [PHONE_1]; [CARD_1]; [IBAN_1]; [ADDRESS_1]"
BODIES = [f"{canary} fine" for canary in CANARIES.values()] + [WHOLE, f"POISON {WHOLE}"]
MODEL = """\
select
    id,
    body,
    {{ ai_extract('body', 'contact', detail=true) }} as found,
    {{ ai_summarize('body', detail=true) }} as gist,
    {{ ai_assess(['body'], detail=true) }} as judged,
    {{ ai_classify('body', ['good', 'bad'], redact=['phone']) }} as topic

from {{ ref('notes') }}
"""
EVERYTHING = {"ASSAY_REDACT": ",".join(CANARIES)}


@dataclass(frozen=True)
class Built:
    """A project that was built under redaction, and what the endpoint was sent."""

    project: Project
    run: Run
    server: FaultServer
    env: dict[str, str]


@pytest.fixture(scope="module")
def built(new_project: Callable[..., Project], server: FaultServer) -> Built:
    """One row for each kind, one with all, and one that the model refuses; refusals keep texts."""
    project = new_project(
        {
            "bronze/notes.sql": "select * from raw.notes",
            "silver/read.sql": "{{ config(materialized='table') }}\n" + MODEL,
        }
    )
    project.load("raw.notes", id=[*range(len(BODIES))], body=BODIES)
    kept = {"ASSAY_STORE_INPUTS": "true", "ASSAY_MAX_FAILED_SHARE": "1"}
    env = asking(server, "refusetext", **kept, **EVERYTHING)
    return Built(project, project.dbt("--debug", "run", **env), server, env)


def assay(built: Built, *arguments: str) -> str:
    """What a command of ours prints."""
    done = built.project.run("assay", *arguments, env=built.env, merged=True)
    assert done.code == 0, done.out
    return done.out


def held(text: str) -> list[str]:
    """The kinds of which a text holds the canary."""
    plain = text.replace('\\"', '"')
    return [kind for kind, canary in CANARIES.items() if canary in plain]


def test_nothing_of_it_is_anywhere_but_in_the_warehouse(built: Built) -> None:
    """On the wire, in store, journal, dead letters, logs, artifacts, report, nor said."""
    assert built.run.code == 0, built.run.output
    sent = "\n".join(str(entry.as_json()) for entry in built.server.ledger.entries)
    assert SENT in sent
    assert held(sent) == []
    letter, *_ = json.loads(assay(built, "dead-letters", "list", "--kind", "summarize", "--json"))
    shown = assay(built, "dead-letters", "show", letter["key"], "--text")
    assert f"POISON {SENT}" in shown
    assert held(shown) == []
    assay(built, "report")
    assert held(built.run.output) == []
    root = built.project.root
    files = [path for path in root.rglob("*") if path.is_file() and "warehouse" not in path.name]
    assert built.project.store in files
    told = {path: held(path.read_bytes().decode("utf-8", "replace")) for path in files}
    assert {path: kinds for path, kinds in told.items() if kinds} == {}


OTHER_WAYS = {
    "embedded": "select {{ ai_embed('body', model='stub-vectors') }} as v from {{ ref('notes') }}",
    "agreed": "{{ ai_agg('body', 'What is said?', ref('notes')) }}",
    "matched": (
        "select {{ ai_match(['a.body'], ['b.body'], 'The same?') }} as m"
        " from {{ ref('notes') }} as a inner join {{ ref('notes') }} as b on a.id + 1 = b.id"
    ),
    "verified": (
        "{{ config(materialized='table') }} -- depends_on: {{ ref('pages') }}\n"
        "select {{ ai_verify('body', 'Who is it?', {'name': 'text'}, detail=true) }} as told"
        " from {{ ref('notes') }}"
    ),
}


@pytest.mark.whole
def test_nothing_of_it_leaves_by_any_other_way(
    new_project: Callable[..., Project], server: FaultServer
) -> None:
    """As a vector, in a sum of rows, in a pair, and as evidence that a table of ours gives."""
    models = {f"silver/{name}.sql": sql for name, sql in OTHER_WAYS.items()}
    pages = "select 'https://a.example/' as url, body as title, 'fine ' || body as text"
    models |= {"bronze/notes.sql": "select * from raw.notes"}
    models |= {"bronze/pages.sql": f"{pages} from {{{{ ref('notes') }}}}"}
    project = new_project(models)
    project.load("raw.notes", id=[*range(len(BODIES))], body=BODIES)
    vectors = {"ASSAY_EMBEDDING_MODEL": "stub-vectors", "ASSAY_EMBEDDING_DIMENSIONS": "8"}
    found = {"ASSAY_EVIDENCE": "table", "ASSAY_EVIDENCE_TABLE": "bronze.pages"}
    kept = {"ASSAY_STORE_INPUTS": "true", "ASSAY_MAX_FAILED_SHARE": "1"}
    before = len(server.ledger.entries)
    run = project.dbt(
        "--debug", "run", **asking(server, "good", **EVERYTHING, **vectors, **found, **kept)
    )
    assert run.code == 0, run.output
    sent = [str(entry.as_json()) for entry in server.ledger.entries[before:]]
    assert len(sent) >= len(OTHER_WAYS)
    assert any("fine [EMAIL_" in one for one in sent)
    assert held("\n".join(sent) + run.output) == []
    files = [p for p in project.root.rglob("*") if p.is_file() and "warehouse" not in p.name]
    told = {path: held(path.read_bytes().decode("utf-8", "replace")) for path in files}
    assert {path: kinds for path, kinds in told.items() if kinds} == {}


def test_the_table_has_the_values_of_its_rows(built: Built) -> None:
    """Each row its own, and no mark; what was refused has none."""
    rows = built.project.rows(
        "select body, gist.value, found.value, judged.value.normalizations, gist.status "
        "from silver.read where body not like 'POISON%'"
    )
    assert {status for *_, status in rows} == {"ok"}
    assert all(gist in body for body, gist, *_ in rows)
    assert all(one in body for body, _, found, *_ in rows for one in found)
    assert "_1]" not in str(rows)
    assert any(held(gist) for _, gist, *_ in rows)


def test_a_plan_counts_what_is_redacted(built: Built) -> None:
    """By kind, for each model, of the texts that are to be sent."""
    built.project.load("raw.notes", id=[1, 2, 3], body=["new@x.org", "new@y.org a@b.co", "none"])
    assert "Redacted in read: 6 email." in assay(built, "plan")


def test_explain_shows_what_was_sent(built: Built) -> None:
    """Where a text may be shown at all."""
    row = ("explain", "silver.read", "--where", "id = 5", "--column", "gist")
    assert SENT in assay(built, *row, "--show-text")
    hidden = assay(built, *row)
    assert SENT not in hidden
    assert held(hidden) == []


def test_forget_finds_what_was_asked_under_redaction(built: Built) -> None:
    """By the text of the row, whatever was set when it was asked."""
    told = json.loads(
        assay(built, "forget", "--sql", "select body from silver.read where id = 5", "--json")
    )
    (answers,) = [line for line in told if line["where"] == "store answers"]
    assert (answers["state"], answers["rows"]) == ("removed", 3)  # the record is another text


INCREMENTAL = """\
{{ config(materialized='incremental', unique_key='id') }}
{%- set gist = ai_summarize('body', detail=true) %}
select
    id,
    body,
    {{ gist }} as gist

from {{ ref('notes') }}
where {{ ai_due('id', {'gist': gist}) }}
"""


@pytest.mark.whole
def test_ai_due_compares_values_and_asks_about_marks(
    new_project: Callable[..., Project], server: FaultServer
) -> None:
    """A second run asks nobody, nor does another value of the same kind; its row is new."""
    project = new_project(
        {"bronze/notes.sql": "select * from raw.notes", "silver/read.sql": INCREMENTAL}
    )
    env = asking(server, "good", **EVERYTHING)
    project.load("raw.notes", id=[1, 2], body=["a@x.org", "Call 555-123-4567"])
    assert project.dbt("run", **env).code == 0
    asked, held_then = project.calls(), project.state("silver")
    assert project.rows("select gist.value from silver.read where id = 1") == [("a@x.org",)]
    assert project.dbt("run", **env).code == 0
    assert (project.calls(), project.state("silver")) == (asked, held_then)
    project.load("raw.notes", id=[1, 2], body=["b@y.org", "Call 555-123-4567"])
    assert project.dbt("run", **env).code == 0
    assert project.rows("select gist.value from silver.read where id = 1") == [("b@y.org",)]
    assert project.calls() == asked
    fewer = env | {"ASSAY_REDACT": "email"}
    assert project.dbt("run", **fewer).code == 0
    assert project.calls() == asked + 1
    sent = [text for entry in server.ledger.entries for text in entry.texts]
    assert sorted(sent[-3:]) == ["Call 555-123-4567", "Call [PHONE_1]", "[EMAIL_1]"]
