"""Evaluation: asks about golden rows as a model would, and measures the answers; `assay evaluate`.

Reading order: `golden` (rows and examples) → `exams` (what is asked, what is right) → here (ask
and mark) → `metrics` (the formulas) → `scorecard` (the lines to read); `comparison` asks the same
in several ways.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.task import Rejected
from assay.core.values import Outcome
from assay.engine.session import open_session
from assay.functions import parse_task
from assay.hosts.dbt.sets import LabelsOrFields
from assay.project.counting import spend_of
from assay.project.evaluation import metrics
from assay.project.evaluation.exams import (
    Exam,
    Gold,
    ScoreExam,
    classify_exam,
    extract_exam,
    sentiment_exam,
)
from assay.project.evaluation.golden_rows import (
    GoldenRow,
    GoldenSource,
    RawRow,
    draw_examples,
    measured_rows,
    read_rows,
)
from assay.project.evaluation.scorecard import Figures
from assay.providers import Provider
from assay.store import UNSUPPORTED, Spend

SURE = 0.8
"""An answer of more confidence is a sure one."""

Kind = Literal["classify", "sentiment", "extract", "score"]


@dataclass(frozen=True, slots=True)
class ExamPlan:
    """What is to be measured; each field is an option of `assay evaluate`, its sets looked up."""

    source: GoldenSource
    kind: Kind
    labels: LabelsOrFields | None = None
    fields: LabelsOrFields | None = None
    examples: int = 0
    limit: int | None = None
    seed: int = 1
    other: str | None = None
    instructions: str | None = None
    model: str | None = None
    criterion: str | None = None
    low: int = 0
    high: int = 10


@dataclass(frozen=True, slots=True)
class Paper:
    """An exam paper: the task as JSON, the rows that are measured, and the seed of resampling."""

    exam: Exam
    spec: str
    rows: Sequence[GoldenRow]
    examples: int
    unlabelled: int
    seed: int
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking: an outcome for each text, seconds, and what the ledger says.

    `begun_at` is UTC in the form of `Outcome.answered_at`; what is older was in the store.
    """

    outcomes: Sequence[Outcome]
    begun_at: str
    seconds: float
    spend: Spend


@dataclass(frozen=True, slots=True)
class Marked:
    """A row with what became of it; `answer` is None where there is none."""

    row: GoldenRow
    outcome: Outcome
    answer: Gold | None

    @property
    def right(self) -> bool:
        """Whether the answer is exactly the gold one; of pairs the order does not matter."""
        if isinstance(self.answer, tuple) and isinstance(self.row.gold, tuple):
            return set(self.answer) == set(self.row.gold)
        return self.answer == self.row.gold


def evaluate(plan: ExamPlan, settings: Settings, provider: Provider | None = None) -> Figures:
    """Return all figures of `plan`; `provider`, or that of the settings, is asked what is new."""
    paper = write_paper(plan, read_rows(plan.source))
    asked = ask(settings, paper.spec, [row.text for row in paper.rows], provider)
    figures = mark(paper, asked)
    model = settings.model_for(plan.model)
    return {"task": plan.kind, "data": str(plan.source.data), "model": model, **figures}


# What is asked


def write_paper(plan: ExamPlan, raws: Sequence[RawRow]) -> Paper:
    """Return the exam paper for the rows of a file; those without a gold value are left out."""
    labelled = [raw for raw in raws if raw.gold is not None]
    if not labelled:
        message = f"Of {len(raws)} rows none has a value in {plan.source.label!r}; see --where."
        raise ConfigError(message)
    exam = _exam(plan, [raw.gold for raw in labelled])
    rows = [GoldenRow(raw.text, exam.gold(raw.gold), raw.slice) for raw in labelled]
    _check_other(plan.other, rows)
    examples = _examples(exam, rows, plan)
    measured = measured_rows(rows, examples, plan.limit, plan.seed)
    if not measured:
        message = f"All {len(rows)} rows are examples, none is left to measure; lower --examples."
        raise ConfigError(message)
    spec = json.dumps(_spec(exam, examples, plan))
    unlabelled = len(raws) - len(labelled)
    return Paper(exam, spec, measured, len(examples), unlabelled, plan.seed, plan.other)


