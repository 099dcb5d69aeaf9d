"""How good answers are: shares, F1, calibration, and how far chance alone could move each. Pure.

A share or score over nothing is None, never 0. Intervals are 95 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from assay.core.extras import Later

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = Later("numpy", "gates", "To measure answers")

RESAMPLES = 1000
_Z = 1.959963984540054
_BINS = 10


class Interval(NamedTuple):
    """Where the true figure lies with 95 % confidence."""

    low: float
    high: float


class Calibration(NamedTuple):
    """Mean confidence of answers, and their expected calibration error; None without any."""

    mean_confidence: float | None
    error: float | None


class Counts(NamedTuple):
    """Of one row, label or all: what was found and is right, is wrong, and was not found."""

    right: int
    wrong: int
    missed: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision (share of the found that is right), recall (share of the right that was found).

    `f1` is their harmonic mean, 2·right / (2·right + wrong + missed).
    """

    precision: float | None
    recall: float | None
    f1: float | None


def share(part: float, whole: float) -> float | None:
    """Return `part` of `whole`; None of nothing."""
    return part / whole if whole else None


def mean(values: Collection[float]) -> float | None:
    """Return the mean; None of nothing."""
    return share(math.fsum(values), len(values))


def wilson(part: int, whole: int) -> Interval | None:
    """Return the score interval of a share (Wilson 1927); None of nothing.

    With p = part / whole, n = whole and z = 1.96:
    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    """
    if not whole:
        return None
    p, z2 = part / whole, _Z * _Z / whole
    centre = p + z2 / 2
    reach = _Z * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole))
    return Interval(max(0.0, (centre - reach) / (1 + z2)), min(1.0, (centre + reach) / (1 + z2)))


def mcnemar(lost: int, gained: int) -> float:
    """Return the exact two-sided p of McNemar's test (McNemar 1947; exact: Mosteller 1952).

    Of rows judged twice only those count whose judgement changed: `lost` were right and are
    wrong, `gained` the other way. By chance each way is as likely:
    p = min(1, 2 · Σ C(n, i) / 2ⁿ) for i from 0 to min(lost, gained), n = lost + gained.
    """
    changed = lost + gained
    tail = sum(math.comb(changed, count) for count in range(min(lost, gained) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def scores(counts: Counts) -> Scores:
    """Return precision, recall and F1 of `counts`."""
    right, wrong, missed = counts
    return Scores(
        share(right, right + wrong),
        share(right, right + missed),
        share(2 * right, 2 * right + wrong + missed),
    )


def found(gold: Collection[Hashable], answer: Collection[Hashable]) -> Counts:
    """Return how many of `answer` are in `gold`, how many are not, and how many it lacks."""
    wanted, given = set(gold), set(answer)
    return Counts(len(wanted & given), len(given - wanted), len(wanted - given))


def micro(rows: Iterable[Counts]) -> Scores:
    """Return the scores of all rows taken together: each value counts the same."""
    total = np.sum([*rows, Counts(0, 0, 0)], axis=0)
    return scores(Counts(*total.tolist()))


def micro_f1_interval(rows: Sequence[Counts], seed: int) -> Interval | None:
    """Return the interval of the micro F1."""

    def f1(cells: list[Counts], draws: Floats) -> Floats:
        right, wrong, missed = (draws @ np.array(cells, dtype=float)).T
        return _ratio(2 * right, 2 * right + wrong + missed)

    return _bootstrap(rows, f1, seed)


def macro_f1(golds: Sequence[str], answers: Sequence[str | None]) -> float | None:
    """Return the mean of the F1 of each label that gold holds: each label counts the same.

    An answer outside these labels, or none, is a miss of the row's own label.
    """
    rows = list(zip(golds, answers, strict=True))
    if not rows:
        return None
    cells = Counter(rows)
    counts = np.array([list(cells.values())], dtype=float)
    return float(_macro(list(cells), counts)[0])


def macro_f1_interval(
    golds: Sequence[str], answers: Sequence[str | None], seed: int
) -> Interval | None:
    """Return the interval of the macro F1."""
    return _bootstrap(list(zip(golds, answers, strict=True)), _macro, seed)


def mean_interval(values: Sequence[float], seed: int) -> Interval | None:
    """Return the interval of the mean of `values`."""

    def average(cells: list[float], draws: Floats) -> Floats:
        return np.asarray(draws @ np.array(cells) / draws.sum(1))

    return _bootstrap(values, average, seed)


def token_f1(gold: Sequence[str], answer: Sequence[str]) -> float:
    """Return the F1 of the words of an answer (Rajpurkar et al. 2016); of nothing twice it is 1.

    A word that both hold several times counts as often as both hold it.
    """
    if not gold and not answer:
        return 1.0
    right = (Counter(gold) & Counter(answer)).total()
    return 2 * right / (len(gold) + len(answer))


def one_against_rest(label: str, golds: Sequence[str], answers: Sequence[str | None]) -> Counts:
    """Return how `label` alone fares: what was rightly, wrongly, and not called so."""
    pairs = Counter(
        (gold == label, answer == label) for gold, answer in zip(golds, answers, strict=True)
    )
    return Counts(pairs[True, True], pairs[False, True], pairs[True, False])


def calibration(confidences: Sequence[float | None], rights: Sequence[bool]) -> Calibration:
    """Return how sure the answers were that have a confidence, and how far from being right."""
    pairs = [
        (sure, right) for sure, right in zip(confidences, rights, strict=True) if sure is not None
    ]
    sures = [sure for sure, _ in pairs]
    return Calibration(mean(sures), calibration_error(sures, [right for _, right in pairs]))


def calibration_error(confidences: Sequence[float], rights: Sequence[bool]) -> float | None:
    """Return the expected calibration error over ten bins of equal width (Naeini et al. 2015).

    The mean over the rows of |share right - mean confidence| of the bin that each row is in.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in zip(confidences, rights, strict=True):
        bins.setdefault(min(int(confidence * _BINS), _BINS - 1), []).append((confidence, right))
    gaps = [abs(math.fsum(right - sure for sure, right in rows)) for rows in bins.values()]
    return share(math.fsum(gaps), len(rights))


def _macro(cells: list[tuple[str, str | None]], draws: Floats) -> Floats:
    """Return the macro F1 of each draw; a draw is how often each (gold, answer) occurs in it."""
    labels = sorted({gold for gold, _ in cells})
    place = {label: column for column, label in enumerate(labels)}
    is_gold, is_answer = np.zeros((2, len(cells), len(labels)))
    for row, (gold, answer) in enumerate(cells):
        is_gold[row, place[gold]] = 1
        if answer in place:
            is_answer[row, place[answer]] = 1
    wanted, given, right = (draws @ part for part in (is_gold, is_answer, is_gold * is_answer))
    present = wanted > 0
    return _ratio((_ratio(2 * right, wanted + given) * present).sum(1), present.sum(1))


def _bootstrap(
    rows: Sequence[Any], statistic: Callable[[list[Any], Floats], Floats], seed: int
) -> Interval | None:
    """Return the percentile interval (Efron 1979) of `statistic` over resampled rows.

    Rows that are equal are one cell, so that a resample is one multinomial draw over the cells.
    """
    if not rows:
        return None
    cells = Counter(rows)
    chances = np.array(list(cells.values())) / len(rows)
    draws = np.random.default_rng(seed).multinomial(len(rows), chances, size=RESAMPLES)
    low, high = np.percentile(statistic(list(cells), draws.astype(float)), [2.5, 97.5])
    return Interval(float(low), float(high))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return `part` / `whole`, and 0 where both are."""
    return np.asarray(part / np.maximum(whole, 1))
