"""`ai_score`: whole numbers of a stated scale, and null where the text does not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.task import Rejected
from assay.functions.score import Score
from assay.project.evaluation.evaluate import ExamPlan, evaluate
from assay.project.evaluation.exams import classify_exam
from assay.project.evaluation.golden_rows import GoldenSource
from assay.project.evaluation.scorecard import table
from assay.providers.fake import FakeProvider, answering

URGENT = Score(criterion="How urgent is it?", low=1, high=5)


@pytest.mark.parametrize(("raw", "value"), [(1, 1), (5, 5), (3.0, 3), (None, None)])
def test_a_whole_number_of_the_scale_is_taken(raw: Any, value: int | None) -> None:
    """Both ends are in; null is an answer."""
    assert URGENT.accept(raw, "") == value


@pytest.mark.parametrize("raw", [0, 6, 2.5, "3", True, [3], float("nan"), float("inf"), 10**400])
def test_all_else_is_refused(raw: Any) -> None:
    """No number between two grades, no word for one."""
    with pytest.raises(Rejected, match="not a whole number from 1 to 5"):
        URGENT.accept(raw, "")


def test_the_schema_holds_the_grades_one_by_one() -> None:
    """Every strict mode knows an enum."""
    assert URGENT.tight_schema([])["enum"] == [1, 2, 3, 4, 5, None]
    assert URGENT.question() == (
        "score from 1 (least) to 5 (most) as a whole number, null if the text does not tell: "
        "How urgent is it?"
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"criterion": " "}, "criterion"),
        ({"low": 3, "high": 3}, "high"),
        ({"low": 0, "high": 101}, "high"),
        ({"low": True}, "low"),
        ({"high": 2.5}, "high"),
        ({"low": -1001}, "low"),
    ],
)
def test_a_scale_has_two_ends_in_order(given: dict[str, Any], named: str) -> None:
    """And at most a hundred steps."""
    with pytest.raises(ValidationError, match=f"wrong `{named}`"):
        Score(**{"criterion": "x"} | given)


def plan(folder: Path, **changed: Any) -> ExamPlan:
    """A paper of four golden rows, one of which cannot be told."""
    data = folder / "golden.csv"
    data.write_text("body,urgency\na,1\nb,3\nc,5\nd,unknown\n", encoding="utf-8")
    source = GoldenSource(data, "body", "urgency")
    given: dict[str, Any] = {"criterion": "How urgent?", "low": 1, "high": 5} | changed
    return ExamPlan(source, "score", **given)


def test_scores_are_measured_by_how_far_they_are_from_gold(tmp_path: Path) -> None:
    """In steps of the scale; a row without a number on both sides has no distance."""
    said = {"a": 1, "b": 1, "c": 4, "d": None}
    settings = Settings(store=tmp_path / "store.sqlite")
    provider = FakeProvider(answering(lambda record, _key: said[record.text]))
    figures = evaluate(plan(tmp_path), settings, provider)
    assert figures["accuracy"] == 0.5
    assert figures["mean_absolute_error"] == 1.0
    assert "Mean error      1.000" in table(figures)


def test_grades_from_sql_are_those_of_gold() -> None:
    """A table has them as DOUBLE, a file of golden rows as text or as a number."""
    exam = classify_exam(["1", "5", 3], None)
    assert [exam.answer(one) for one in (1.0, 5.0, 3)] == [exam.gold(one) for one in ("1", 5.0, 3)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"criterion": None}, "--criterion"), ({"high": 4}, "'5' is no whole number from 1 to 4")],
)
def test_what_cannot_be_measured_is_said(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    """Before anything is asked."""
    with pytest.raises(ConfigError, match=said):
        evaluate(plan(tmp_path, **changed), Settings(store=tmp_path / "store.sqlite"))
