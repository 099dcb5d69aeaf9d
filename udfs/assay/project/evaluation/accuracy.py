"""Golden grading: gold and answers become figures, and what is too low or has fallen. Pure.

What the generic test `ai_accuracy` asks for; `golden_gate` reads and writes the store around it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from assay.core.canonical import canonical_json, normalise
from assay.project.evaluation import metrics
from assay.project.evaluation.exams import Exam, classify_exam, sentiment_exam, spelled
from assay.project.evaluation.metrics import Calibration, Interval
from assay.store import Evaluation, Graded, Which

SEED = 1
"""Of the resampling: the same answers give the same intervals."""

_WORD = re.compile(r"\w+")
_KEY_BYTES = 16


class GoldenTest(BaseModel):
    """What a test `ai_accuracy` asks for, as its macro writes it; None switches a limit off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    invocation_id: str
    model_name: str
    column_name: str
    golden: str
    kind: Literal["label", "sentiment", "extract"]
    against: Which
    alpha: float | None = Field(gt=0, lt=1)
    min_rows: int = Field(ge=1)
    min_accuracy: float | None
    min_macro_f1: float | None
    min_token_f1: float | None
    min_recall: float | dict[str, float] | None
    min_label_rows: int = Field(ge=1)
    record: bool


class GradedRow(BaseModel):
    """A golden row beside the answer of the model under test; `before` is the baseline's.

    `answered` says whether the answer is one (`ok`): a NULL of `extract` may be right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    gold: Any
    answer: Any = None
    answered: bool = False
    prompt_hash: str = ""
    model: str = ""
    confidence: float | None = None
    before: Any = None
    before_answered: bool = False


OTHER, NO_ANSWER = "(another)", "(none)"
"""What an answer is called that is none of the golden labels, and where there is no answer."""


class Recall(NamedTuple):
    """How many of the golden rows of a label were called so, with Wilson's interval.

    `answers` counts what they were called, the commonest first.
    """

    label: str
    rows: int
    right: int
    recall: float
    low: float
    high: float
    answers: Mapping[str, int] = {}


class Estimated(NamedTuple):
    """A figure with its interval, both from 0 to 1."""

    value: float
    interval: Interval

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.interval.low:.3f} to {self.interval.high:.3f})"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the answers to golden rows are worth; `rows` are by golden key."""

    rows: Mapping[str, Graded]
    answered: int
    accuracy: Estimated
    macro_f1: Estimated | None
    token_f1: Estimated | None
    recalls: Sequence[Recall]
    prompt_hash: str
    model: str
    calibration: Calibration

    @property
    def right(self) -> int:
        """How many rows were right."""
        return sum(graded.is_right for graded in self.rows.values())


class Baseline(NamedTuple):
    """Earlier answers to golden rows, and how they are called in a message."""

    rows: Mapping[str, Graded]
    named: str
    fingerprint: str


class Change(NamedTuple):
    """Rows of both, how many were right and are wrong (`lost`), the other way, and p."""

    rows: int
    lost: int
    gained: int
    p_value: float

    def fell(self, alpha: float | None) -> bool:
        """Whether more was lost than gained, and more than chance explains."""
        return alpha is not None and self.lost > self.gained and self.p_value < alpha


def golden_key(key: str, gold: Any) -> str:
    """Return 32 hex digits for a golden row; a row that is labelled anew has another."""
    return hashlib.sha256(canonical_json([key, gold]).encode()).digest()[:_KEY_BYTES].hex()


def doubled(rows: Sequence[GradedRow]) -> int:
    """Return how many keys are there more than once."""
    return sum(times > 1 for times in Counter(row.key for row in rows).values())


def fingerprint_of(test: GoldenTest, figures: Figures) -> str:
    """Return 32 hex digits: equal where question, model and all that is right are equal."""
    body = [test.kind, figures.prompt_hash, figures.model, sorted(figures.rows.items())]
    return hashlib.sha256(canonical_json(body).encode()).digest()[:_KEY_BYTES].hex()


