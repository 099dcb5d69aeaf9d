"""Promise 7: green means checked.

Each way in which a run could be green without having checked is tried on a small project with
three layers and their gates: the exit code is not 0, one line says which and what to do, and what
is published stays as it is. That each gate of the shipped project is missed when it is deleted or
weakened is `test_mutations.py`; what a gate finds in the data are the tests of group F.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from assay.faultd import FaultServer
from assay.project.gates.lock import LOCK
from assay.project.publishing.publish import current

from ..dbt.project import Project, asking
from ..figures import Figure
from ..gates.assay_line import Said, assay
from ..gates.story import MODELS, ROWS, load_notes, not_null, put_gates, put_good_suites, put_suite

ASKED = (
    "-- depends_on: {{ ref('gate_bronze') }}\n{{ config(materialized='table') }}\n"
    "select id, {{ ai_filter('label', 'Is it a tent?', detail=true) }} as tent "
    "from {{ ref('notes') }}"
)


def yaml_of(check: object = "ai_answered") -> str:
    """The file that says which test looks at the answers."""
    return _described("asked", "tent", check)


def gold_yaml(model: str, *checks: str) -> str:
    """The file that says which tests look at the topics of a gold table."""
    return _described(model, "topic", *checks)


def _described(model: str, column: str, *checks: object) -> str:
    columns = [{"name": column, "data_tests": [*checks]}]
    return yaml.safe_dump({"models": [{"name": model, "columns": columns}]})


@dataclass(frozen=True)
class Shop:
    """A project that was built, published and promised; its files as they were then."""

    project: Project
    kept: Path

    def restore(self) -> None:
        """Put the files back, with the time of now: dbt overlooks a file that got older."""
        for part in ("models", "quality"):
            shutil.rmtree(self.project.root / part)
            shutil.copytree(
                self.kept / part, self.project.root / part, copy_function=shutil.copyfile
            )

    def build(self, *arguments: str, **env: str) -> Said:
        """Run the build that CI runs."""
        return assay(self.project, "build", *(["--", *arguments] if arguments else []), **env)

    def published(self) -> str:
        """Which gold consumers see."""
        found = current(self.project.root / "published")
        assert found is not None
        return found.folder.name


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Dead letters of an endpoint that refuses, then a green build with the embedded models."""
    more = {"silver/asked.sql": ASKED, "silver/asked.yml": yaml_of()}
    project = Project(tmp_path_factory.mktemp("p07"), MODELS | more)
    project.write("gold/topic_counts.yml", gold_yaml("topic_counts", "not_null", "unique"))
    project.write("gold/published.yml", gold_yaml("published", "not_null"))
    put_gates(project)
    put_good_suites(project)
    gate = project.root / "models/silver/gate_silver.py"
    text = gate.read_text(encoding="utf-8")
    gate.write_text(text.replace("{\n", '{\n        "asked": dbt.ref("asked"),\n', 1))
    put_suite(project, "silver/asked", ROWS, not_null("id"))
    load_notes(project, *["tent"] * 60, *["boot"] * 39, None)
    with FaultServer() as server:
        refused = assay(project, "build", **asking(server, "refuse"))
    assert refused.code == 1, refused.out
    assert assay(project, "checks", "--accept").code == 0
    kept = tmp_path_factory.mktemp("kept")
    for part in ("models", "quality"):
        shutil.copytree(project.root / part, kept / part)
    return Shop(project, kept)


@pytest.fixture(scope="module")
def green(shop: Shop) -> Said:
    """The first build that is published."""
    said = shop.build()
    assert said.code == 0, said.out + said.err
    return said


def _write(path: str, text: str) -> Callable[[Shop], None]:
    return lambda shop: shop.project.write(path, text)


def _no_lock(shop: Shop) -> None:
    (shop.project.root / LOCK).unlink()


def _no_gate(shop: Shop) -> None:
    """Deleted, and nobody waits for it any more."""
    for name in ("gate_silver.py", "gate_silver.yml"):
        (shop.project.root / "models/silver" / name).unlink()
    shop.project.write("gold/topic_counts.sql", MODELS["gold/topic_counts.sql"].partition("\n")[2])


