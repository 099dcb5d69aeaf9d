"""What a report leads with, and what it shows over builds: the pure parts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.project.report import history
from assay.project.report.bars import bar, interval, spark
from assay.project.report.drawing import ticks
from assay.project.report.facts import (
    Built,
    ColumnFacts,
    Concern,
    Facts,
    LedgerFacts,
    RunFacts,
    SuiteFacts,
    SuiteState,
    Verdict,
    Warehouse,
)
from assay.project.report.golden import Version, golden_columns
from assay.project.report.history import Checks, durations_over, suites_over
from assay.project.report.notes import built_from, earlier, keep
from assay.project.report.todo import ToDo, anchor, odd_of, to_do
from assay.store import Evaluation

RUN = RunFacts("run-1", "2026-03-01 12:00:00", "openai", "api.example", "stub")
SUITE = SuiteFacts("gate_silver", "notes", 2, 9, 1, ["failed"])
TOPIC = ColumnFacts(
    "silver.notes", "topic", "classify", "", "stub", "p", 0, {"ok": 3}, None, None, ()
)
ODD = Concern("null", "silver.notes.topic.size", "all are NULL", "look at the texts")
EVALUATION = Evaluation(
    invocation_id="run-1",
    model_name="notes",
    column_name="topic.value",
    golden="golden",
    kind="label",
    prompt_hash="p",
    model="stub",
    fingerprint="f",
    row_count=10,
    answered=10,
    right_count=6,
    accuracy=0.6,
    accuracy_low=0.3,
    accuracy_high=0.8,
    macro_f1=None,
    macro_f1_low=None,
    macro_f1_high=None,
    token_f1=None,
    token_f1_low=None,
    token_f1_high=None,
    recalls="[]",
    compared_with=None,
    compared_rows=None,
    lost=None,
    gained=None,
    p_value=None,
    passed=True,
    reasons="",
    evaluated_at="2026-03-01 12:00:00",
)


def facts(**more: Any) -> Facts:
    """A red run with one suite and one AI column."""
    ledger = LedgerFacts(RUN, 0, [RUN], (), (), "run", {}, [SUITE], (), (), (), [EVALUATION], {})
    verdict = Verdict("red", ["one is red"], "red")
    made = Facts(ledger, Warehouse([TOPIC]), None, verdict, "2026-03-01 12:00:00")
    return replace(made, **more)


# What to do


def test_the_lines_of_the_terminal_lead_with_their_places() -> None:
    """What is red before what is not, whatever came first; then what is odd."""
    said = [
        "Failed  2 values without an answer: 2 invalid; see assay dead-letters list",
        "Red     gate_silver: suite notes, expect_x on topic: 1 of 9 values unexpected.",
        "Red     unique on notes.id: 3 rows found. Correct notes.",
        "Red     ai_accuracy on notes.topic: accuracy 0.6.",
        "Not published: 1 with status error.",
    ]
    built = Built(said=said, outcomes={"unique on notes.id": "fail"})
    found = to_do(facts(built=built, concerns=[ODD]))
    assert [(one.word, one.place) for one in found] == [
        ("Red", "suite-gate_silver-notes"),
        ("Red", "test-unique-on-notes-id"),
        ("Red", "golden"),
        ("", ""),
        ("Failed", "letters"),
        ("Odd", "column-silver-notes-topic"),
    ]
    assert found[2].said == "ai_accuracy on notes.topic: accuracy 0.6."
    assert found[-1] == ToDo("Odd", ODD.line, "column-silver-notes-topic", is_grave=False)


def test_of_a_build_that_kept_no_lines_the_ledger_tells() -> None:
    """Its reasons, as the terminal would; nothing where dbt's word is gone."""
    assert [(one.word, one.said) for one in to_do(facts())] == [("Red", "one is red")]
    assert to_do(facts(verdict=Verdict("unknown", ["not kept"], "unknown"))) == []


