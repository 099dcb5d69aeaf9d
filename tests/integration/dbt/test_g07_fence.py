"""G07 and G16: what SQL reaches inside a dbt run, and in the commands that run a user's SQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from ..gates.assay_line import assay
from .project import Project, Run

SECRET = "canary-3b8e"
FILE = "ASSAY_DATA_DIRECTORIES"
EXTENSION = "`extensions:` in profiles.yml"
OPTION = "`config_options:` in profiles.yml"
ATTACKS = {
    "reads_host": ("select * from read_text('/etc/hostname')", FILE),
    "reads_up": ("select * from read_text('data/../secret.csv')", FILE),
    "reads_link": ("select * from read_text('data/link.csv')", FILE),
    "reads_url": ("select * from read_csv('http://127.0.0.1:9/x.csv')", FILE),
    "reads_store": ("select * from read_blob('.assay/store.sqlite')", FILE),
    "asks_jinja": ("{{ run_query(\"from read_text('secret.csv')\") }} select 1 as id", FILE),
    "attaches": (
        "{{ config(pre_hook=\"attach 'other.duckdb' as other\") }} select * from other.t",
        FILE,
    ),
    "copies": ("{{ config(pre_hook=\"copy (select 1) to 'pwned'\") }} select 1 as id", FILE),
    "exports": ("{{ config(materialized='external', location='pwned.parquet') }} select 1", FILE),
    "installs": ("{{ config(pre_hook='install httpfs') }} select 1 as id", FILE),
    "loads": ("{{ config(pre_hook='load httpfs') }} select 1 as id", EXTENSION),
    "opens": (
        "{{ config(pre_hook='set enable_external_access = true') }} select 1 as id",
        OPTION,
    ),
    "unlocks": ("{{ config(pre_hook='set lock_configuration = false') }} select 1 as id", OPTION),
}
GOOD = {
    "bronze/mine.sql": "{{ config(materialized='table') }} select * from read_csv('data/m*.csv')",
    "bronze/lines.sql": "select * from read_json('data/lines.jsonl')",
    "silver/parquet.sql": "{{ config(materialized='external', location='data/out.parquet') }} "
    "select * from {{ ref('mine') }}",
    "silver/labelled.sql": "{{ config(materialized='table') }} select id, "
    "{{ ai_classify('body', ['good', 'bad']) }} as label from {{ ref('mine') }}",
    "gold/seen.sql": "{{ config(materialized='view') }} select * from {{ ref('lines') }}",
    "gold/python.py": "import pyarrow as pa\n\n\ndef model(dbt, session):\n"
    "    rows = dbt.ref('labelled').fetchall()\n"
    "    return pa.table({'id': [row[0] for row in rows]})\n",
}


def furnish(project: Project) -> Project:
    """Files of data, a seed, a secret beside them, and a link that leads out."""
    for path, text in {
        "data/mine.csv": "id,body\n1,the tent leaks\n2,a fine tent\n",
        "data/lines.jsonl": '{"id": 1}\n{"id": 2}\n',
        "seeds/given.csv": "id\n7\n",
        "secret.csv": f"{SECRET}\n",
    }.items():
        (project.root / path).parent.mkdir(exist_ok=True)
        (project.root / path).write_text(text, encoding="utf-8")
    (project.root / "data/link.csv").symlink_to("../secret.csv")
    with duckdb.connect(str(project.root / "other.duckdb")) as other:
        other.execute("create table t as select 1 as id")
    return project


@dataclass(frozen=True)
class Fenced:
    """A project after a build in which everything is tried at once, by eight threads."""

    project: Project
    run: Run
    before: set[Path]


@pytest.fixture(scope="module")
def fenced(new_project: Callable[..., Project]) -> Fenced:
    """Good models and attacks side by side."""
    attacks = {f"bronze/{name}.sql": sql for name, (sql, _) in ATTACKS.items()}
    project = furnish(new_project(GOOD | attacks, ASSAY_THREADS="8"))
    before = set(project.root.glob("*"))
    return Fenced(project, project.dbt("build"), before)


@pytest.mark.parametrize("attack", ATTACKS)
def test_g07_g16_what_is_outside_is_out_of_reach(attack: str, fenced: Fenced) -> None:
    """The model fails alone, and its message says what to do."""
    assert fenced.run.statuses()[f"{attack}"] == "error"
    said = fenced.run.message(attack)
    assert ATTACKS[attack][1] in said
    assert "Permission Error" in said or "has been locked" in said


def test_g07_what_is_within_works(fenced: Fenced) -> None:
    """CSV, JSON, Parquet written and read, seeds, views, Python models, AI functions."""
    statuses = fenced.run.statuses()
    good = {Path(path).stem for path in GOOD} | {"given"}
    assert {name: statuses[name] for name in good} == dict.fromkeys(good, "success")
    assert fenced.project.rows("select id, label is not null from silver.labelled order by 1") == [
        (1, True),
        (2, True),
    ]


def test_g07_nothing_was_written_or_told(fenced: Fenced) -> None:
    """No file outside the data folder, and no secret in sight."""
    root = fenced.project.root
    made = {path.name for path in set(root.glob("*")) - fenced.before}
    assert made <= {"warehouse.duckdb", "warehouse.duckdb.wal", "target", "logs", ".assay"} | {
        ".user.yml"
    }
    assert SECRET not in fenced.run.output + fenced.project.written()


def test_g07_docs_are_generated(fenced: Fenced) -> None:
    """`dbt docs generate` reads the catalog of the same warehouse."""
    project = fenced.project
    for name in ATTACKS:
        (project.root / f"models/bronze/{name}.sql").unlink()
    run = project.dbt("docs", "generate")
    assert run.code == 0, run.output
    assert (project.root / "target/catalog.json").exists()


@pytest.mark.parametrize("path", ["secret.csv", "/etc/hostname", "data/link.csv"])
def test_g07_queries_of_the_command_line_reach_no_further(path: str, fenced: Fenced) -> None:
    """One line that says what, one that says what to do, and exit code 2."""
    for command in (["query", f"from read_text('{path}')"], forget(path)):
        said = assay(fenced.project, *command)
        assert said.code == 2
        assert "Permission Error" in said.err
        assert FILE in said.err
        assert SECRET not in said.out + said.err


def forget(path: str) -> list[str]:
    """The command that takes texts from a query."""
    return ["forget", "--sql", f"select content from read_text('{path}')"]


def test_g07_queries_of_the_command_line_see_data_and_views(fenced: Fenced) -> None:
    """A view over a file of data works outside dbt, too."""
    assert "2" in assay(fenced.project, "query", "select count(*) from gold.seen").out
    assert assay(fenced.project, "query", "from 'data/mine.csv'").code == 0


def test_g07_the_plan_reads_what_models_read(new_project: Callable[..., Project]) -> None:
    """Files of data within the fence; one outside stops the command with what to do."""
    sql = "select {{{{ ai_classify('body', ['good', 'bad']) }}}} as label from read_csv('{}')"
    project = furnish(new_project({"silver/labelled.sql": sql.format("data/mine.csv")}))
    project.load("raw.empty", id=[1])
    said = assay(project, "plan")
    assert said.code == 0, said.err
    shutil.move(project.root / "data/mine.csv", project.root / "mine.csv")
    project.write("silver/labelled.sql", sql.format("mine.csv"))
    said = assay(project, "plan")
    assert said.code == 2
    assert FILE in said.err


def test_g07_another_folder_is_named_by_a_setting(new_project: Callable[..., Project]) -> None:
    """And then `data` is out of reach, and seeds are not."""
    project = furnish(new_project({"bronze/far.sql": "select * from read_csv('far/mine.csv')"}))
    project.write("bronze/near.sql", GOOD["bronze/mine.sql"])
    shutil.copytree(project.root / "data", project.root / "far", symlinks=True)
    run = project.dbt("build", ASSAY_DATA_DIRECTORIES="far")
    statuses = run.statuses()
    assert (statuses["far"], statuses["given"], statuses["near"]) == (
        "success",
        "success",
        "error",
    )


def test_g07_without_the_fence_every_run_warns(new_project: Callable[..., Project]) -> None:
    """The one switch; the warning names it."""
    project = furnish(new_project({"bronze/out.sql": "select * from read_text('secret.csv')"}))
    run = project.dbt("run", ASSAY_EXTERNAL_ACCESS="true")
    assert run.code == 0, run.output
    warnings = [line for line in run.output.splitlines() if "Warning: `ASSAY_EXTERNAL" in line]
    assert len(warnings) == 1
    assert "Unset it" in warnings[0]


def change_profile(project: Project, **changed: object) -> None:
    """Add to the only output of profiles.yml."""
    path = project.root / "profiles.yml"
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    profile["assay"]["outputs"]["dev"] |= changed
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")


def test_g07_options_and_attachments_of_the_profile_come_before_the_fence(
    new_project: Callable[..., Project],
) -> None:
    """`config_options` and `attach` are the profile's, not a model's."""
    project = furnish(new_project({"bronze/seen.sql": "select * from other.t"}))
    project.write("bronze/set.sql", "select current_setting('memory_limit') as memory_limit")
    change_profile(
        project,
        attach=[{"path": "other.duckdb", "alias": "other"}],
        config_options={"memory_limit": "512MB"},
    )
    run = project.dbt("run")
    assert run.code == 0, run.output


def test_g07_options_that_dbt_would_set_again_are_refused(
    new_project: Callable[..., Project],
) -> None:
    """One line that says where they belong, instead of a run that breaks half-way."""
    project = new_project({"bronze/one.sql": "select 1 as id"})
    change_profile(project, settings={"memory_limit": "512MB"})
    run = project.dbt("run")
    assert run.code == 2
    assert "move them to `config_options:`" in run.output
    assert "memory_limit" in run.output
