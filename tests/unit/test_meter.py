"""The meter: every number has one source, and is counted once."""

from __future__ import annotations

from assay.core.values import REPEATED, Fate, Outcome, Question, Served
from assay.engine.meter import Meter, Reading

from .builders import attempt, task

QUESTION = Question(task(), "model", "host")


USE = ("filter", QUESTION.task.prompt_hash, "model")
KNOWN = Outcome("ok", "true", None, None, "model", "2026-01-01 00:00:00.000000")
BOUGHT = KNOWN._replace(answered_at="2999-01-01 00:00:00.000000")
REFUSED = Outcome("refused", None, "no", None, "model", "2999-01-01 00:00:00.000000")


def key(number: int) -> bytes:
    """A key."""
    return number.to_bytes(16)


def test_what_the_store_knew_is_no_answer_of_this_run() -> None:
    """Nor is a failure one, or what was bought a moment ago."""
    meter = Meter()
    meter.looked_up([KNOWN, KNOWN, BOUGHT, REFUSED])
    assert meter.reading(waiting=0, in_flight=0).stored == 2


def test_rows_are_counted_by_what_became_of_them() -> None:
    """From the store, bought, repeating what was bought, failed; blank ones do not count."""
    meter = Meter()
    outcomes = [KNOWN, KNOWN, BOUGHT, BOUGHT, BOUGHT, REFUSED, REFUSED, KNOWN]
    keys = [key(1), key(1), key(2), key(2), key(3), key(4), key(4), None]
    meter.served_rows(QUESTION, keys, outcomes)
    fates = {"ok": Fate(5), REPEATED: Fate(1), "refused": Fate(2, reason="no")}
    assert meter.served() == {USE: Served(rows=7, stored=2, fates=fates)}


def test_rows_that_stay_in_their_table_are_kept() -> None:
    """Answered or dead; what is due again is counted when it is served, and only there."""
    meter = Meter()
    dead = REFUSED._replace(answered_at="2026-01-01 00:00:00.000000")
    keys = [key(1), key(2), key(3), key(4), key(5)]
    meter.compared(QUESTION, keys, [KNOWN, dead, dead._replace(error="never"), BOUGHT, None])
    meter.served_rows(QUESTION, [key(3), key(4)], [dead, BOUGHT])
    fates = {"ok": Fate(1, kept=1), "refused": Fate(1, kept=1, reason="no")}
    assert meter.served() == {USE: Served(rows=2, stored=0, fates=fates)}


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
