"""Where things are: dbt started elsewhere, projects that move, odd folders, other line ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from assay.faultd import FaultServer
from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish

from .project import REPOSITORY, Project, asking

NewProject = Callable[..., Project]

ODD = 'it\'s #1 [ü] 100% {{ x }} "q" $HOME; a,b'
SEED = 'id,body\n1,It rains\n2,"Two\nlines"\n'
ASKED = """\
{{ config(materialized='table') }}
{%- set lines %}Say yes
where it is glad.{% endset %}

select
    id,
    {{ ai_filter('body', 'Is it
glad?', instructions=lines, detail=true) }} as glad,
    {{ ai_classify('body', 'mood', instructions=own_words()) }} as mood

from {{ ref('notes') }}
"""
FILED = "{{ config(materialized='table') }} select * from read_csv('data/filed.csv')"
MOODS = {"mood": {"glad": "glad of\nit\n", "sad": "not"}}
WORDS = "{% macro own_words() %}One line,\nand another.{% endmacro %}\n"


@pytest.fixture(scope="module")
def built(new_project: NewProject, server: FaultServer) -> Project:
    """A project that was built where it is, so that every answer is in its store."""
    project = new_project({"silver/asked.sql": ASKED}, **asking(server))
    project.set_sets(labels=MOODS)
    for path, said in {"seeds/notes.csv": SEED, "macros/own.sql": WORDS}.items():
        (project.root / path).parent.mkdir(exist_ok=True)
        (project.root / path).write_text(said, encoding="utf-8")
    run = project.dbt("build")
    assert run.code == 0, run.output
    assert project.calls() == 1
    return project


def in_folder(root: Path, env: dict[str, str]) -> Project:
    """The project that lies in a folder already."""
    project = Project.__new__(Project)
    project.root, project.models, project.env = root, {}, env
    return project


@pytest.fixture
def place(built: Project, tmp_path: Path) -> Project:
    """A copy of it with all that it has, to be spoiled."""
    root = tmp_path / "around" / "project"
    shutil.copytree(built.root, root)
    return in_folder(root, built.env)


def files(folder: Path) -> list[str]:
    """What lies in a folder, by name."""
    return sorted(path.name for path in folder.iterdir())


def test_a_run_from_another_folder_is_a_run_in_the_project(place: Project, tmp_path: Path) -> None:
    """By option or variable, absolute or relative, from above, beside or within: nothing is
    bought again, and nothing is made where the shell is.
    """
    root, beside = place.root, tmp_path / "beside"
    beside.mkdir()
    option = ("--project-dir", str(root), "--profiles-dir", str(root))
    relative = ("--project-dir", root.name, "--profiles-dir", root.name)
    variables = {"DBT_PROJECT_DIR": str(root), "DBT_PROFILES_DIR": str(root)}
    within = {"DBT_PROFILES_DIR": str(root), "ASSAY_STORE": ".assay/store.sqlite\r"}
    before = files(root.parent)
    for arguments, folder, env in (
        (option, beside, {}),
        (relative, root.parent, {"ASSAY_DATABASE": "warehouse.duckdb"}),
        ((), beside, variables),
        ((), root / "models" / "silver", within),
    ):
        done = place.run("dbt", "build", *arguments, env=env, merged=True, cwd=folder)
        assert done.code == 0, done.out
    debug = place.run("dbt", "debug", *option, env={}, merged=True, cwd=beside)
    assert debug.code == 0, debug.out
    assert place.calls() == 1
    assert (files(beside), files(root.parent), files(root / "models/silver")) == (
        [],
        before,
        ["asked.sql"],
    )
    assert files(root / ".assay") == sorted(
        f"store.sqlite{end}" for end in ("", "-journal", ".lock", ".owners", ".witness")
    )


def test_a_file_that_sql_names_by_a_relative_path_is_never_one_of_another_folder(
    place: Project, tmp_path: Path
) -> None:
    """DuckDB looks in the shell's folder; the message says which one, and where to start."""
    place.write("silver/filed.sql", FILED)
    for folder, text in ((place.root, "mine"), (tmp_path, "another's")):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data/filed.csv").write_text(f"word\n{text}\n", encoding="utf-8")
    assert place.dbt("run", "--select", "filed").code == 0
    here = ("--project-dir", str(place.root), "--profiles-dir", str(place.root))
    run = place.run("dbt", "run", "--select", "filed", *here, env={}, merged=True, cwd=tmp_path)
    assert run.code == 1
    assert f"start it in {place.root}" in " ".join(run.out.split())
    assert place.rows("from silver.filed") == [("mine",)]


TWO_PROJECTS = """
import sys
from dbt.cli.main import dbtRunner
for root in sys.argv[1:]:
    done = dbtRunner().invoke(["build", "--project-dir", root, "--profiles-dir", root])
    assert done.success, done.exception
"""


def test_two_projects_in_one_process_keep_apart(place: Project, tmp_path: Path) -> None:
    """A program calls dbt for one, and for another with the same settings."""
    other = Project(tmp_path / "other", env=place.env)
    for part in ("dbt_project.yml", "macros", "models", "seeds"):
        copy(place.root / part, other.root / part)
    (other.root / "seeds/notes.csv").write_text("id,body\n7,Alone\n", encoding="utf-8")
    roots = [str(place.root), str(other.root)]
    done = subprocess.run(
        [sys.executable, "-c", TWO_PROJECTS, *roots],
        cwd=tmp_path,
        env=place._environment({}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (place.rows("select count(*) from silver.asked"), place.calls()) == ([(2,)], 1)
    assert (other.rows("select id from silver.asked"), other.calls()) == ([(7,)], 1)
    assert files(tmp_path) == ["around", "other"]


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder to where there may be one."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


def test_a_project_may_be_copied_and_moved_into_a_folder_of_any_name(
    place: Project, tmp_path: Path
) -> None:
    """What dbt remembers of the folder before misleads nobody: seeds are those of this one."""
    copied = tmp_path / "copied"
    shutil.copytree(place.root, copied)
    with (copied / "seeds/notes.csv").open("a", encoding="utf-8") as file:
        file.write("3,A third\n")
    moved = copied.rename(tmp_path / ODD)
    there = in_folder(moved, place.env)
    done = there.run("dbt", "build", env={}, merged=True)
    assert done.code == 0, done.out
    assert there.rows("select id from silver.asked order by 1") == [(1,), (2,), (3,)]
    assert (place.rows("select count(*) from seeds.notes"), there.calls()) == ([(2,)], 2)
    with duckdb.connect(str(there.warehouse)) as connection:
        connection.execute("create schema gold; create table gold.g as from silver.asked")
    release = Release("run", [GoldTable("gold", "g")], [], {"built_at": "2026-01-01T00:00:00Z"})
    assert publish(there.warehouse, moved / "published", release, csv=True).rows == 3


def to_crlf(folder: Path) -> None:
    """End the lines of all files below a folder as Windows does."""
    for file in (path for path in folder.rglob("*") if path.is_file()):
        file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def test_no_answer_is_bought_again_because_an_editor_ends_lines_otherwise(place: Project) -> None:
    """In SQL, in YAML, in macros that hold words of a prompt, and in the cells of a seed."""
    for part in ("models", "macros", "seeds"):
        to_crlf(place.root / part)
    for part in ("dbt_project.yml", "profiles.yml"):
        file = place.root / part
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert place.dbt("build").code == 0
    assert place.rows("select body from seeds.notes where id = 2") == [("Two\r\nlines",)]
    assert place.calls() == 1


def test_what_is_promised_is_kept_however_lines_end(new_project: NewProject) -> None:
    """Tests, gates, macros, suites and rules of a checkout as Windows git made it."""
    project = new_project().add_shipped()
    for part in ("models", "macros", "seeds", "quality", "tests"):
        to_crlf(project.root / part)
    done = project.run("assay.cli.main", "checks", env={}, merged=True)
    assert (done.code, "Not green" in done.out) == (0, False), done.out


def test_a_clone_has_lf_whatever_git_is_set_to(tmp_path: Path) -> None:
    """So that scripts start; data keeps its bytes."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    parts = ("scripts", "quality", "macros", "seeds", "docs/images", "requirements.txt")
    for part in (*parts, "profiles.yml", ".gitattributes"):
        (origin / part).parent.mkdir(parents=True, exist_ok=True)
        copy(REPOSITORY / part, origin / part)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "All")):
        subprocess.run(["git", *words], cwd=origin, check=True)
    windows = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")
    subprocess.run(["git", *windows, "clone", "-q", str(origin), str(clone)], check=True)
    cloned = [path for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(cloned) > 40
    for path in cloned:
        assert path.read_bytes() == (REPOSITORY / path.relative_to(clone)).read_bytes(), path
