"""The meter: every number has one source, and is counted once."""

from __future__ import annotations

from udfs.meter import Meter, Reading, Served
from udfs.records import Outcome, Question

from .builders import attempt, task

QUESTION = Question(task(), "model", "host")


def test_rows_and_stored_answers_are_counted_for_each_question() -> None:
    """Rows and texts, under kind, prompt hash and model."""
    meter = Meter()
    known = Outcome("ok", "true", None, None, "model", "2026-01-01 00:00:00.000000")
    bought = known._replace(answered_at="2999-01-01 00:00:00.000000")
    failed = known._replace(status="refused")
    meter.looked_up(QUESTION, found=[known, known, known, bought, failed])
    meter.looked_up(QUESTION, rows=10)
    meter.looked_up(QUESTION, rows=5)
    use = ("filter", QUESTION.task.prompt_hash, "model")
    assert meter.served() == {use: Served(rows=15, stored=3)}
    assert meter.reading(waiting=0, in_flight=0).stored == 3


def test_attempts_add_up_and_unknown_costs_are_counted_apart() -> None:
    """An unknown cost is not nothing."""
    meter = Meter()
    meter.ended(attempt(records=4, answers=3, input_tokens=10, output_tokens=2, cost_usd=0.5))
    meter.ended(
        attempt(records=4, answers=0, input_tokens=None, output_tokens=None, cost_usd=None)
    )
    meter.failed(1)
    assert meter.reading(waiting=2, in_flight=1) == Reading(
        answered=3,
        failed=1,
        requests=2,
        records=8,
        input_tokens=10,
        output_tokens=2,
        cost_usd=0.5,
        unknown_cost=1,
        waiting=2,
        in_flight=1,
    )
