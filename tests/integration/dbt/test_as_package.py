"""Macros and sets in a project that has Assay as a package, with bare names by thin macros."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.project.thin_macros import BARE, thin_macros

from .project import Project
from .test_places import in_folder

SETTINGS = """\
name: acme
profile: acme
flags: {send_anonymous_usage_stats: false}
models: {acme: {+materialized: table}}
"""
PROFILE = """\
acme:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: acme.duckdb
      plugins:
        - {module: assay.plugin, alias: assay, config: {store: .assay/store.sqlite}}
"""
CALLS = {
    "ai_assess": "['body']",
    "ai_classify": "'body', 'mood'",
    "ai_complete": "['body'], 'Reply to {body}', max_words=9",
    "ai_embed": "'body'",
    "ai_extract": "'body', 'gear'",
    "ai_filter": "'body', 'Is it glad?'",
    "ai_match": "'body', 'body', 'Are they the same?'",
    "ai_score": "'body', 'How urgent is it?'",
    "ai_sentiment": "'body'",
    "ai_similarity": "'[1, 2]::float[2]', '[2, 1]::float[2]'",
    "ai_summarize": "'body', max_words=5",
    "ai_translate": "'body', 'German'",
    "ai_verify": "'body', 'What is it about?', 'about'",
}
NOTES = """\
select 1 as id, 'I am glad of the tent' as body, body as text, '' as title,
    'https://acme.example.com/' as url
"""
EVIDENCE = {"ASSAY_EVIDENCE": "table", "ASSAY_EVIDENCE_TABLE": "main.notes"}
ASKED = "select body, {{{{ {0}{1}({2}) }}}} as answer from {{{{ ref('notes') }}}}"
OF_TABLES = {
    "ai_agg": "'body', 'What is it about?', ref('notes')",
    "ai_candidates": "ref('notes'), ref('notes'), 'body'",
    "ai_dedup": "ref('notes'), 'id', '(select 1 as key_a, 1 as key_b, null as outcome)'",
    "ai_search": "ref('ai_embed'), 'tent', 'answer'",
}
DUE = """\
{{ config(
    materialized='incremental', unique_key='id',
    post_hook="{{ ai_remove_gone('id', ref('notes')) }}"
) }}
{% set mood = ai_classify('body', labels='mood', detail=true) %}
select id, body, {{ mood }} as mood from {{ ref('notes') }}
where {{ ai_due('id', {'mood': mood}) }}
"""
CHECKED = """\
models:
  - name: due
    columns:
      - name: mood
        data_tests:
          - assay.ai_labels_in: {arguments: {labels: mood, value: mood.value}}
"""
LABELS = "{% macro ai_labels() %}\nmood:\n  glad: praise\n  cross: complaints\n{% endmacro %}\n"
FIELDS = "{% macro ai_fields() %}\ngear: things that the customer owns\n{% endmacro %}\n"


def write(root: Path, files: dict[str, str]) -> None:
    """Write files below a folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of another name beside the package, which dbt has parsed without any set."""
    folder = tmp_path_factory.mktemp("beside")
    Project(folder / "assay")
    root = folder / "acme"
    given = {
        "dbt_project.yml": SETTINGS,
        "profiles.yml": PROFILE,
        "packages.yml": "packages: [{local: ../assay}]\n",
        "models/notes.sql": NOTES,
    }
    write(root, given)
    project = in_folder(root, {"ASSAY_DATABASE": "acme.duckdb", **EVIDENCE})
    for command in ("deps", "parse"):
        run = project.dbt(command)
        assert run.code == 0, run.output
    write(root, {"macros/ai_labels.sql": LABELS, "macros/ai_fields.sql": FIELDS})
    write(
        root, {f"models/{name}.sql": ASKED.format("assay.", name, CALLS[name]) for name in CALLS}
    )
    return project


def test_a_set_that_came_after_the_parse_is_seen(acme: Project) -> None:
    """Every function builds; dbt parsed the files that are new."""
    run = acme.dbt("build")
    assert run.code == 0, run.output
    assert {*CALLS, "notes"} <= set(run.statuses())
    assert acme.rows("select answer in ('glad', 'cross') from main.ai_classify") == [(True,)]
    assert acme.types("main.ai_extract")["answer"] == "VARCHAR[]"


def test_nothing_of_the_shop_comes_along(acme: Project) -> None:
    """Neither its sets nor its names of schemas."""
    write(acme.root, {"models/shop.sql": ASKED.format("assay.", "ai_classify", "'body', 'topic'")})
    run = acme.dbt("parse")
    (acme.root / "models/shop.sql").unlink()
    assert run.code == 2
    assert "no such set; there are: mood; correct the name" in " ".join(run.output.split())


def test_a_profile_that_is_called_as_ours_is_told(acme: Project) -> None:
    """Before anything of the shop is built in it."""
    files = {"dbt_project.yml": SETTINGS, "profiles.yml": PROFILE}
    ours = {
        file: text.replace("profile: acme", "profile: assay").replace("acme:\n  t", "assay:\n  t")
        for file, text in files.items()
    }
    write(acme.root, ours)
    run = acme.dbt("parse")
    write(acme.root, files)
    assert run.code == 2
    said = 'assay: wrong `profile` "assay"; under this name the sample business comes along'
    assert said in " ".join(run.output.split())


def test_thin_macros_make_the_bare_names_known(acme: Project) -> None:
    """All functions, and what stands beside them, with arguments by place and by name."""
    chunked = "select * from {{ ai_chunks(ref('notes'), 'body', key='body') }}"
    write(acme.root, {"models/bare_ai_chunks.sql": chunked})
    write(acme.root, {"macros/assay.sql": thin_macros()})
    write(acme.root, {"models/due.sql": DUE, "models/due.yml": CHECKED})
    bare = {f"models/bare_{name}.sql": ASKED.format("", name, CALLS[name]) for name in CALLS}
    write(acme.root, bare)
    of_tables = {f"models/bare_{n}.sql": f"{{{{ {n}({OF_TABLES[n]}) }}}}" for n in OF_TABLES}
    write(acme.root, of_tables)
    for _ in range(2):
        run = acme.dbt("build")
        assert run.code == 0, run.output
    assert {*BARE} == {*CALLS, *OF_TABLES, "ai_chunks", "ai_due", "ai_remove_gone"}
    asked = acme.rows("select answer from main.ai_classify")
    assert acme.rows("select answer from main.bare_ai_classify") == asked
    assert acme.rows("select mood.value from main.due") == asked
    assert "pass" in {run.statuses()[name] for name in run.statuses() if "ai_labels_in" in name}


def test_a_wrong_argument_of_a_bare_call_is_named(acme: Project) -> None:
    """As where Assay is at home."""
    write(acme.root, {"macros/assay.sql": thin_macros()})
    wrong = ASKED.format("", "ai_classify", "'body', ['a', 'A']")
    write(acme.root, {"models/wrong.sql": wrong})
    run = acme.dbt("parse")
    (acme.root / "models/wrong.sql").unlink()
    assert 'ai_classify: wrong `labels` "A"; it is there twice.' in run.output