def measure(test: GoldenTest, rows: Sequence[GradedRow]) -> Figures:
    """Return the figures of the answers to `rows`, at least one; no answer is a wrong answer."""
    golds, answers = _judged(test, rows, [_answer(row) for row in rows])
    graded = _graded(test, golds, answers)
    right = sum(one.is_right for one in graded)
    by_label = test.kind != "extract"
    known = [str(answer) if answer is not None else None for answer in answers]
    return Figures(
        rows=dict(zip(_keys(rows), graded, strict=True)),
        answered=sum(row.answered for row in rows),
        accuracy=Estimated(right / len(rows), _certain(metrics.wilson(right, len(rows)))),
        macro_f1=_macro_f1(golds, known) if by_label else None,
        token_f1=None if by_label else _token_f1(graded),
        recalls=list(_recalls(golds, known)) if by_label else (),
        prompt_hash=_commonest(row.prompt_hash for row in rows),
        model=_commonest(row.model for row in rows),
        calibration=metrics.calibration(
            [row.confidence for row in rows], [one.is_right for one in graded]
        ),
    )


def graded_before(test: GoldenTest, rows: Sequence[GradedRow]) -> dict[str, Graded]:
    """Return what became of `rows` in the baseline that they carry."""
    before = [(row.before, row.before_answered) for row in rows]
    return dict(zip(_keys(rows), _graded(test, *_judged(test, rows, before)), strict=True))


def change(now: Mapping[str, Graded], before: Mapping[str, Graded]) -> Change:
    """Compare row by row; rows that only one of both has are left out."""
    pairs = [(before[key].is_right, now[key].is_right) for key in now.keys() & before.keys()]
    lost, gained = pairs.count((True, False)), pairs.count((False, True))
    return Change(len(pairs), lost, gained, metrics.mcnemar(lost, gained))


def shortcomings(
    test: GoldenTest, figures: Figures, baseline: Baseline | None, changed: Change | None
) -> Iterator[str]:
    """Yield a line for each figure that is too low, and for a fall; no text of a row."""
    if len(figures.rows) < test.min_rows:
        yield f"{len(figures.rows)} golden rows are fewer than `min_rows` {test.min_rows}"
    limits = {
        "accuracy": (figures.accuracy, test.min_accuracy),
        "macro_f1": (figures.macro_f1, test.min_macro_f1),
        "token_f1": (figures.token_f1, test.min_token_f1),
    }
    for name, (score, least) in limits.items():
        if least is not None and (score is None or score.value < least):
            yield f"{name} {score} is under `min_{name}` {least}"
    yield from _low_recalls(test, figures.recalls)
    if baseline is not None and changed is not None and changed.fell(test.alpha):
        yield (
            f"a fall against {baseline.named}: of {changed.rows} golden rows {changed.lost} were "
            f"right and are wrong, {changed.gained} the other way (McNemar, exact, "
            f"p = {changed.p_value:.2g}, `alpha` {test.alpha})"
        )


def evaluation_of(
    test: GoldenTest,
    figures: Figures,
    compared: tuple[Baseline, Change] | None,
    reasons: Sequence[str],
    evaluated_at: str,
) -> Evaluation:
    """Return the row of the store for an evaluation."""
    baseline, changed = compared or (None, None)
    return Evaluation(
        invocation_id=test.invocation_id,
        model_name=test.model_name,
        column_name=test.column_name,
        golden=test.golden,
        kind=test.kind,
        prompt_hash=figures.prompt_hash,
        model=figures.model,
        fingerprint=fingerprint_of(test, figures),
        row_count=len(figures.rows),
        answered=figures.answered,
        right_count=figures.right,
        **_flat("accuracy", figures.accuracy),
        **_flat("macro_f1", figures.macro_f1),
        **_flat("token_f1", figures.token_f1),
        recalls=canonical_json([one._asdict() for one in figures.recalls]),
        compared_with=baseline.fingerprint if baseline else None,
        compared_rows=changed.rows if changed else None,
        lost=changed.lost if changed else None,
        gained=changed.gained if changed else None,
        p_value=changed.p_value if changed else None,
        passed=not reasons,
        reasons="; ".join(reasons),
        evaluated_at=evaluated_at,
        mean_confidence=figures.calibration.mean_confidence,
        calibration_error=figures.calibration.error,
    )


def _flat(name: str, score: Estimated | None) -> dict[str, Any]:
    low, high = score.interval if score else (None, None)
    return {name: score.value if score else None, f"{name}_low": low, f"{name}_high": high}


def _answer(row: GradedRow) -> tuple[Any, bool]:
    return row.answer, row.answered


def _keys(rows: Sequence[GradedRow]) -> list[str]:
    return [golden_key(row.key, row.gold) for row in rows]


