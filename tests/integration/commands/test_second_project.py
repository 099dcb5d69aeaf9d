"""A project whose profile says where its warehouse and its store are, called from elsewhere.

Every command looks where dbt looks; what is wrong is said before dbt reads anything.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ..dbt.project import Project
from ..gates.assay_line import Said

PROFILE = """\
acme:
  target: dev
  outputs:
    dev: &dev
      type: duckdb
      path: build/acme.duckdb
      threads: 2
      plugins:
        - module: assay.plugin
          alias: assay
          config: {provider: local, store: answers/acme.sqlite, publish: out, pack_records: 3}
    other:
      <<: *dev
      path: build/other.duckdb
"""
ODD = '{{ env_var("BUILD", "build") }}/acme.duckdb'
OLD = """\
acme:
  outputs:
    default:
      type: duckdb
      path: build/acme.duckdb
      plugins:
        - module: assay.plugin
          config:
            store: "{{ env_var('ASSAY_STORE', '.assay/store.sqlite') }}"
            max_requests: "{{ env_var('ASSAY_MAX_REQUESTS', '') }}"
"""
MODELS = {
    "silver/notes.sql": "{{ config(materialized='table') }} select i as id, "
    "{{ ai_sentiment(\"'what a day ' || i\", detail=true) }} as mood from range(4) as r(i)",
    "gold/moods.sql": "select count(*) as row_count from {{ ref('notes') }}",
}


def acme(folder: Path, profile: str = PROFILE) -> Project:
    """The project, in a folder beside the one from which it is called."""
    project = Project(folder / "acme", MODELS)
    settings = project.root / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("profile: assay", "profile: acme").replace("== 'assay'", "== 'acme'")
    settings.write_text(text, encoding="utf-8")
    (project.root / "profiles.yml").write_text(profile, encoding="utf-8")
    for name in (project.root / "build", folder / "elsewhere"):
        name.mkdir()
    return project


def called(project: Project, *arguments: str, **env: str) -> Said:
    """What a command says that is called from elsewhere, by the path of the project."""
    where = ("--project-dir", "../acme")
    cwd = project.root.parent / "elsewhere"
    done = project.run("assay.cli.main", *arguments, *where, env=env, cwd=cwd)
    return Said(done.code, done.out, done.err)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after a build from elsewhere."""
    project = acme(tmp_path_factory.mktemp("second"))
    said = called(project, "build")
    assert said.code == 0, said.out + said.err
    assert "There is nothing in out yet." in said.out  # nothing checks it
    return project


def test_a_build_writes_where_the_profile_says(built: Project) -> None:
    """And nowhere else: neither where the shell is, nor where the shipped profile would."""
    root = built.root
    with duckdb.connect(str(root / "build" / "acme.duckdb"), read_only=True) as connection:
        assert connection.execute("from gold.moods").fetchall() == [(4,)]
    assert (root / "answers" / "acme.sqlite").exists()
    assert list((root.parent / "elsewhere").iterdir()) == []
    assert not (root / ".assay").exists()
    assert not (root / "warehouse.duckdb").exists()


def test_every_command_looks_at_that_warehouse_and_that_store(built: Project) -> None:
    """What each says holds of this project alone."""
    spent = called(built, "spend", "--json").json
    assert (spent["total"]["answers"], spent["total"]["requests"]) == (4, 2)  # packs of three
    assert len(called(built, "calls", "--json").json) == 2
    asked = called(built, "query", "select row_count from gold.moods", "--json").json
    assert asked == [{"row_count": 4}]
    planned = called(built, "plan", "--json").json
    assert (planned["total"]["rows"], planned["total"]["requests"]) == (4, 0)
    assert called(built, "publish", "--check").out == "There is nothing in out yet.\n"
    assert called(built, "dead-letters", "list").code == 0
    (page,) = called(built, "report", "--json").json["files"]
    assert (built.root / page).exists()
    looked = called(built, "doctor", "--json")
    assert looked.out, looked.err
    found = looked.json["findings"]
    texts = "\n".join(one["text"] for one in found)
    assert f"{built.root / 'answers' / 'acme.sqlite'}, " in texts
    assert "acme.dev of ../acme/profiles.yml" in texts or "acme.dev of" in texts
    assert "build/acme.duckdb, " in texts
    assert "ASSAY_PACK_RECORDS=3 (profile)." in texts


def test_a_target_has_a_warehouse_of_its_own(built: Project) -> None:
    """By option or variable; both share the store."""
    for arguments, env in ((("--target", "other"), {}), ((), {"DBT_TARGET": "other"})):
        missing = called(built, "query", "select 1", *arguments, **env)
        assert missing.code == 2
        assert "There is no warehouse at build/other.duckdb" in missing.err
    said = called(built, "build", "-t", "other", "--target-path", "built")
    assert said.code == 0, said.out + said.err
    assert "Asked   nobody" in said.out
    assert (built.root / "build" / "other.duckdb").exists()
    assert (built.root / "built" / "run_results.json").exists()
    assert "build/other.duckdb" in said.out


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"ASSAY_MAX_REQUESTS": "many"}, "Setting `ASSAY_MAX_REQUESTS` is wrong"),
        ({"ASSAY_MAX_COST_USD": "1", "ASSAY_PROVIDER": "openai"}, "the price of 'mine' is not"),
        ({"ASSAY_DATA_DIRECTORIES": "s3://lake"}, "s3://lake is no folder"),
        ({"BUILD": "nowhere"}, "its folder is not there; make it"),
        ({"DBT_TARGET": "stage"}, "has no output 'stage'; it has dev, other"),
        ({"DBT_PROFILE": "nobody"}, "has no profile 'nobody'; it has acme"),
    ],
)
def test_what_is_wrong_is_said_before_dbt_reads_anything(
    tmp_path: Path, env: dict[str, str], said: str
) -> None:
    """One line, exit code 2, and no trace of dbt."""
    profile = PROFILE.replace("build/acme.duckdb", f"'{ODD}'")
    project = acme(tmp_path, profile.replace("provider: local, ", ""))
    given = {"ASSAY_MODEL": "mine", "OPENAI_API_KEY": "sk-none"} | env
    done = called(project, "build", **given)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not (project.root / "logs").exists()
    assert not (project.root / "target").exists()


@pytest.mark.parametrize(("profile", "parses"), [(PROFILE, False), (OLD, True)])
def test_a_changed_setting_is_no_reason_to_parse(
    tmp_path: Path, profile: str, parses: bool
) -> None:
    """dbt reads all anew where a variable has changed that its profile names; ours names none."""
    project = acme(tmp_path, profile)
    assert project.dbt("parse").code == 0
    changed = project.dbt("parse", ASSAY_MAX_REQUESTS="1000")
    assert changed.code == 0
    assert ("Unable to do partial parsing" in changed.output) is parses