def test_what_is_odd_about_a_column_is_told_of_it_alone() -> None:
    """Of its fields, too, and of no column whose name begins so."""
    assert odd_of(TOPIC, [ODD]) == [ODD]
    assert odd_of(replace(TOPIC, name="top"), [ODD]) == []


def test_an_anchor_is_a_word_whatever_the_name() -> None:
    """No blank, quote or bracket gets into an id."""
    assert anchor("test", 'a "<b>" c', "d.e") == "test-a-b-c-d-e"


# Over builds


def test_how_tests_ended_over_builds() -> None:
    """The worst first, then what was red once, then the rest by name."""
    before = Built(outcomes={"a": "pass", "b": "pass", "was": "fail"})
    now = Built(outcomes={"a": "pass", "b": "fail", "was": "pass", "new": "skipped"})
    found = history.tests_over([before, now])
    assert [(one.name, list(one.states), one.kind) for one in found] == [
        ("b", ["pass", "fail"], "telling"),
        ("new", ["", "skipped"], "skipped"),
        ("was", ["fail", "pass"], "telling"),
        ("a", ["pass", "pass"], "steady"),
    ]
    assert found[0].is_red
    assert history.tests_over([]) == history.tests_over([before, Built()]) == []


def test_how_suites_fared_over_runs() -> None:
    """Blank where one did not run."""
    states = [
        SuiteState("run-1", "gate", "notes", 2, 1),
        SuiteState("run-2", "gate", "notes", 2, 0),
        SuiteState("run-2", "gate", "more", 2, 0),
    ]
    found = suites_over(states)
    assert list(found["gate", "notes"].states) == ["fail", "pass"]
    assert list(found["gate", "more"].states) == ["", "pass"]


def test_how_long_models_take() -> None:
    """The slowest first, beside the median of the builds before."""
    builds = [Built(durations={"a": 1.0}), Built(durations={"a": 3.0}), Built()]
    slow = durations_over([*builds, Built(durations={"b": 1.0, "a": 5.0})])
    assert [(one.name, one.seconds, one.usual) for one in slow] == [("a", 5, 2), ("b", 1, None)]
    assert durations_over([]) == []


def test_builds_are_found_again_up_to_the_one_that_is_shown(tmp_path: Path) -> None:
    """By when they began; files of a version that kept less are left out."""
    for day in (3, 1, 2):
        keep(tmp_path, f"run-{day}", Built(began=f"2026-03-0{day}T12:00:00Z", tests=day))
    (tmp_path / "built-old.json").write_text('{"exit_code": 0}', encoding="utf-8")
    (tmp_path / "built-cut.json").write_text('{"exit', encoding="utf-8")
    shown = Built(began="2026-03-02T12:00:00Z", tests=9)
    assert [one.tests for one in earlier(tmp_path, shown)] == [1, 9]
    assert earlier(tmp_path, None) == []


def test_what_is_kept_of_a_build() -> None:
    """Seconds by model, outcomes by the name that people read: the worst of one name."""
    test = {"resource_type": "test", "name": "x", "test_metadata": {"name": "unique"}}
    nodes = {f"test.shop.{name}.1": test for name in ("one", "two")}
    results = {
        "metadata": {"invocation_started_at": "2026-03-01T12:00:00Z"},
        "args": {"select": ["notes"]},
        "results": [
            {"unique_id": "model.shop.notes", "status": "success", "execution_time": 1.5},
            {"unique_id": "test.shop.one.1", "status": "fail"},
            {"unique_id": "test.shop.two.1", "status": "pass"},
            {"unique_id": "test.shop.far.1", "status": "warn"},
        ],
    }
    built = built_from(results, 1, manifest={"nodes": nodes}, where={"project": "shop"})
    assert built.outcomes == {"unique": "fail", "far": "warn"}
    assert built.durations == {"notes": 1.5}
    assert (built.began, built.selection) == ("2026-03-01T12:00:00Z", ["`--select notes`"])


