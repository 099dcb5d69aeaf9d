"""The golden gate: the UDF behind the generic test `ai_accuracy`, with the store around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter

from assay.core.clock import now_utc
from assay.project.evaluation.accuracy import (
    Baseline,
    Change,
    Figures,
    GoldenTest,
    GradedRow,
    change,
    doubled,
    evaluation_of,
    graded_before,
    measure,
    shortcomings,
)
from assay.store import Evaluation, Store, queries

Say = Callable[[str], None]

_ROWS = TypeAdapter(list[GradedRow])
_SHOWN_HASH = 8


@dataclass(frozen=True, slots=True)
class GoldenGate:
    """Grades the golden rows of a test, keeps the result, and says what is wrong with it.

    `say` is handed one line for each evaluation that goes on record.
    """

    store: Store
    say: Say

    def grade(self, tests: Any, rows: Any) -> Any:
        """Return a JSON list of what is wrong for each test and its rows, both in JSON.

        Arrow columns in and out, as DuckDB calls it.
        """
        pairs = zip(tests.to_pylist(), rows.to_pylist(), strict=True)
        return pa.array([json.dumps(self.check(*pair)) for pair in pairs], pa.string())

    def check(self, asked: str, given: str | None) -> list[str]:
        """Return what is wrong, nothing for a test that passes; the evaluation is on record."""
        test = GoldenTest.model_validate_json(asked)
        rows = _ROWS.validate_json(given or "[]")
        if not rows:
            return [f"there is no golden row in {test.golden}"]
        if twice := doubled(rows):
            return [f"{twice} golden keys are there more than once, in golden rows or answers"]
        figures = measure(test, rows)
        compared = self._compared(test, figures, rows)
        baseline, changed = compared or (None, None)
        reasons = list(shortcomings(test, figures, baseline, changed))
        evaluation = evaluation_of(test, figures, compared, reasons, now_utc())
        if test.record:
            self.store.record_evaluation(evaluation, figures.rows)
            self.say(line(evaluation, figures, baseline))
        return reasons

    def _compared(
        self, test: GoldenTest, figures: Figures, rows: Sequence[GradedRow]
    ) -> tuple[Baseline, Change] | None:
        """Return the baseline and how far the answers are from it; None where there is none."""
        if any("before" in row.model_fields_set for row in rows):
            baseline = Baseline(graded_before(test, rows), "the given baseline", "given")
        elif (kept := self._kept(test)) is not None:
            baseline = kept
        else:
            return None
        return baseline, change(figures.rows, baseline.rows)

    def _kept(self, test: GoldenTest) -> Baseline | None:
        of = (test.model_name, test.column_name, test.golden)
        found = self.store.read(queries.AcceptedEvaluation(*of, test.against))
        if found is None:
            return None
        rows = self.store.read(queries.GradedRows(found.fingerprint))
        return Baseline(rows, _named(found), found.fingerprint)


def line(evaluation: Evaluation, figures: Figures, baseline: Baseline | None) -> str:
    """Return what a run says of an evaluation in one line."""
    said = {"accuracy": figures.accuracy, "macro F1": figures.macro_f1}
    said |= {"token F1": figures.token_f1}
    shown = ", ".join(f"{name} {score}" for name, score in said.items() if score is not None)
    against = "nothing earlier to compare with"
    if baseline is not None:
        against = f"p = {evaluation.p_value:.2g} against {baseline.named}"
    return (
        f"ai_accuracy: {evaluation.model_name} {evaluation.column_name}: {shown} of "
        f"{evaluation.row_count:,} golden rows; {against}"
    )


def _named(evaluation: Evaluation) -> str:
    """Name an evaluation by its prompt, its model and its day."""
    prompt = f"prompt {evaluation.prompt_hash[:_SHOWN_HASH] or 'unknown'}"
    return f"{prompt} by {evaluation.model or 'unknown'} of {evaluation.evaluated_at[:10]}"
