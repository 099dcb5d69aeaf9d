"""`assay init` in projects that never heard of us, and a new project without the shop."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from ..dbt.project import REPOSITORY, Project, _copy
from ..dbt.test_places import in_folder
from ..gates.assay_line import Said, assay, command
from ..test_consumer import Stranger

BESIDE = ("--package", "../assay")
PROFILE = """\
acme:  # of all of us
  target: dev
  outputs:
    dev:
      type: duckdb
      path: acme.duckdb  # not in git
"""
SETTINGS = """\
name: acme
profile: acme
models:
  acme:
    # ours
    staging: {+materialized: view}
"""
ASKED = """\
{{{{ config(materialized='table') }}}}
select ticket_id, {{{{ {name}('body', 'topic', detail=true) }}}} as topic
from {{{{ ref('stg_tickets') }}}}
"""


def written(root: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def stranger(folder: Path) -> Project:
    """A project of the usual shape with nothing of ours, and a package that it had already."""
    project = Stranger(folder / "acme")
    (project.root / "packages.yml").write_text("packages: # all\n- local: dbt_utils\n", "utf-8")
    return project


def small(root: Path, **files: str) -> Project:
    """A project that is never built: two files, or others in their places."""
    given = {"dbt_project": SETTINGS, "profiles": PROFILE} | files
    for name, text in given.items():
        (root / f"{name}.yml").write_text(text, encoding="utf-8")
    return in_folder(root, {})


def init(project: Project, *arguments: str, **env: str) -> Said:
    """Call it with the package where the repository is."""
    return assay(project, "init", *arguments, "--package", str(REPOSITORY), **env)


def built(project: Project, name: str, **env: str) -> None:
    """Ask in a model, get the packages, build."""
    project.write("marts/ticket_topics.sql", ASKED.format(name=name))
    for words in (("deps",), ("build",)):
        run = project.dbt(*words, **env)
        assert run.code == 0, run.output


def answers(project: Project) -> list[tuple[object, ...]]:
    """What came out."""
    warehouse = project.root / "acme.duckdb"
    moved = in_folder(project.root, {"ASSAY_DATABASE": str(warehouse)})
    return moved.rows("select topic.status from acme_main.ticket_topics order by ticket_id")


def test_a_project_is_made_ready_and_builds(tmp_path: Path) -> None:
    """Plugin, package, hook, ops, label set, gate, .gitignore; a second call finds them there."""
    project = stranger(tmp_path)
    said = assay(project, "init", "--yes", *BESIDE)
    assert said.code == 0, said.err
    assert "write   models/staging/gate_staging.py: a gate over `stg_customers`" in said.out
    built(project, "assay.ai_classify")
    assert answers(project) == [("ok",)] * 4 + [("skipped",)]
    before = written(project.root)
    again = assay(project, "init", *BESIDE)
    assert (again.code, again.out.splitlines()[-1]) == (0, "Everything is there already.")
    assert written(project.root) == before
    assert assay(project, "checks", "--accept").code == 0
    assert assay(project, "checks").code == 0


def test_a_profile_elsewhere_and_bare_names(tmp_path: Path) -> None:
    """The profile's own words stay, comments too; ops and the gate are left out."""
    project = stranger(tmp_path)
    elsewhere = tmp_path / "profiles"
    elsewhere.mkdir()
    (project.root / "profiles.yml").unlink()
    file = elsewhere / "profiles.yml"
    file.write_text(PROFILE, encoding="utf-8")
    wishes = ("--macros", "--no-ops", "--no-gate", "--profiles-dir", "../profiles")
    said = assay(project, "init", "-y", *wishes, *BESIDE)
    assert said.code == 0, said.err
    plugin = "      plugins:\n        - module: assay.plugin\n          alias: assay\n"
    assert file.read_text(encoding="utf-8") == PROFILE + plugin
    packages = (project.root / "packages.yml").read_text(encoding="utf-8")
    assert packages == "packages: # all\n- local: dbt_utils\n- local: ../assay\n"
    assert not (project.root / "quality").exists()
    built(project, "ai_classify", DBT_PROFILES_DIR=str(elsewhere))
    assert answers(project) == [("ok",)] * 4 + [("skipped",)]