# Golden


def test_a_golden_column_by_version_label_and_mistake() -> None:
    """Versions since when they were first measured; mistakes, the commonest first."""
    recalls = [
        {
            "label": "b",
            "rows": 4,
            "right": 4,
            "recall": 1.0,
            "low": 0,
            "high": 1,
            "answers": {"b": 4},
        },
        {
            "label": "a",
            "rows": 6,
            "right": 2,
            "recall": 0.3,
            "low": 0,
            "high": 1,
            "answers": {"a": 2, "b": 3, "(none)": 1},
        },
    ]
    later = replace(EVALUATION, evaluated_at="2026-03-02 12:00:00", recalls=json.dumps(recalls))
    (found,) = golden_columns([EVALUATION, later], {("notes", "topic.value", "golden"): 0.5})
    assert (found.name, found.least) == ("notes.topic", 0.5)
    assert found.versions == [Version("2026-03-01 12:00:00", "stub", 0.6, 0.3, 0.8)]
    assert [one["label"] for one in found.recalls] == ["a", "b"]
    assert found.labels == ["a", "b", "(none)"]
    assert found.pairs == [("a", "b", 3), ("a", "(none)", 1)]


def test_what_did_not_pass_comes_first_and_damage_is_nothing() -> None:
    """A record that is no list of labels has no labels."""
    red = replace(EVALUATION, model_name="red", passed=False, accuracy=0.9, recalls="{")
    assert [one.now.model_name for one in golden_columns([EVALUATION, red], {})] == [
        "red",
        "notes",
    ]
    assert golden_columns([red], {})[0].labels == []


@pytest.mark.parametrize(
    ("sure", "said"), [(0.9, "too sure by 30 points"), (0.4, "too unsure by 20"), (0.62, "about")]
)
def test_what_confidence_is_worth(sure: float, said: str) -> None:
    """Beside the share that is right; nothing where answers have none."""
    now = replace(EVALUATION, mean_confidence=sure, calibration_error=0.1)
    assert said in golden_columns([now], {})[0].calibrated
    assert golden_columns([EVALUATION], {})[0].calibrated == ""


# Small drawings


def test_a_bar_is_as_long_as_its_share() -> None:
    """Parts one after the other; nothing of nothing; names are escaped."""
    drawn = bar('say "x"', [(1, "c0"), (1, "c1"), (0, "c2")], 4)
    assert drawn.count("<rect") == 2
    assert '<rect x="25.0" width="25.0"' in drawn
    assert 'aria-label="say &#34;x&#34;"' in drawn
    assert "<rect" not in bar("nothing", [(0, "c0")], 0)


def test_a_history_is_told_by_height_and_words() -> None:
    """A failure is taller, so that it is seen without colours."""
    drawn = spark(Checks("t", ["pass", "", "fail"]))
    assert 'd="M3 14v-6" stroke="var(--good)"' in drawn
    assert 'd="M19 14v-14" stroke="var(--bad)"' in drawn
    assert 'aria-label="3 builds, the last on the right: 1 pass, 1 fail"' in drawn


def test_an_accuracy_has_its_interval_and_what_is_asked_for() -> None:
    """Three marks; two where nothing is asked."""
    one = Version("", "", 0.5, 0.4, 0.6)
    assert interval(one, 0.3).count("<rect") == 3
    assert "at least 30.0% asked for" in interval(one, 0.3)
    assert interval(one, None).count("<rect") == 2


@pytest.mark.parametrize(
    ("top", "places"),
    [(1.0, [0, 0.5, 1]), (0.64, [0, 0.2, 0.4, 0.6]), (0.25, [0, 0.1, 0.2]), (0.01, [0, 0.01])],
)
def test_an_axis_names_only_places_that_fit(top: float, places: list[float]) -> None:
    """From nothing on, in even steps: none is left out for want of room."""
    assert ticks(top) == places
