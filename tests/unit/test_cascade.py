"""The decisions of a cascade: the exact test, its order, the draw, the promise on made rows."""

from __future__ import annotations

import json
from bisect import bisect_left
from itertools import accumulate
from random import Random

import pytest

from assay.core.cascade import Cascade, fewest_texts
from assay.core.errors import ConfigError
from assay.engine.cascade import Drawn, Threshold, chance, draw, threshold, upper_bound
from assay.functions import parse_cascade, parse_task

from .builders import classify, seeded, task

ALPHA, DELTA = 0.05, 0.05


def spec(cascade: object, kind: str = "filter", **fields: object) -> str:
    """A task with a cascade as a macro writes it."""
    given: dict[str, object] = {"labels": [{"name": "a"}, {"name": "b"}]}
    if kind == "filter":
        given = {"asked": "Is it good?"}
    return json.dumps({"kind": kind, **given, **fields, "cascade": cascade})


# The test


@pytest.mark.parametrize(
    ("errors", "among", "share", "expected"),
    [
        (0, 59, 0.05, 0.95**59),
        (1, 10, 0.5, 11 / 1024),
        (2, 4, 0.25, 243 / 256),
        (7, 7, 0.1, 1.0),
    ],
)
def test_the_chance_of_so_few_errors_is_exact(
    errors: int, among: int, share: float, expected: float
) -> None:
    """Sums of the binomial distribution, worked out by hand."""
    assert chance(errors, among, share) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("alpha", "delta", "texts"), [(0.05, 0.05, 59), (0.1, 0.05, 29), (0.01, 0.01, 459)]
)
def test_so_many_texts_without_a_difference_are_needed(
    alpha: float, delta: float, texts: int
) -> None:
    """With one less nothing is refuted."""
    assert fewest_texts(alpha, delta) == texts
    assert chance(0, texts, alpha) <= delta < chance(0, texts - 1, alpha)


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    """Of 59 without an error at 95 %, and of 3 in 100, which tables give as 0.0757."""
    assert upper_bound(0, 59, 0.05) == pytest.approx(1 - 0.05 ** (1 / 59), abs=1e-9)
    assert upper_bound(3, 100, 0.05) == pytest.approx(0.07571, abs=1e-5)


def test_nothing_is_accepted_of_too_few() -> None:
    """58 texts without a difference are no proof of 5 %; 59 are."""
    assert threshold([Drawn(0.9, differs=False)] * 58, ALPHA, DELTA) is None
    assert threshold([Drawn(0.9, differs=False)] * 59, ALPHA, DELTA) == Threshold(0.9, 59, 0)


def test_an_error_among_the_surest_ends_it() -> None:
    """The strictest threshold is tried first, and nothing laxer after it fails."""
    rows = [Drawn(1.0, differs=True), *(Drawn(0.5, differs=False) for _ in range(1000))]
    sure = [Drawn(1.0, differs=False)] * 58
    assert threshold([*sure, *rows], ALPHA, DELTA) is None
    assert threshold([sure[0], *sure, *rows[1:]], ALPHA, DELTA) == Threshold(0.5, 1059, 0)
    untied = [Drawn(1.0 - at / 10_000, differs=at == 0) for at in range(1000)]
    assert threshold(untied, ALPHA, DELTA) is None


def test_ties_are_judged_together() -> None:
    """Of two confidences there are two thresholds, whatever the order of the rows."""
    rows = [Drawn(1.0, differs=at < 2) for at in range(200)]
    rows += [Drawn(0.0, differs=at < 50) for at in range(100)]
    expected = Threshold(1.0, 200, 2)
    assert threshold(rows, ALPHA, DELTA) == threshold(rows[::-1], ALPHA, DELTA) == expected


def test_the_laxest_that_passes_is_kept() -> None:
    """Differences begin below 0.5: the threshold comes near, and never accepts too many."""
    rows = [Drawn(at / 400, differs=at < 200 and at % 2 == 0) for at in range(400)]
    found = threshold(rows, ALPHA, DELTA)
    assert found is not None
    assert 0.4 < found.confidence < 0.55
    assert upper_bound(found.errors, found.kept, DELTA) <= ALPHA


def test_the_same_texts_give_the_same_draw() -> None:
    """In whatever order they come; and more texts move few of it."""
    keys = [number.to_bytes(16, "big") for number in seeded(3).sample(range(10**9), 500)]
    assert draw(keys, 300) == draw(keys[::-1], 300) == sorted(keys)[:300]
    assert draw(keys, 1000) == sorted(keys)


# The promise


