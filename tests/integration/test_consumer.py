"""Assay as a package of projects that are not ours: `tests/consumer`, and one by the page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .dbt.project import PARTS, REPOSITORY, Project, Run, _copy
from .gates.assay_line import Said, assay
from .test_extras import environment
from .test_pages import unkept
from .warm import warm_python

HOME = Path("tests/consumer")
SHIPPED = (*PARTS, "models", "seeds")
OPS = {path.stem for path in (REPOSITORY / "models" / "ops").glob("*.sql")}
EPHEMERAL = {path.stem for path in (REPOSITORY / "models" / "documents").glob("*.sql")}
"""Of these nothing is built where nothing refers to them."""
WITH_OPS = {"ACME_OPS": "true"}


@dataclass
class Acme(Project):
    """The project of somebody else in a folder of its own, with the repository two floors up."""

    def __post_init__(self) -> None:
        for part in SHIPPED:
            _copy(REPOSITORY / part, self.root.parents[1] / part)
        made = shutil.ignore_patterns("dbt_packages", "target", "logs", ".assay", "*.duckdb*")
        shutil.copytree(REPOSITORY / HOME, self.root, ignore=made)
        run = self.dbt("deps")
        assert run.code == 0, run.output

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / "acme.duckdb"

    def manifest(self) -> dict[str, Any]:
        """What dbt made of the project in its last run."""
        found: dict[str, Any] = json.loads((self.root / "target/manifest.json").read_text("utf-8"))
        return found


@dataclass(frozen=True)
class Built:
    """The project after a build."""

    project: Acme
    run: Run
    manifest: dict[str, Any]

    def nodes(self, package: str, kind: str) -> set[str]:
        """The names of a package's nodes of a kind; dbt lists those that are disabled as well."""
        return {
            node["name"]
            for node in self.manifest["nodes"].values()
            if (node["package_name"], node["resource_type"]) == (package, kind)
            and node["config"]["enabled"]
        }


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Acme:
    """The project with its packages."""
    return Acme(tmp_path_factory.mktemp("repository") / HOME)


@pytest.fixture(scope="module")
def bare(acme: Acme) -> Built:
    """A build without the models of ops."""
    return Built(acme, acme.dbt("build"), acme.manifest())


@pytest.fixture(scope="module")
def with_ops(bare: Built) -> Built:
    """The next build, with them."""
    project = bare.project
    return Built(project, project.dbt("build", **WITH_OPS), project.manifest())


def test_its_build_is_green(bare: Built) -> None:
    """With a model and a folder that are called as some of ours, and a schema name of its own."""
    assert bare.run.code == 0, bare.run.output
    assert set(bare.run.statuses().values()) == {"success", "pass"}


def test_its_run_is_judged(bare: Built) -> None:
    """By the hooks of the package, although nothing else of it is built."""
    assert "hook: assay.on-run-end.1" in bare.run.output
    assert "macro.assay.assay_judge_run" in bare.manifest["macros"]


def test_its_column_is_answered(bare: Built) -> None:
    """By the settings that there are without a word about them; nobody was sent a blank."""
    found = bare.project.rows(
        "select topic.value, topic.status from acme_marts.ticket_topics order by ticket_id"
    )
    assert found[0] == ("delivery", "ok")
    assert [status for _, status in found] == ["ok"] * 4 + ["skipped"]


def test_nothing_of_the_shop_comes_along(bare: Built) -> None:
    """No model, test or exposure; of the seeds the rules of row gates, which it switched on."""
    assert bare.nodes("assay", "model") == set()
    assert all("row_gate_rules" in name for name in bare.nodes("assay", "test"))
    assert bare.nodes("assay", "seed") == {"row_gate_rules"}
    assert bare.manifest["exposures"] == {}
    assert bare.manifest["unit_tests"] == {}
    assert "macro.assay.ai_classify" in bare.manifest["macros"]