def _exam(plan: ExamPlan, golds: Sequence[Any]) -> Exam:
    match plan.kind:
        case "classify":
            return classify_exam(golds, plan.labels)
        case "extract":
            return extract_exam(golds, plan.fields)
        case "sentiment":
            return sentiment_exam(golds)
        case "score":
            return _score_exam(plan)


def _score_exam(plan: ExamPlan) -> ScoreExam:
    if plan.criterion is None:
        message = "To evaluate scores, say what is scored: --criterion, with --low and --high."
        raise ConfigError(message)
    exam = ScoreExam(plan.criterion, plan.low, plan.high)
    parse_task(json.dumps(exam.spec))
    return exam


def _check_other(other: str | None, rows: Sequence[GoldenRow]) -> None:
    labels = sorted({row.gold for row in rows if isinstance(row.gold, str)})
    if other is not None and other not in labels:
        message = f"--other {other!r} is no label of the gold rows; they have {', '.join(labels)}."
        raise ConfigError(message)


def _examples(exam: Exam, rows: Sequence[GoldenRow], plan: ExamPlan) -> list[GoldenRow]:
    task = parse_task(json.dumps(exam.spec))

    def usable(row: GoldenRow) -> bool:
        try:
            task.accept(exam.example(row.gold), row.normal)
        except (Rejected, ValueError):
            return False
        return True

    return draw_examples(
        rows, plan.examples, plan.seed, lambda row: list(exam.topics(row.gold)), usable
    )


def _spec(exam: Exam, examples: Sequence[GoldenRow], plan: ExamPlan) -> dict[str, Any]:
    shown = [{"text": row.normal, "answer": exam.example(row.gold)} for row in examples]
    said = {"instructions": plan.instructions, "model": plan.model}
    return exam.spec | {"examples": shown} | said


# Asking


def ask(
    settings: Settings, spec: str, texts: Sequence[str | None], provider: Provider | None = None
) -> Asked:
    """Return the outcomes of `texts`, which never wait for a batch.

    The seconds do not cover the opening of the store.
    """
    with (
        open_session(settings.model_copy(update={"batch": False}), provider) as session,
        session.begin(str(uuid.uuid4()), builds=False) as run,
    ):
        begun_at, started = _now(), time.monotonic()
        outcomes = run.ask(parse_task(spec), texts)
        seconds = time.monotonic() - started
        return Asked(outcomes, begun_at, seconds, spend_of(session.store, run.id))


def _now() -> str:
    moment = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ", timespec="microseconds")


# Measuring


def mark(paper: Paper, asked: Asked) -> Figures:
    """Return all figures of a paper that was answered."""
    marked = marked_rows(paper, asked)
    slices = sorted({row.slice for row in paper.rows if row.slice is not None})
    by = {
        name: _figures([item for item in marked if item.row.slice == name], paper.seed)
        for name in slices
    }
    return {
        "examples": paper.examples,
        "unlabelled": paper.unlabelled,
        **_figures(marked, paper.seed),
        **_distances(marked, paper),
        "out_of_scope": _out_of_scope(marked, paper.other),
        "by": by,
        **_traffic(marked, asked),
    }


def marked_rows(paper: Paper, asked: Asked) -> list[Marked]:
    """Return each row of a paper with what became of it, in the order of the paper."""
    return [
        Marked(row, outcome, _answer(paper.exam, outcome))
        for row, outcome in zip(paper.rows, asked.outcomes, strict=True)
    ]


def _answer(exam: Exam, outcome: Outcome) -> Gold | None:
    if outcome.status != "ok":
        return None
    return exam.answer(json.loads(outcome.value or "null"))


def _figures(marked: Sequence[Marked], seed: int) -> Figures:
    statuses = Counter(item.outcome.status for item in marked)
    right = sum(item.right for item in marked)
    pairs = isinstance(marked[0].row.gold, tuple)
    return {
        "rows": len(marked),
        "answered_share": metrics.share(statuses["ok"], len(marked)),
        "statuses": dict(statuses),
        "accuracy": metrics.share(right, len(marked)),
        "accuracy_interval": metrics.wilson(right, len(marked)),
        **(_pair_figures(marked, seed) if pairs else _label_figures(marked, seed)),
        **_calibration(marked),
    }