def test_a_new_project_builds_green_and_publishes(tmp_path: Path) -> None:
    """With the embedded provider; a folder that holds anything is refused."""
    for part in ("dbt_project.yml", "macros", "tests/dbt", "models", "seeds"):
        _copy(REPOSITORY / part, tmp_path / "assay" / part)
    shell = in_folder(tmp_path, {})
    said = assay(shell, "init", "--empty", "My-Shop", "--package", "assay")
    assert said.code == 0, said.err
    project = in_folder(tmp_path / "My-Shop", {"ASSAY_DATABASE": "my_shop.duckdb"})
    assert project.dbt("deps").code == 0
    build = assay(project, "build")
    assert build.code == 0, build.out + build.err
    assert "Published 1 table, 2 rows" in build.out
    assert project.rows("select sum(message_count) from gold.messages_by_topic") == [(3,)]
    refused = assay(shell, "init", "--empty", "My-Shop")
    assert refused.code == 2
    assert "My-Shop is not empty, and nothing of yours is written over" in refused.err
    assert assay(project, "init", "--package", "../assay").out.endswith("there already.\n")


def test_what_is_there_is_added_to(tmp_path: Path) -> None:
    """A plugin, a hook, packages under `dependencies.yml`, labels and a file for git of theirs."""
    own = '  acme:\n    +pre-hook: "select 1"\n'
    project = small(
        tmp_path,
        dbt_project=f"{SETTINGS.partition('  acme:')[0]}{own}vars: {{ai_labels: {{a: [b, c]}}}}\n",
        profiles=f"{PROFILE}      plugins: [{{module: excel}}]\n",
        dependencies="packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n",
    )
    (tmp_path / ".gitignore").write_text("target\n*.duckdb", encoding="utf-8")
    said = init(project, "--yes", "--no-gate")
    assert said.code == 0, said.err
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("[.dp]*[yeg]*")}
    assert '+pre-hook: ["select 1", "{{ assay.assay_gather() }}"]\n' in texts["dbt_project.yml"]
    assert texts["profiles.yml"].endswith(
        "[{module: excel}, {module: assay.plugin, alias: assay}]\n"
    )
    assert "    version: 1.3.0\n  - local: " in texts["dependencies.yml"]
    assert texts[".gitignore"] == "target\n*.duckdb\n.assay/\npublished/\n"
    assert not {"packages.yml", "macros"} & {path.name for path in tmp_path.iterdir()}
    assert init(project, "--no-gate").out.endswith("Everything is there already.\n")


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_it_asks_on_a_terminal(tmp_path: Path, answer: str, code: int) -> None:
    """And writes nothing unless told."""
    project = small(tmp_path)
    before = written(tmp_path)
    asking, terminal = pty.openpty()
    os.write(asking, f"{answer}\n".encode())
    words = command("init", "--no-gate", "--package", str(REPOSITORY))
    env = project._environment({})
    done = subprocess.run(words, cwd=tmp_path, env=env, stdin=terminal, capture_output=True)
    os.close(asking)
    os.close(terminal)
    assert (done.returncode, written(tmp_path) == before) == (code, bool(code))
    assert b"[y/N]" in done.stdout


def test_without_a_terminal_it_writes_nothing(tmp_path: Path) -> None:
    """It says what it would write, and how to have it written."""
    project = small(tmp_path)
    before = written(tmp_path)
    said = init(project, "--no-gate")
    assert said.code == 2
    assert "  +      plugins:\n" in said.out
    assert "no terminal to ask on, so nothing was written; call it with `--yes`" in said.err
    assert written(tmp_path) == before