def test_no_macro_of_dbt_is_overridden(bare: Built) -> None:
    """Schemas are called as the project says; the shop's own way stays at home."""
    ours = {key for key in bare.manifest["macros"] if key.startswith("macro.assay.")}
    theirs = {
        key.rpartition(".")[2]
        for key in bare.manifest["macros"]
        if key.startswith(("macro.dbt.", "macro.dbt_duckdb."))
    }
    assert {key.rpartition(".")[2] for key in ours} & theirs == set()
    schemas = {row[0] for row in bare.project.rows("select schema_name from duckdb_tables()")}
    copied = {"ops"}  # where the source `assay_store` says that copies of the store are
    assert schemas == {"acme_raw", "acme_marts", "acme_seeds"} | copied


def test_ops_are_built_where_they_are_switched_on(with_ops: Built) -> None:
    """All of them and nothing else, with tests, in the project's own schema."""
    assert with_ops.run.code == 0, with_ops.run.output
    assert with_ops.nodes("assay", "model") == OPS | EPHEMERAL
    assert len(with_ops.nodes("assay", "test")) > len(OPS)
    views = with_ops.project.rows(
        "select distinct schema_name from duckdb_views() where not internal"
    )
    assert ("acme_ops",) in views


def test_ops_know_the_models_of_the_project(with_ops: Built) -> None:
    """Found from what asks, after the run in which it did; none is named in the package."""
    found = with_ops.project.rows(
        "select model_name, column_name, status, row_count from acme_ops.ops_answer_statuses "
        "order by status"
    )
    assert found == [("ticket_topics", "topic", "ok", 4), ("ticket_topics", "topic", "skipped", 1)]
    used = with_ops.project.rows("select used_by from acme_ops.ops_prompts")
    assert used == [(["ticket_topics.topic"],)]
    runs = with_ops.project.rows("select count(*) from acme_ops.ops_runs")
    assert runs == [(2,)]


def test_shares_of_a_green_run_are_accepted(with_ops: Built) -> None:
    """What the test of drift has passed is what the next run compares with."""
    kept = with_ops.project.rows(
        "select sum(share), sum(row_count) from acme_ops.ops_label_shares"
    )
    assert kept == [(1.0, 4)]


def test_shares_of_a_red_run_are_not(with_ops: Built) -> None:
    """Neither those that fell, nor any others of that run."""
    before = with_ops.project.rows("from acme_ops.ops_label_shares order by all")
    red = with_ops.project.root / "models/marts/red.sql"
    red.write_text("select 1 / 'nothing'", encoding="utf-8")
    try:
        run = with_ops.project.dbt("build", "--full-refresh", **WITH_OPS)
    finally:
        red.unlink()
    assert run.statuses()["red"] == "error"
    assert with_ops.project.rows("from acme_ops.ops_label_shares order by all") == before


def test_every_generic_test_catches_what_is_wrong(bare: Built) -> None:
    """Each has one that it must catch, exactly so often, and that counts in this build."""
    ours = {path.stem for path in (REPOSITORY / "tests/dbt/generic").glob("*.sql")}
    statuses = bare.run.statuses()
    caught = {
        node["test_metadata"]["name"]
        for node in bare.manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node["name"].startswith("caught_")
        and statuses[node["name"]] == "pass"
    }
    assert ours <= caught


def test_another_version_of_the_package_is_told(bare: Built) -> None:
    """In one line, and it is no error."""
    file = bare.project.root.parents[1] / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('version: "0.1.0"', 'version: "0.0.9"', 1), encoding="utf-8")
    try:
        run = bare.project.dbt("compile", "--select", "stg_tickets")
    finally:
        file.write_text(text, encoding="utf-8")
    assert run.code == 0, run.output
    assert run.output.count("The dbt package `assay` is version 0.0.9") == 1


# What is promised and published of it


@pytest.fixture(scope="module")
def promised(acme: Acme) -> Acme:
    """The project with its checks accepted where schemas are called as dbt calls them."""
    own = acme.root / "macros/generate_schema_name.sql"
    text = own.read_text(encoding="utf-8")
    own.unlink()
    try:
        said = assay(acme, "checks", "--accept")
        assert said.code == 0, said.out + said.err
        there = assay(acme, "checks", "--target", "prod", "--json")
    finally:
        own.write_text(text, encoding="utf-8")
    assert there.json["not_green"] == []
    assert set(there.json["layers"]) == {"marts", "seeds", "staging", "wrong_on_purpose"}
    return acme