def made(random: Random, size: int) -> list[Drawn]:
    """Rows of a cheap model that errs with 0.9 (1 - confidence)²: with 0.15 in all."""
    sure = [random.betavariate(2, 1) for _ in range(size)]
    return [Drawn(one, differs=random.random() < 0.9 * (1 - one) ** 2) for one in sure]


def share_above(rows: list[Drawn]) -> tuple[list[float], list[int]]:
    """Confidences in their order, and how many rows from each on differ."""
    ordered = sorted(rows, key=lambda one: one.confidence)
    errors = list(accumulate(int(one.differs) for one in reversed(ordered)))[::-1]
    return [one.confidence for one in ordered], errors


def broken(draws: int, alpha: float, size: int = 300) -> tuple[float, float]:
    """In which share of draws more than `alpha` of what is kept differs; what share is kept."""
    random = seeded(54)
    rows = made(random, 20_000)
    sure, errors = share_above(rows)
    worse, kept = 0, 0.0
    for _ in range(draws):
        found = threshold(random.sample(rows, size), alpha, DELTA)
        if found is not None:
            at = bisect_left(sure, found.confidence)
            worse += errors[at] > alpha * (len(rows) - at)
            kept += (len(rows) - at) / len(rows)
    return worse / draws, kept / draws


@pytest.mark.parametrize(("alpha", "size", "worth"), [(0.05, 300, 0.25), (0.1, 300, 0.6)])
def test_the_promise_is_kept_in_500_draws(alpha: float, size: int, worth: float) -> None:
    """It is broken in at most `delta` of them, and a good share of the rows is kept."""
    worse, kept = broken(500, alpha, size)
    assert worse <= DELTA
    assert kept > worth


@pytest.mark.whole
@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.1, 0.15])
@pytest.mark.parametrize("size", [200, 300, 600])
def test_the_promise_is_kept_whatever_is_asked(alpha: float, size: int) -> None:
    """Also where little can be kept."""
    assert broken(500, alpha, size)[0] <= DELTA


# What may be asked for


def test_a_cascade_is_no_part_of_the_question() -> None:
    """Switched on or off, the same answers are known."""
    plain = json.dumps({"kind": "filter", "asked": "Is it good?"})
    assert parse_task(spec({"to": "dear"})).handle == parse_task(plain).handle
    assert parse_cascade(plain) is None
    cascade = parse_cascade(spec({"to": "dear"}))
    assert cascade is not None
    assert cascade.task_for("dear").prompt_hash == parse_task(plain).prompt_hash


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "other"},
        {"cheap": "b"},
        {"alpha": 0.1},
        {"delta": 0.1},
        {"sample": 99},
        {"name": "x"},
    ],
)
def test_whatever_is_changed_is_another_cascade(changed: dict[str, object]) -> None:
    """It is calibrated anew."""
    first = parse_cascade(spec({"to": "dear"}))
    second = parse_cascade(spec({"to": "dear"} | changed))
    assert first is not None
    assert second is not None
    assert first.handle != second.handle


@pytest.mark.parametrize(
    ("cascade", "said"),
    [
        ("dear", "give a mapping"),
        ({}, "to: Field required"),
        ({"to": " "}, "wrong `cascade: to`"),
        ({"to": "dear", "alpha": 0}, "wrong `cascade: alpha` 0.0; give a share between 0 and 1"),
        ({"to": "dear", "delta": 1}, "wrong `cascade: delta`"),
        ({"to": "dear", "sample": 58}, "give 59 to 100000 texts, or a greater `alpha`"),
        ({"to": "dear", "cheap": ["a", "a"]}, "name one model, or two different ones"),
        ({"to": "dear", "cheap": ["a", "b", "c"]}, "name one model, or two different ones"),
        ({"to": "dear", "aplha": 0.1}, "aplha: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said(cascade: object, said: str) -> None:
    """By its name, with what to do."""
    with pytest.raises(ConfigError) as refused:
        parse_cascade(spec(cascade))
    assert said in str(refused.value)


def test_one_closed_answer_is_needed() -> None:
    """Several labels, and answers that are no labels, cannot be compared."""
    with pytest.raises(ConfigError, match="ai_classify with one label and for ai_filter"):
        parse_cascade(spec({"to": "dear"}, "classify", multi=True))
    with pytest.raises(ValueError, match="ai_filter"):
        Cascade(task("summarize"), to="dear")


def test_the_model_of_the_task_is_the_cheap_one() -> None:
    """So another cheap side beside it is a contradiction."""
    assert Cascade(classify(model="small"), to="dear").cheap == ()
    with pytest.raises(ValueError, match="drop either"):
        Cascade(classify(model="small"), to="dear", cheap="local")