def test_what_stands_in_the_way_stays(tmp_path: Path) -> None:
    """It is named with the remedy, all else is written, and the exit code says so."""
    project = small(tmp_path)
    macros = tmp_path / "macros"
    macros.mkdir()
    (macros / "ai_labels.sql").write_text("-- notes", encoding="utf-8")
    (macros / "mine.sql").write_text("{% macro ai_due() %}{% endmacro %}", encoding="utf-8")
    said = init(project, "--yes", "--macros")
    assert said.code == 1
    assert "macros/ai_labels.sql: your label sets\n  by hand: another file is there" in said.out
    assert "taken: `ai_due` in macros/mine.sql; rename" in said.out
    assert "a gate\n  by hand: write a model and come again" in said.out
    assert (macros / "ai_labels.sql").read_text(encoding="utf-8") == "-- notes"
    assert "assay_gather" in (tmp_path / "dbt_project.yml").read_text(encoding="utf-8")


def test_what_is_not_safe_to_edit_is_shown_to_be_pasted(tmp_path: Path) -> None:
    """A key whose nothing is written out has no place for lines below it."""
    settings = "name: acme\nprofile: acme\nmodels:\n  acme: ~\n"
    project = small(tmp_path, dbt_project=settings)
    said = init(project, "--yes", "--no-gate", "--no-ops")
    assert said.code == 1
    assert (
        '    models:\n      acme:\n        +pre-hook: "{{ assay.assay_gather() }}"\n' in said.out
    )
    assert (tmp_path / "dbt_project.yml").read_text(encoding="utf-8") == settings


@pytest.mark.parametrize(
    ("files", "words", "told"),
    [
        ({"profiles": PROFILE.replace("duckdb\n", "postgres\n")}, (), "is of type 'postgres'"),
        ({"profiles": PROFILE + "    - x: [\n"}, (), "profiles.yml, line 7: this is no YAML"),
        ({"dbt_project": "name: acme\n  profile: x\n"}, (), "dbt_project.yml, line 2: this is no"),
        ({"dbt_project": "- name\n"}, (), "dbt_project.yml holds no keys"),
        ({"dbt_project": "name: acme\n"}, (), "has no `profile`; write it"),
        ({"packages": "packages: [\n"}, (), "packages.yml, line 2: this is no YAML"),
        ({"dbt_project": "name: assay\nprofile: acme\n"}, (), "is called `assay`, as the package"),
        ({}, ("--gate", "nobody"), "no model that a gate can read; choose one of none"),
        ({}, ("--gate", "gold", "--empty", "new"), "give --gate or --empty, not both"),
        ({}, ("--target", "prod"), "has no output 'prod'; it has dev"),
        ({}, ("--package", "nowhere"), "nowhere is no clone of Assay"),
        ({}, ("--package", "https://git.example/assay.git"), "names no revision; write it"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    tmp_path: Path, files: dict[str, str], words: tuple[str, ...], told: str
) -> None:
    """One line that names the thing, exit code 2."""
    project = small(tmp_path, **files)
    before = written(tmp_path)
    source = () if "--package" in words else ("--package", str(REPOSITORY))
    said = assay(project, "init", "--yes", *words, *source)
    assert said.code == 2
    assert told in said.err
    assert said.err.count("\n") == 1
    assert written(tmp_path) == before


def test_a_file_that_cannot_be_written_stops_it_before_any_is(tmp_path: Path) -> None:
    """Here a file stands where the folder of the macros belongs."""
    project = small(tmp_path)
    (tmp_path / "macros").write_text("", encoding="utf-8")
    before = written(tmp_path)
    said = init(project, "--yes", "--no-gate")
    assert said.code == 2
    assert "ai_labels.sql cannot be written, because of" in said.err
    assert written(tmp_path) == before


def test_no_project_and_our_own(tmp_path: Path) -> None:
    """The one is told how to make one, the other that all is there."""
    said = assay(in_folder(tmp_path, {}), "init", "--yes")
    assert said.code == 2
    assert "There is no dbt project in" in said.err
    assert "make one with `./scripts/assay init --empty FOLDER`" in said.err
    ours = assay(in_folder(REPOSITORY, {}), "init", "--yes")
    told = "This is Assay's own project: everything is there already.\n"
    assert (ours.code, ours.out) == (0, told)