def _label_figures(marked: Sequence[Marked], seed: int) -> Figures:
    golds = [str(item.row.gold) for item in marked]
    answers = [None if item.answer is None else str(item.answer) for item in marked]
    judged = [item for item in marked if item.answer not in (None, "unknown")]
    right = sum(item.right for item in judged)
    unknown = sum(map(_is_unknown, marked))
    return {
        "macro_f1": metrics.macro_f1(golds, answers),
        "macro_f1_interval": metrics.macro_f1_interval(golds, answers, seed),
        "commonest_share": metrics.share(max(Counter(golds).values()), len(marked)),
        "unknown": unknown,
        "unknown_share": metrics.share(unknown, len(marked)),
        "unknown_share_interval": metrics.wilson(unknown, len(marked)),
        "accuracy_judged": metrics.share(right, len(judged)),
        "accuracy_judged_interval": metrics.wilson(right, len(judged)),
    }


def _distances(marked: Sequence[Marked], paper: Paper) -> Figures:
    """Return how far scores are from gold in the mean, in steps of the scale."""
    exam = paper.exam
    if not isinstance(exam, ScoreExam):
        return {}
    apart = [exam.distance(item.row.gold, item.answer) for item in marked]
    known = [one for one in apart if one is not None]
    return {
        "mean_absolute_error": metrics.mean(known),
        "mean_absolute_error_interval": metrics.mean_interval(known, paper.seed),
    }


def _is_unknown(item: Marked) -> bool:
    """Whether who was asked cannot tell, or says that it cannot judge the text."""
    return item.answer == "unknown" or item.outcome.status == UNSUPPORTED


def _pair_figures(marked: Sequence[Marked], seed: int) -> Figures:
    counts = [metrics.found(item.row.gold, item.answer or ()) for item in marked]
    scores = metrics.micro(counts)
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "micro_f1": scores.f1,
        "micro_f1_interval": metrics.micro_f1_interval(counts, seed),
    }


def _calibration(marked: Sequence[Marked]) -> Figures:
    confidences = [item.outcome.confidence for item in marked]
    found = metrics.calibration(confidences, [item.right for item in marked])
    sure = sum((item.outcome.confidence or 0) > SURE and not item.right for item in marked)
    return {
        "mean_confidence": found.mean_confidence,
        "calibration_error": found.error,
        "sure_and_wrong": metrics.share(sure, len(marked)),
    }


def _out_of_scope(marked: Sequence[Marked], other: str | None) -> Figures | None:
    if other is None:
        return None
    golds = [str(item.row.gold) for item in marked]
    answers = [None if item.answer is None else str(item.answer) for item in marked]
    scores = metrics.scores(metrics.one_against_rest(other, golds, answers))
    return {
        "label": other,
        "rows": golds.count(other),
        "recall": scores.recall,
        "precision": scores.precision,
    }


def _traffic(marked: Sequence[Marked], asked: Asked) -> Figures:
    """Return what was asked now, how fast, and for how much; None for what is not known."""
    times = [(item.row.normal, item.outcome.answered_at) for item in marked]
    new = {text for text, moment in times if moment is not None and moment >= asked.begun_at}
    spend = asked.spend
    return {
        "from_store": sum(moment is not None and moment < asked.begun_at for _, moment in times),
        "asked": len(new),
        "seconds": asked.seconds,
        "texts_per_second": metrics.share(len(new), asked.seconds) if new else None,
        "requests": spend.requests,
        "input_tokens": _known(spend.input_tokens, spend),
        "output_tokens": _known(spend.output_tokens, spend),
        "cost_usd": None if spend.unknown_cost else spend.cost_usd,
        "known_cost_usd": spend.cost_usd,
        "requests_of_unknown_cost": spend.unknown_cost,
        "requests_maybe_paid": spend.maybe_paid,
    }


def _known(tokens: int, spend: Spend) -> int | None:
    """Return a sum of tokens, None where no reply said any."""
    return None if spend.requests and not tokens else tokens
