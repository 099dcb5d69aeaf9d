"""`ai_sentiment`: a number on a scale, or a known label for each aspect."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.sentiment import Sentiment

SCORE = Sentiment()
ASPECTS = Sentiment(aspects=("food", "service"))


@pytest.mark.parametrize(("raw", "expected"), [(-1, -1.0), (0.25, 0.25), (1, 1.0), (None, None)])
def test_a_score_lies_on_the_scale_or_is_null(raw: Any, expected: float | None) -> None:
    """Null says that the sentiment cannot be judged."""
    assert SCORE.accept(raw, "") == expected


@pytest.mark.parametrize(
    "raw",
    ["0.5", "positive", True, 1.01, -2, float("nan"), float("inf"), 10**400, [0.5], {}],
)
def test_c12_what_is_not_a_number_on_the_scale_is_refused(raw: Any) -> None:
    """No words, no booleans, no NaN, nothing off the scale."""
    with pytest.raises(Rejected, match="not a number from -1 to 1"):
        SCORE.accept(raw, "")


def test_each_aspect_has_a_label() -> None:
    """Labels follow the rule of ai_classify; aspects come in the order of the task."""
    answer = ASPECTS.accept({"service": " Unknown", "food": "MIXED"}, "")
    assert list(answer.items()) == [("food", "mixed"), ("service", "unknown")]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "raw", [None, 0.5, "positive", {"food": "mixed"}, {"food": "mixed", "price": "mixed"}]
)
def test_exactly_the_aspects_are_taken(raw: Any) -> None:
    """A missing or an invented aspect makes the answer doubtful."""
    with pytest.raises(Rejected, match="exactly the aspects"):
        ASPECTS.accept(raw, "")


def test_c11_an_aspect_needs_one_of_the_five_labels() -> None:
    """Great is not positive."""
    with pytest.raises(Rejected, match="bad_label"):
        ASPECTS.accept({"food": "great", "service": "mixed"}, "")


@pytest.mark.parametrize("aspects", [(), ("food", "Food"), ("food", " ")])
def test_aspects_must_differ(aspects: tuple[str, ...]) -> None:
    """They become the fields of a STRUCT."""
    with pytest.raises(ValidationError, match=r"wrong `aspects` .*; give at least one aspect"):
        Sentiment(aspects=aspects)


def test_the_schema_of_a_score_has_the_ends_of_the_scale() -> None:
    """A nullable number."""
    expected = {"type": ["number", "null"], "minimum": -1, "maximum": 1}
    assert SCORE.answer_schema() == expected


def test_the_schema_of_aspects_is_a_closed_object_of_labels() -> None:
    """Every aspect is required and has the same five labels."""
    schema = ASPECTS.answer_schema()
    assert (schema["required"], schema["additionalProperties"]) == (["food", "service"], False)
    assert schema["properties"]["food"]["enum"][-1] == "unknown"


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (SCORE, "sentiment from -1 (negative) to 1 (positive), null if it cannot be judged"),
        (ASPECTS, "sentiment towards each aspect, unknown if the text says nothing about it"),
    ],
)
def test_the_question_says_what_not_knowing_is(task: Sentiment, expected: str) -> None:
    """Nobody is made to guess."""
    assert task.question() == expected


@pytest.mark.parametrize(("task", "expected"), [(SCORE, 4), (ASPECTS, 15)])
def test_the_output_is_short(task: Sentiment, expected: int) -> None:
    """A number, or a name and a label for each aspect, whatever the text."""
    assert task.output_tokens("x" * 10_000) == expected
