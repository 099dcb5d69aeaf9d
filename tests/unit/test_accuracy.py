"""Grading golden rows: figures, what is too low, and what has fallen."""

from __future__ import annotations

from typing import Any

import pytest

from assay.project.evaluation.accuracy import (
    Baseline,
    GoldenTest,
    GradedRow,
    change,
    doubled,
    fingerprint_of,
    golden_key,
    graded_before,
    measure,
    shortcomings,
)
from assay.store import Graded


def asked(**given: Any) -> GoldenTest:
    """A test without limits."""
    known: dict[str, Any] = {
        "invocation_id": "run",
        "model_name": "silver",
        "column_name": "topic.value",
        "golden": "golden",
        "kind": "label",
        "against": "last",
        "alpha": 0.05,
        "min_rows": 1,
        "min_label_rows": 1,
        "record": True,
    }
    limits = dict.fromkeys(["min_accuracy", "min_macro_f1", "min_token_f1", "min_recall"])
    return GoldenTest.model_validate(known | limits | given)


def row(key: int, gold: Any, answer: Any, **given: Any) -> GradedRow:
    """A golden row that was answered; `...` stands for no answer."""
    answered = answer is not ...
    known = {"key": str(key), "gold": gold, "answer": answer if answered else None}
    return GradedRow.model_validate(known | {"answered": answered} | given)


LABELS = [
    row(1, "good", "good"),
    row(2, "good", "bad"),
    row(3, "bad", "bad"),
    row(4, "bad", ...),
]


def test_accuracy_counts_rows_without_an_answer_as_wrong() -> None:
    """Two of four, three of which were answered; recalls by label."""
    figures = measure(asked(), LABELS)

    assert (figures.right, figures.answered, figures.accuracy.value) == (2, 3, 0.5)
    assert [(one.label, one.rows, one.right) for one in figures.recalls] == [
        ("bad", 2, 1),
        ("good", 2, 1),
    ]
    assert figures.macro_f1 is not None
    assert figures.macro_f1.value == pytest.approx((2 / 4 + 2 / 3) / 2)


def test_the_order_of_rows_changes_nothing() -> None:
    """Not the fingerprint, and not what went into it."""
    one, other = measure(asked(), LABELS), measure(asked(), LABELS[::-1])
    assert fingerprint_of(asked(), one) == fingerprint_of(asked(), other)
    assert one.rows == other.rows


def test_sentiment_is_read_off_the_score() -> None:
    """NULL that was answered is `unknown`; within ±0.05 is neutral."""
    rows = [
        row(1, "positive", 0.7),
        row(2, "neutral", 0.01),
        row(3, "unknown", None),
        row(4, "negative", 0.2),
    ]
    figures = measure(asked(kind="sentiment"), rows)
    assert (figures.right, figures.accuracy.value) == (3, 0.75)


def test_extract_is_exact_apart_from_case_and_blanks_or_shares_words() -> None:
    """Nothing to find and nothing found is right; a failure is not."""
    rows = [
        row(1, "Red  Tent", "red tent"),
        row(2, None, None),
        row(3, None, ...),
        row(4, "the red tent", "tent"),
        row(5, ["a", "b"], ["b", "a"]),
    ]
    figures = measure(asked(kind="extract"), rows)

    assert [graded.is_right for graded in figures.rows.values()] == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert figures.token_f1 is not None
    assert figures.token_f1.value == pytest.approx((1 + 1 + 0 + 2 / 4 + 1) / 5)
    assert figures.macro_f1 is None


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, []),
        ({"min_accuracy": 0.5, "min_macro_f1": 0.5, "min_recall": 0.5}, []),
        ({"min_accuracy": 0.51}, ["accuracy 0.500 (0.150 to 0.850) is under `min_accuracy` 0.51"]),
        ({"min_rows": 5}, ["4 golden rows are fewer than `min_rows` 5"]),
        ({"min_recall": 0.6, "min_label_rows": 3}, []),
        (
            {"min_recall": {"good": 0.6}, "min_label_rows": 3},
            ["recall of 'good' 0.500 (0.095 to 0.905) of 2 rows is under `min_recall` 0.6"],
        ),
        (
            {"min_recall": {"ugly": 0.1}},
            ["`min_recall` names the label 'ugly', of which there is no golden row"],
        ),
    ],
)
def test_what_is_under_a_limit_is_a_line(limits: dict[str, Any], said: list[str]) -> None:
    """With the figure, its interval and the limit."""
    test = asked(**limits)
    assert list(shortcomings(test, measure(test, LABELS), None, None)) == said


def graded(*right: int, of: int = 20) -> dict[str, Graded]:
    """So many golden rows, of which those are right."""
    return {golden_key(str(at), "good"): Graded(at in right, None) for at in range(of)}


@pytest.mark.parametrize(
    ("before", "now", "alpha", "fell"),
    [
        (range(20), range(6, 20), 0.05, True),  # p = 2 / 64
        (range(20), range(5, 20), 0.05, False),  # p = 2 / 32
        (range(20), range(6, 20), 0.01, False),
        (range(20), range(6, 20), None, False),
        (range(6, 20), range(20), 0.05, False),  # a rise
    ],
)
def test_a_fall_is_more_lost_than_chance_explains(
    before: range, now: range, alpha: float | None, fell: bool
) -> None:
    """By McNemar's exact test; a rise is none, and None asks for no comparison."""
    changed = change(graded(*now), graded(*before))
    assert changed.fell(alpha) is fell


def test_a_fall_names_what_it_is_compared_with() -> None:
    """And how many rows went which way."""
    test, before = asked(), Baseline(graded(*range(20)), "prompt abc", "f")
    figures = measure(test, [row(at, "good", "good" if at > 9 else "bad") for at in range(20)])
    (line,) = shortcomings(test, figures, before, change(figures.rows, before.rows))

    assert line == (
        "a fall against prompt abc: of 20 golden rows 10 were right and are wrong, 0 the other "
        "way (McNemar, exact, p = 0.002, `alpha` 0.05)"
    )


def test_rows_that_were_labelled_anew_are_not_compared() -> None:
    """A golden key is the hash of key and label; no text, and no two rows alike."""
    assert change(graded(1), {golden_key("1", "bad"): Graded(True, None)}).rows == 0
    assert golden_key("1", "good") != golden_key("2", "good")


def test_the_answers_of_a_given_baseline_are_graded_alike() -> None:
    """By the same gold."""
    rows = [row(1, "good", "bad", before="good", before_answered=True), row(2, "bad", "bad")]
    before = graded_before(asked(), rows)
    assert [one.is_right for one in before.values()] == [True, False]


def test_a_key_that_is_there_twice_is_counted() -> None:
    """It would be compared with itself."""
    assert doubled([*LABELS, LABELS[0]]) == 1