def _gutted(shop: Shop) -> None:
    """The gate is there, is promised so, and checks nothing."""
    path = shop.project.root / "models/silver/gate_silver.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("return run_gate(", 'return pa.table({"x": [1]}) or ('))
    assert assay(shop.project, "checks", "--accept").code == 0


def _weak_suite(shop: Shop) -> None:
    put_suite(shop.project, "gold/topic_counts", ROWS)


def _nothing(_shop: Shop) -> None:
    """The files are as they were."""


WARNS = yaml_of(
    {"ai_answered": {"arguments": {"min_asked": 1000}, "config": {"severity": "warn"}}}
)
Case = tuple[Callable[[Shop], None], tuple[str, ...], dict[str, str], str]
QUICK = ("--select", "notes")
"""What is told without a look at the data is told by the shortest build, too."""

CASES: dict[str, Case] = {
    "e28_nothing_selected": (
        *(_nothing, ("--select", "nosuch"), {}),
        "The selection criterion 'nosuch' does not match any enabled nodes",
    ),
    "e28_all_excluded": (
        *(_nothing, ("--exclude", "fqn:*"), {}),
        "Not green: nothing was selected by `--exclude fqn:*`, so nothing was checked",
    ),
    "e28_limited_by_the_environment": (
        *(_nothing, (), {"DBT_EXCLUDE_RESOURCE_TYPES": "test"}),
        "Not green: the environment limits the build by `--exclude-resource-type test`",
    ),
    "e09_no_results": (
        *(_nothing, (*QUICK, "--no-write-json"), {}),
        "Not green: dbt left no results of this run",
    ),
    "f02_a_warn_level_gate_fired": (
        *(_write("silver/asked.yml", WARNS), ("--select", "asked"), {}),
        "Not green: the AI gate ai_answered_asked_tent",
    ),
    "f03_a_test_is_gone": (
        *(_write("gold/topic_counts.yml", gold_yaml("topic_counts", "not_null")), (), {}),
        "gate_gold: topic_counts: unique on topic is gone; put it back, or accept the change with",
    ),
    "f03_a_model_is_disabled": (
        *(_write("gold/published.sql", "{{ config(enabled=false) }} select 1"), QUICK, {}),
        "Not green: published: it is disabled; put it back, or accept the change with",
    ),
    "f03_a_gate_is_gone": (*(_no_gate, QUICK, {}), "Not green: gate_silver: it is gone; put"),
    "f03_the_lock_is_gone": (
        *(_no_lock, QUICK, {}),
        "Not green: quality/expected.json is missing, so nobody knows what is to be checked",
    ),
    "f12_a_gate_checks_nothing": (
        *(_gutted, (), {}),
        "Not green: gate_silver recorded 0 of 5 expectations",
    ),
    "f04_a_suite_is_weaker": (
        *(_weak_suite, QUICK, {}),
        "Not green: suite gold/topic_counts: expect_column_values_to_not_be_null on topic is gone",
    ),
    "dead_letters": (
        *(_nothing, QUICK, {"ASSAY_MAX_DEAD_LETTERS": "1"}),
        "Not green: 2 dead letters, over the limit of 1; see `./scripts/assay dead-letters list`",
    ),
}


def test_p07_a_run_that_checked_all_is_green(green: Said, shop: Shop) -> None:
    """And it is published; dead letters under the limit are no fault."""
    assert "Not green" not in green.out + green.err
    assert "Published 2 tables" in green.out
    assert shop.published()


@pytest.mark.parametrize("case", CASES)
def test_p07_a_run_that_did_not_check_all_is_red(green: Said, shop: Shop, case: str) -> None:
    """Exit code, one line, and the published gold of before."""
    change, arguments, env, words = CASES[case]
    before = shop.published()
    change(shop)
    try:
        said = shop.build(*arguments, **env)
    finally:
        shop.restore()
    printed = said.out + said.err
    told = [line for line in printed.splitlines() if words in line]
    summed_up = [line for line in told if line.startswith(("Not green", "Red     gate_"))]
    assert said.code in {1, 2}, printed
    assert len(summed_up or told) == 1, printed
    assert shop.published() == before
    assert "Not published: " in said.out + said.err


def test_p07_a_part_that_was_asked_for_is_green_and_not_published(green: Said, shop: Shop) -> None:
    """It says that it was partial."""
    before = shop.published()
    said = shop.build("--select", "topics+")
    assert said.code == 0, said.out + said.err
    assert "Partial limited by `--select topics+`; it is not published" in said.out
    assert shop.published() == before


def test_p07_one_model_more_is_green(green: Said, shop: Shop, figure: Figure) -> None:
    """Nobody who adds a model has to touch the lock; it is counted, and no more."""
    shop.project.write("gold/mine.sql", "select 1 as x")
    shop.project.write("gold/mine.yml", _described("mine", "x", "not_null"))
    said = shop.build("--select", "mine")
    shop.restore()
    assert said.code == 0, said.out + said.err
    figure(red=len(CASES), one_line_each=True)
