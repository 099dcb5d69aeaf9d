"""The formulas of an evaluation, each against figures worked out by hand or published."""

from __future__ import annotations

import pytest

from assay.project.evaluation import metrics
from assay.project.evaluation.metrics import Counts, Interval, Scores


def test_wilson_gives_the_published_interval() -> None:
    """81 of 263 is 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)."""
    interval = metrics.wilson(81, 263)

    assert interval == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_wilson_stays_within_the_scale() -> None:
    """None of 20 right does not mean that none ever is: 0 to 0.1611 (Newcombe 1998)."""
    interval = metrics.wilson(0, 20)

    assert interval == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_never_exceeds_one() -> None:
    """All right ends at one exactly."""
    interval = metrics.wilson(48, 48)

    assert interval == pytest.approx((0.9259, 1.0), abs=5e-5)
    assert (interval or (0.0, 2.0))[1] <= 1


def test_nothing_has_no_figures() -> None:
    """A share of nothing is unknown, not zero."""
    figures = [
        metrics.share(0, 0),
        metrics.mean([]),
        metrics.wilson(0, 0),
        metrics.macro_f1([], []),
        metrics.macro_f1_interval([], [], seed=1),
        metrics.micro_f1_interval([], seed=1),
        metrics.calibration_error([], []),
    ]

    assert figures == [None] * 7


def test_scores_of_nothing_are_unknown() -> None:
    """No value wanted and none given: neither good nor bad."""
    assert metrics.micro([]) == Scores(None, None, None)


def test_f1_is_the_harmonic_mean() -> None:
    """Precision 3/4 and recall 3/5 make 2·(0.75·0.6)/(0.75+0.6)."""
    scores = metrics.scores(Counts(right=3, wrong=1, missed=2))

    assert (scores.precision, scores.recall) == (0.75, 0.6)
    assert scores.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))


def test_found_compares_exact_values() -> None:
    """A value that is a little different is one wrong and one missed."""
    gold = [("city", "Graz"), ("day", "Monday"), ("people", "4")]
    answer = [("city", "Graz"), ("day", "monday")]

    assert metrics.found(gold, answer) == Counts(right=1, wrong=1, missed=2)


def test_micro_counts_every_value_the_same() -> None:
    """A row with many values weighs more than one with few."""
    scores = metrics.micro([Counts(9, 1, 0), Counts(0, 1, 1)])

    assert scores == Scores(9 / 11, 9 / 10, 18 / 21)


def test_macro_counts_every_label_the_same() -> None:
    """F1 of a is 2·2/(2·2+1), of b 0: the rare label halves the mean."""
    macro = metrics.macro_f1(["a", "a", "b"], ["a", "a", "a"])

    assert macro == pytest.approx((0.8 + 0.0) / 2)


def test_a_row_without_answer_is_a_miss_of_its_label() -> None:
    """No answer costs recall, and makes no label of its own."""
    macro = metrics.macro_f1(["a", "a", "b"], ["a", None, "b"])

    assert macro == pytest.approx((2 / 3 + 1.0) / 2)


def test_an_answer_that_gold_never_holds_makes_no_label() -> None:
    """Two-way gold is not judged as three-way because an answer is neutral."""
    macro = metrics.macro_f1(["good", "bad"], ["good", "neutral"])

    assert macro == 0.5


def test_the_interval_holds_the_figure() -> None:
    """What the resamples give lies around what the rows give."""
    golds = ["a", "b"] * 50
    answers = ["a", "b", "b", "b"] * 25
    low, high = metrics.macro_f1_interval(golds, answers, seed=1) or (1.0, 0.0)

    assert low < (metrics.macro_f1(golds, answers) or 0.0) < high


def test_the_same_seed_gives_the_same_interval() -> None:
    """A figure that is printed twice is the same twice."""
    rows = [Counts(1, 0, 0), Counts(0, 1, 1)] * 20

    assert metrics.micro_f1_interval(rows, seed=7) == metrics.micro_f1_interval(rows, seed=7)
    assert metrics.micro_f1_interval(rows, seed=7) != metrics.micro_f1_interval(rows, seed=8)


def test_a_perfect_score_has_no_room_to_move() -> None:
    """Resampling rows that are all right gives one, always."""
    assert metrics.micro_f1_interval([Counts(2, 0, 0)] * 9, seed=1) == Interval(1.0, 1.0)


def test_more_rows_make_a_narrower_interval() -> None:
    """Sixteen times the rows, a quarter of the width."""
    few = metrics.micro_f1_interval([Counts(1, 0, 0), Counts(0, 1, 1)] * 25, seed=1)
    many = metrics.micro_f1_interval([Counts(1, 0, 0), Counts(0, 1, 1)] * 400, seed=1)

    assert few is not None
    assert many is not None
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.2)


def test_one_label_against_the_rest() -> None:
    """Three rows are out of scope: one is seen; one of the others is called so wrongly."""
    golds = ["oos", "oos", "oos", "a", "b"]
    answers = ["oos", "a", None, "oos", "b"]

    assert metrics.one_against_rest("oos", golds, answers) == Counts(1, 1, 2)


def test_calibration_compares_confidence_with_being_right() -> None:
    """Four at 0.95 of which three are right: 0.2 off; four at 0.25, one right: nothing off."""
    confidences = [0.95] * 4 + [0.25] * 4
    rights = [True, True, True, False, True, False, False, False]

    error = metrics.calibration_error(confidences, rights)

    assert error == pytest.approx((0.2 * 4 + 0.0 * 4) / 8)


def test_full_confidence_falls_into_the_last_bin() -> None:
    """1.0 is not off the scale."""
    assert metrics.calibration_error([1.0, 0.0], [True, False]) == 0.0


@pytest.mark.parametrize(
    ("lost", "gained", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 2 / 32),
        (8, 2, 112 / 1024),
        (2, 8, 112 / 1024),
        (3, 3, 1.0),
    ],
)
def test_mcnemar_is_the_exact_binomial_test(lost: int, gained: int, p: float) -> None:
    """Two-sided, never over 1; 8 against 2 is 2 · (1 + 10 + 45) / 1024."""
    assert metrics.mcnemar(lost, gained) == pytest.approx(p)


@pytest.mark.parametrize(
    ("gold", "answer", "f1"),
    [("", "", 1.0), ("a b", "", 0.0), ("", "a", 0.0), ("a b", "b c", 0.5), ("a a b", "a", 0.5)],
)
def test_token_f1_counts_shared_words(gold: str, answer: str, f1: float) -> None:
    """A word that is there twice counts twice only where both say it twice."""
    assert metrics.token_f1(gold.split(), answer.split()) == pytest.approx(f1)


def test_the_interval_of_a_mean_holds_it() -> None:
    """And is a point where all values are the same."""
    interval = metrics.mean_interval([0.0, 1.0] * 50, 1)
    assert interval is not None
    assert interval.low < 0.5 < interval.high
    assert metrics.mean_interval([0.5] * 9, 1) == (0.5, 0.5)
