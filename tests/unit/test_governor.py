"""The governor: what a failed request means, given how the server has behaved so far."""

from __future__ import annotations

from typing import Any

import pytest

from udfs import policy
from udfs.errors import CallError
from udfs.governor import REFUSED_TO_BLAME, TURNED_DOWN_IN_A_ROW, TURNED_DOWN_TO_STOP, Governor
from udfs.records import Pack, Usage
from udfs.settings import Settings

from .builders import pack, request

TURNED_DOWN = CallError("too_big_or_bad", "HTTP 400.", status=400)
TOO_LONG = CallError("too_big_or_bad", "HTTP 400.", status=400, too_long=True)
FORBIDDEN = CallError("refused", "HTTP 403.", status=403)
REFUSED = CallError("retryable", "HTTP 429.", status=429)
LOST = CallError("transport", "No reply.", maybe_paid=True)


def serving(**settings: Any) -> Governor:
    """A governor whose server has just served a request."""
    governor = Governor(Settings(**settings))
    governor.succeeded(request("fine"), Usage())
    return governor


def verdicts(governor: Governor, sent: Pack, error: CallError, times: int) -> list[type]:
    """What becomes of a pack each time that it fails in this way."""
    return [type(governor.verdict(sent, error, others_wait=True)) for _ in range(times)]


def test_an_endpoint_that_turns_everything_down_stops_the_run() -> None:
    """Rows are not buried for a model that does not know our requests."""
    said = verdicts(Governor(Settings()), pack("a"), TURNED_DOWN, TURNED_DOWN_TO_STOP)

    assert (said[0], said[-1]) == (policy.Bury, policy.Stop)


def test_a_row_that_is_turned_down_by_a_working_endpoint_is_buried() -> None:
    """Once the endpoint has served a request, a refused record is the record's own fault."""
    said = verdicts(serving(), pack("a"), TURNED_DOWN, TURNED_DOWN_IN_A_ROW - 1)

    assert set(said) == {policy.Bury}


def test_a_working_endpoint_that_turns_one_after_another_down_stops_the_run() -> None:
    """Credit, a policy or a proxy has changed: not so many rows in a row are at fault."""
    said = verdicts(serving(), pack("a"), TURNED_DOWN, TURNED_DOWN_IN_A_ROW)

    assert (said[-2], said[-1]) == (policy.Bury, policy.Stop)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (pack("a"), TOO_LONG),
        (pack("a"), CallError("refused", "HTTP 400 (content_filter).", status=400)),
        (pack("a", "b"), TURNED_DOWN),
    ],
)
def test_what_is_said_of_the_text_or_of_a_pack_says_nothing_of_the_endpoint(
    sent: Pack, error: CallError
) -> None:
    """A table of long or offensive texts runs to its end."""
    assert policy.Stop not in verdicts(serving(), sent, error, 2 * TURNED_DOWN_IN_A_ROW)


def test_another_model_is_judged_by_its_own_requests() -> None:
    """That the first one serves says nothing of the second, which knows no schemas."""
    governor = Governor(Settings())
    governor.succeeded(request("fine"), Usage())
    other = pack("a", model="other")

    assert verdicts(governor, other, TURNED_DOWN, TURNED_DOWN_TO_STOP)[-1] is policy.Stop


def test_a15_a_403_stops_the_run_unless_others_are_served() -> None:
    """Before anything is served it is about the key, afterwards about the text."""
    assert verdicts(Governor(Settings()), pack("a", "b"), FORBIDDEN, 1) == [policy.Stop]
    assert verdicts(serving(), pack("a", "b"), FORBIDDEN, 1) == [policy.Split]
    assert verdicts(serving(), pack("a"), FORBIDDEN, 1) == [policy.Bury]


def test_b02_a_pack_that_is_refused_while_others_are_served_is_split_and_buried() -> None:
    """It is too big for a limit of the account: all others go on at their pace."""
    governor = serving()
    for attempt in range(1, REFUSED_TO_BLAME):
        assert verdicts(governor, pack("a", attempt=attempt), REFUSED, 1) == [policy.Retry]
    assert verdicts(governor, pack("a", attempt=REFUSED_TO_BLAME), REFUSED, 1) == [policy.Bury]
    assert verdicts(governor, pack("a", "b", attempt=REFUSED_TO_BLAME), REFUSED, 1) == [
        policy.Split
    ]


def test_b02_refusals_that_meet_all_are_waited_out() -> None:
    """Nothing was served for a while: it is the limit of all, and no row's fault."""
    governor = Governor(Settings())

    assert verdicts(governor, pack("a", attempt=9), REFUSED, 1) == [policy.Retry]


def test_a_tail_of_poison_is_buried_when_patience_ends() -> None:
    """With nothing else waiting, rows that fail for longer than patience are given up."""
    governor = serving(outage_seconds=0, max_attempts=1)
    governor.failed(pack("a"), LOST, 0.1)

    assert governor.verdict(pack("a"), LOST, others_wait=False) == policy.Bury("transport")


def test_an_outage_stops_the_run_when_patience_ends() -> None:
    """With others waiting, the server is to blame: the run stops and nothing is buried."""
    governor = serving(outage_seconds=0, max_attempts=1)
    governor.failed(pack("a"), LOST, 0.1)

    assert isinstance(governor.verdict(pack("a"), LOST, others_wait=True), policy.Stop)
