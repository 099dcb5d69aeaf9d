"""The face: what `import assay` offers and loads, and the one place that builds an engine."""

from __future__ import annotations

import ast
import doctest
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.core.settings import Settings

ROOT = Path(__file__).parents[2]

NAMES = """
    open Session Run Settings Outcome Status
    Task Cascade Example Rejected Classify Extract Sentiment Summarize Filter Assess
    Complete Translate Score Verify
    AssayError RunError ConfigError BudgetError QuotaError StoreError Cancelled
"""

BUILDERS = {"Engine", "Dispatcher", "Recorder", "open_provider", "open_telemetry"}
"""Who calls these puts a running engine together."""

PLACES = {
    "assay/engine/session.py": {"Engine", "open_provider", "open_telemetry"},
    "assay/engine/loop.py": {"Dispatcher", "Recorder"},
    "assay/project/doctor/probes.py": {"open_provider"},  # it asks one question past the engine
}


def test_the_public_names_are_these() -> None:
    """A name more is a promise more: it is listed here, and on the page."""
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`assay\.(\w+)", page))
    assert (sorted(assay.__all__), named) == (sorted(NAMES.split()), set(NAMES.split()))
    assert {name for name in named if getattr(assay, name).__doc__ is None} <= {"Status"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As with any module."""
    with pytest.raises(AttributeError, match="no attribute 'Clasify'"):
        assay.Clasify  # noqa: B018


ALL_NAMES = "[getattr(assay, name) for name in assay.__all__]"
A_RUN = """
store = pathlib.Path(tempfile.mkdtemp()) / 'store.sqlite'
with assay.open(store=store, provider='replay') as session, session.run() as run:
    run.ask(assay.Sentiment(), [None])
"""
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}


@pytest.mark.parametrize(("code", "more"), [(ALL_NAMES, set()), (A_RUN, {"filelock"})])
def test_import_assay_loads_pydantic_and_nothing_else_of_others(code: str, more: set[str]) -> None:
    """In a process of its own: who embeds us gets no more; a run has a lock on its store."""
    told = "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    lines = ["import sys, assay, tempfile, pathlib", code, told]
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split()) - set(sys.stdlib_module_names)
    ours = {"assay", "__main__", "_distutils_hack", "__editable___assay_finder"}
    named = {name for name in loaded if not name.startswith(("_sysconfigdata", "__editable__"))}
    assert named - ours - PYDANTIC - {"typing_inspection"} == more


def test_the_example_of_open_runs(tmp_path: Path) -> None:
    """What the docstring shows is what happens."""
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(assay.open, "open", globs={"folder": tmp_path})
    assert (len(example.examples), doctest.DocTestRunner().run(example).failed) == (2, 0)


def test_a_running_engine_is_put_together_in_one_module() -> None:
    """Whoever needs one opens a session."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "udfs").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if built := calls & BUILDERS:
            found[str(path.relative_to(ROOT / "udfs"))] = built
    assert found == PLACES


def name_of(call: ast.Call) -> str:
    """What is called, where that is a plain name."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_tasks_are_written_as_in_sql() -> None:
    """Lists and mappings, as the macros take them, give the task that a macro gives."""
    labels = assay.Classify(labels={"delivery": "Late or lost.", "returns": None})
    said = [{"name": "delivery", "description": "Late or lost."}, {"name": "returns"}]
    assert labels == assay.Classify.model_validate({"labels": said})
    fields = assay.Extract(fields={"amount": "number", "kind": ["a", "b"], "products": ["text"]})
    assert [(one.type, one.labels, one.many) for one in fields.fields] == [
        ("number", None, False),
        ("text", ("a", "b"), False),
        ("text", None, True),
    ]
    assert assay.Assess(rules={"age": "is over 17"}).rules[0].column == "age"
    example = assay.Example("a text", "delivery")
    assert json.loads(example.model_dump_json()) == {"text": "a text", "answer": "delivery"}


def test_settings_are_checked_by_name() -> None:
    """Before anything is opened; nothing of `ASSAY_` in the environment counts."""
    with pytest.raises(assay.ConfigError, match="in the call; did you mean 'provider'"):
        assay.open(provder="local")
    with pytest.raises(assay.ConfigError, match="OPENAI_API_KEY"):
        assay.open(provider="openai", model="m", api_key=None)
    with pytest.raises(assay.ConfigError, match="ASSAY_MAX_IN_FLIGHT"):
        assay.open(Settings(), max_in_flight=0)


@pytest.mark.parametrize(
    ("task", "texts", "said"),
    [
        (assay.Sentiment(), "one text", "put it into a list"),
        ("sentiment", ["one text"], "is no task"),
        (
            assay.Sentiment(examples=(assay.Example("good", "very"),)),
            ["one text"],
            "the answer of example 1 is not valid",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(
    tmp_path: Path, task: object, texts: object, said: str
) -> None:
    """Before anything is sent."""
    with assay.open(store=tmp_path / "store.sqlite") as session, session.run() as run:
        with pytest.raises(assay.ConfigError, match=said):
            run.ask(task, texts)  # type: ignore[arg-type]
        assert run.spend.requests == 0
