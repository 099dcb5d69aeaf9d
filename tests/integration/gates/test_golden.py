"""`ai_accuracy` in real builds: a worse prompt is caught, whatever became of the warehouse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..dbt.project import REPOSITORY, Project, Run

OPS = REPOSITORY / "models/ops"
SOURCES = {
    "sources": [
        {
            "name": "assay_store",
            "schema": "ops",
            "meta": {"plugin": "assay"},
            "tables": [{"name": "evaluations"}],
        }
    ]
}
TEST = {
    "ai_accuracy": {
        "name": "golden_topics",
        "arguments": {"golden": "ref('bronze_golden')", "key": "id", "label": "topic"},
    }
}
YAML = {
    "models": [
        {"name": "silver_texts", "columns": [{"name": "topic", "data_tests": [TEST]}]},
    ]
}
GOLDEN = "select range as id, 'delivery' as topic from range(60)"


def answers(prompt: str, wrong: int) -> str:
    """Answers to the golden rows, the first `wrong` of them wrong."""
    return (
        "{{ config(materialized='table') }}\n"
        "select range as id, {'value': case when range < "
        f"{wrong} then 'other' else 'delivery' end, 'status': 'ok', 'prompt_hash': '{prompt}', "
        "'model': 'm'} as topic from range(60)"
    )


@dataclass(frozen=True)
class Story:
    """A build with a good prompt, then one with a worse prompt after all but the store is gone."""

    project: Project
    good: Run
    worse: Run


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Build, clean, take the warehouse away, change the prompt, build anew in full."""
    models = {
        "bronze/bronze_golden.sql": GOLDEN,
        "silver/silver_texts.sql": answers("a", 2),
        "silver/silver_texts.yml": json.dumps(YAML),
        "gold/topics.sql": (
            "-- depends_on: {{ ref('bronze_golden') }}\nselect * from {{ ref('silver_texts') }}"
        ),
        "ops/_sources.yml": json.dumps(SOURCES),
        "ops/ops_golden.sql": (OPS / "ops_golden.sql").read_text(),
        "ops/ops_golden.yml": (OPS / "ops_golden.yml").read_text(),
    }
    project = Project(tmp_path_factory.mktemp("golden"), models)
    good = project.dbt("build")
    project.dbt("clean")
    Path(project.warehouse).unlink()
    project.write("silver/silver_texts.sql", answers("b", 20))
    return Story(project, good, project.dbt("build", "--full-refresh"))


def test_the_first_evaluation_passes_and_says_that_nothing_was_compared(story: Story) -> None:
    """There is nothing to compare it with."""
    assert story.good.code == 0, story.good.output
    assert "accuracy 0.967 (0.886 to 0.991)" in story.good.output
    assert "nothing earlier to compare with" in story.good.output


def test_a_worse_prompt_fails_the_build_and_holds_gold_back(story: Story) -> None:
    """The store remembers, after `dbt clean`, without the warehouse and with --full-refresh."""
    statuses = story.worse.statuses()

    assert story.worse.code == 1
    assert statuses["golden_topics"] == "fail"
    assert statuses["topics"] == "skipped"


def test_ops_golden_shows_both_prompts(story: Story) -> None:
    """The failed one as well, with what it was compared with and why it failed."""
    rows = story.project.rows(
        "select prompt_hash, right_count, is_passed, lost, gained, reasons, recalls "
        "from ops.ops_golden order by evaluated_at"
    )
    recall = {"label": "delivery", "rows": 60, "right": 58}

    assert [row[:5] for row in rows] == [("a", 58, True, None, None), ("b", 40, False, 18, 0)]
    assert rows[1][5].startswith("a fall against prompt a by m of ")
    assert rows[0][6][0].items() >= recall.items()


def test_wrong_arguments_stop_the_compile(tmp_path: Path) -> None:
    """With the argument, what was given, and what to do."""
    wrong = {"ai_accuracy": {"arguments": TEST["ai_accuracy"]["arguments"] | {"kind": "words"}}}  # type: ignore[operator]
    yaml = {"models": [{"name": "one", "columns": [{"name": "topic", "data_tests": [wrong]}]}]}
    models = {
        "bronze/bronze_golden.sql": GOLDEN,
        "bronze/one.sql": answers("a", 0),
        "bronze/one.yml": json.dumps(yaml),
    }
    run = Project(tmp_path, models).dbt("compile")

    assert 'ai_accuracy: wrong `kind` "words"; give label, sentiment or extract.' in run.output


def test_a_build_tells_the_figures_in_terminal_and_report(story: Story) -> None:
    """Accuracy before and now, rows lost and gained, the label that lost; not `1 row found`."""
    done = story.project.run("assay.cli.main", "build", env={})
    assert done.code == 1
    figures = (
        "ai_accuracy on silver_texts.topic: accuracy 0.667 of 60 golden rows, 0.967 before; lost "
        "most: delivery 58 to 40 of 60 right; a fall against prompt a by m of "
    )
    (line,) = [line for line in done.out.splitlines() if line.startswith("Red ")]
    assert figures in line
    assert "of 60 golden rows 18 were right and are wrong, 0 the other way" in line
    page = (story.project.root / "target/assay/report.html").read_text(encoding="utf-8")
    box = page.partition('<ul class="todo">')[2].partition("</ul>")[0]
    assert figures in box