def _judged(
    test: GoldenTest, rows: Sequence[GradedRow], given: Sequence[tuple[Any, bool]]
) -> tuple[list[Any], list[Any]]:
    """Return gold and answers in one form: labels, or sets of texts; None for no answer."""
    if test.kind == "extract":
        golds = [_values(row.gold) for row in rows]
        return golds, [_values(answer) if answered else None for answer, answered in given]
    exam = _exam(test, [row.gold for row in rows])
    return [exam.gold(row.gold) for row in rows], [
        exam.answer(answer) if answered and _is_said(test, answer) else None
        for answer, answered in given
    ]


def _exam(test: GoldenTest, golds: Sequence[Any]) -> Exam:
    return sentiment_exam(golds) if test.kind == "sentiment" else classify_exam(golds, None)


def _is_said(test: GoldenTest, answer: Any) -> bool:
    """Whether NULL is an answer: of a sentiment it means that it cannot be told."""
    return answer is not None or test.kind == "sentiment"


def _values(raw: Any) -> frozenset[str]:
    """Return what was extracted, one value or a list, case and blanks aside."""
    listed = raw if isinstance(raw, list) else [raw]
    texts = (" ".join(spelled(value).split()).casefold() for value in listed if value is not None)
    return frozenset(text for text in texts if text)


def _graded(test: GoldenTest, golds: Sequence[Any], answers: Sequence[Any]) -> list[Graded]:
    pairs = zip(golds, answers, strict=True)
    if test.kind != "extract":
        return [Graded(gold == answer, None) for gold, answer in pairs]
    return [
        Graded(gold == answer, 0.0 if answer is None else _words_f1(gold, answer))
        for gold, answer in pairs
    ]


def _words_f1(gold: frozenset[str], answer: frozenset[str]) -> float:
    return metrics.token_f1(_words(gold), _words(answer))


def _words(values: frozenset[str]) -> list[str]:
    return [word for value in sorted(values) for word in _WORD.findall(normalise(value))]


def _macro_f1(golds: Sequence[str], answers: Sequence[str | None]) -> Estimated:
    value = metrics.macro_f1(golds, answers) or 0.0
    return Estimated(value, _certain(metrics.macro_f1_interval(golds, answers, SEED)))


def _token_f1(graded: Sequence[Graded]) -> Estimated:
    scores = [one.token_f1 or 0.0 for one in graded]
    return Estimated(metrics.mean(scores) or 0.0, _certain(metrics.mean_interval(scores, SEED)))


def _recalls(golds: Sequence[str], answers: Sequence[str | None]) -> Iterator[Recall]:
    for label in sorted(set(golds)):
        counts = metrics.one_against_rest(label, golds, answers)
        rows = counts.right + counts.missed
        interval = _certain(metrics.wilson(counts.right, rows))
        given = _given(label, golds, answers)
        yield Recall(label, rows, counts.right, counts.right / rows, *interval, given)


def _given(label: str, golds: Sequence[str], answers: Sequence[str | None]) -> dict[str, int]:
    """Count what the rows of a label were called; a text that is no golden label is not named."""
    known = {gold: gold for gold in golds} | {None: NO_ANSWER}
    called = [
        known.get(said, OTHER) for gold, said in zip(golds, answers, strict=True) if gold == label
    ]
    return dict(Counter(called).most_common())


def _low_recalls(test: GoldenTest, recalls: Sequence[Recall]) -> Iterator[str]:
    least = test.min_recall
    if isinstance(least, dict):
        for label in sorted(least.keys() - {recall.label for recall in recalls}):
            yield f"`min_recall` names the label {label!r}, of which there is no golden row"
    for recall in recalls:
        wanted = least.get(recall.label) if isinstance(least, dict) else least
        if wanted is None or recall.recall >= wanted:
            continue
        if isinstance(least, dict) or recall.rows >= test.min_label_rows:
            score = Estimated(recall.recall, Interval(recall.low, recall.high))
            yield (
                f"recall of {recall.label!r} {score} of {recall.rows} rows is under "
                f"`min_recall` {wanted}"
            )


def _commonest(names: Iterator[str]) -> str:
    """Return the name that most rows have; blank ones do not count."""
    found = Counter(name for name in names if name).most_common(1)
    return found[0][0] if found else ""


def _certain(interval: Interval | None) -> Interval:
    """Return an interval of something: there is at least one row."""
    return interval or Interval(0.0, 1.0)
