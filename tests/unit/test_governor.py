"""The governor: what a failed request means, given how the server has behaved so far."""

from __future__ import annotations

from udfs import policy
from udfs.errors import CallError
from udfs.governor import TURNED_DOWN_TO_STOP, Governor
from udfs.settings import Settings

from .builders import pack

TURNED_DOWN = CallError("too_big_or_bad", "HTTP 400.", status=400)
LOST = CallError("transport", "No reply.", maybe_paid=True)


def test_an_endpoint_that_turns_everything_down_stops_the_run() -> None:
    """Rows are not buried for a model that does not know our requests."""
    governor = Governor(Settings())

    verdicts = [
        governor.verdict(pack("a"), TURNED_DOWN, others_wait=True)
        for _ in range(TURNED_DOWN_TO_STOP)
    ]

    assert isinstance(verdicts[0], policy.Bury)
    assert isinstance(verdicts[-1], policy.Stop)


def test_a_row_that_is_turned_down_by_a_working_endpoint_is_buried() -> None:
    """Once the endpoint has served a request, a refused record is the record's own fault."""
    governor = Governor(Settings())
    governor.succeeded()

    verdicts = [
        governor.verdict(pack("a"), TURNED_DOWN, others_wait=True)
        for _ in range(TURNED_DOWN_TO_STOP + 1)
    ]

    assert {type(verdict) for verdict in verdicts} == {policy.Bury}


def test_a_tail_of_poison_is_buried_when_patience_ends() -> None:
    """With nothing else waiting, rows that fail for longer than patience are given up."""
    governor = Governor(Settings(outage_seconds=0, max_attempts=1))
    governor.succeeded()
    governor.failed(LOST, 0.1)

    assert governor.verdict(pack("a"), LOST, others_wait=False) == policy.Bury("transport")


def test_an_outage_stops_the_run_when_patience_ends() -> None:
    """With others waiting, the server is to blame: the run stops and nothing is buried."""
    governor = Governor(Settings(outage_seconds=0, max_attempts=1))
    governor.succeeded()
    governor.failed(LOST, 0.1)

    assert isinstance(governor.verdict(pack("a"), LOST, others_wait=True), policy.Stop)