@pytest.fixture(scope="module")
def published(promised: Acme) -> Said:
    """A build by the command, after which a lock that was accepted with other schemas is kept."""
    said = assay(promised, "build")
    assert said.code == 0, said.out + said.err
    return said


def test_its_marts_are_published(published: Said, promised: Acme) -> None:
    """Without a layer called gold, and without a word about it; it is told where to look."""
    assert "Published 2 tables" in published.out
    current = promised.root / "published/current"
    assert {path.stem for path in (current / "gold").iterdir()} == {
        "customer_topics",
        "ticket_topics",
    }
    assert 'query "from acme_marts.' in published.out


def test_what_came_in_is_told_by_its_own_layer(published: Said) -> None:
    """The first one, whatever it is called."""
    assert "Staging stg_tickets: 5 rows" in published.out


# The page, typed into a project that never heard of us

PAGE = REPOSITORY / "docs" / "how-to" / "into-your-project.md"
PROGRAMS = {"dbt": "-m dbt", "assay": "-m assay.cli.main"}
OF_ACME = """name: acme
version: "1.0.0"
config-version: 2
profile: acme
"""


@dataclass
class Stranger(Project):
    """A project of the usual shape with nothing of ours, beside a clone of the repository.

    Its commands are those of the folder `programs`; without one, of the environment of the tests.
    """

    programs: Path | None = None

    def __post_init__(self) -> None:
        for part in SHIPPED:
            _copy(REPOSITORY / part, self.root.parent / "assay" / part)
        for part in ("models/staging", "seeds", "macros", "dbt_utils", "udfs", "profiles.yml"):
            _copy(REPOSITORY / HOME / part, self.root / part)
        profile = self.root / "profiles.yml"
        lines = profile.read_text(encoding="utf-8").splitlines(keepends=True)
        profile.write_text("".join(line for line in lines if "assay" not in line), "utf-8")
        (self.root / "models/marts").mkdir()
        own = f"{OF_ACME}\nseeds:\n  acme:\n    +schema: raw\n"
        (self.root / "dbt_project.yml").write_text(own, encoding="utf-8")
        self.env["PATH"] = f"{self.programs or self._warm_programs()}:{os.environ['PATH']}"

    def _warm_programs(self) -> Path:
        programs = self.root.parent / "bin"
        programs.mkdir()
        for name, command in PROGRAMS.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {warm_python()} {command} "$@"\n')
            (programs / name).chmod(0o755)
        return programs


def installed_by(text: str) -> set[str]:
    """The extras that a page installs."""
    return {
        name
        for said in re.findall(r"pip install \".*assay\[(.*)\]", text)
        for name in said.split(",")
    }


def test_the_page_installs_what_its_steps_need() -> None:
    """And nothing else; a step is known by what stands in its commands or in what it makes."""
    text = PAGE.read_text(encoding="utf-8")
    needs = {
        "dbt": "dbt build",
        "local": "the embedded provider answers",
        "openai": "export ASSAY_PROVIDER=openai",
        "gates": "from assay.gates import run_gate",
        "report": "assay report",
        "telemetry": "OTEL_",
    }
    assert installed_by(text) == {extra for extra, step in needs.items() if step in text}


@pytest.mark.extras
def test_the_page_is_kept_by_what_it_installs(tmp_path: Path) -> None:
    """Its first step is typed, too, in an environment in which there is nothing."""
    programs = environment(tmp_path / "env") / "bin"
    acme = Stranger(tmp_path / "acme", programs=programs)
    for part in ("pyproject.toml", "README.md", "LICENSE", "udfs"):
        _copy(REPOSITORY / part, tmp_path / "assay" / part)
    step = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    for command in step:
        subprocess.run(
            ["bash", "-c", command], cwd=acme.root, env=acme._environment({}), check=True
        )
    assert unkept(acme, PAGE, "0") == []


def test_the_page_is_kept(tmp_path: Path) -> None:
    """From no Assay at all to a gate: each command succeeds, and prints what the page says."""
    assert unkept(Stranger(tmp_path / "acme"), PAGE, "0") == []
