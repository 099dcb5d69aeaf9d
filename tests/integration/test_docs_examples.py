"""The examples of docs/functions.md, built as they stand in a copy of the shipped project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from .dbt.project import REPOSITORY, Project, Run

PAGE = (REPOSITORY / "docs" / "functions.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"^```(?:sql|yaml)\n(?:--|#) model: (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.S)
)
MODELS = [Path(name).stem for name in EXAMPLES if name.endswith(".sql")]
AI_FUNCTIONS = [path.stem for path in sorted((REPOSITORY / "macros" / "ai").glob("*.sql"))]


@dataclass(frozen=True)
class Built:
    """The project with all examples after one build."""

    project: Project
    run: Run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One `dbt build` of the examples and what they read, with the embedded provider.

    Cautious: tests that compare with models which are not built here are left out.
    """
    project = Project(tmp_path_factory.mktemp("examples")).add_shipped()
    for name, text in EXAMPLES.items():
        project.write(f"silver/{name}", text)
    selected = [f"+{name}" for name in MODELS]
    project.env |= {"ASSAY_EVIDENCE": "table", "ASSAY_EVIDENCE_TABLE": "silver.example_pages"}
    run = project.dbt("build", "--indirect-selection", "cautious", "--select", *selected)
    return Built(project, run)


def test_no_example_overwrites_another() -> None:
    """Each has a name of its own, none is a model of the project, and none was missed."""
    shipped = {path.stem for path in (REPOSITORY / "models").rglob("*.sql")}
    assert len(EXAMPLES) == len(re.findall(r"^(?:--|#) model: ", PAGE, re.MULTILINE))
    assert not shipped & set(MODELS)


@pytest.mark.parametrize("function", [*AI_FUNCTIONS, "ai_due", "assay_gather"])
def test_every_function_is_in_an_example(function: str) -> None:
    """So that building them runs it."""
    assert any(f"{{{{ {function}(" in text for text in EXAMPLES.values())


def test_the_examples_read_bronze_only() -> None:
    """They work in a fresh copy, whatever else is built there."""
    read = set(re.findall(r"ref\('(\w+)'\)", "\n".join(EXAMPLES.values())))
    bronze = {path.stem for path in (REPOSITORY / "models" / "bronze").glob("*.sql")}
    assert read - {"example_pages"} <= bronze


def test_the_examples_build_and_pass_their_tests(built: Built) -> None:
    """As a reader would do it."""
    assert built.run.code == 0, built.run.output
    assert set(built.run.statuses().values()) == {"success", "pass"}
    assert set(MODELS) <= set(built.run.statuses())


@pytest.mark.parametrize("model", MODELS)
def test_an_example_shows_something(built: Built, model: str) -> None:
    """A table with rows in it."""
    ((count,),) = built.project.rows(f"select count(*) from silver.{model}")
    assert count > 0


def test_an_example_built_again_asks_nobody(built: Built) -> None:
    """Not even with a full refresh."""
    calls = built.project.calls()
    run = built.project.dbt("run", "--full-refresh", "--select", *MODELS)
    assert run.code == 0, run.output
    assert built.project.calls() == calls
