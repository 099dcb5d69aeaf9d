"""The governor: what a failed request means, given how the server has behaved so far."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.errors import CallError
from assay.core.settings import Settings
from assay.core.values import Pack, Reply
from assay.engine import retry
from assay.engine.breaker import FAILURES_TO_OPEN
from assay.engine.governor import TURNED_DOWN_TO_STOP, Governor

from .builders import pack, request

TURNED_DOWN = CallError("too_big_or_bad", "HTTP 400.", status=400)
FORBIDDEN = CallError("refused", "HTTP 403.", status=403)
REFUSED = CallError("retryable", "HTTP 429.", status=429)
SERVED = Reply("{}", "stub")
LOST = CallError("transport", "No reply.", maybe_paid=True)


def serving(**settings: Any) -> Governor:
    """A governor whose server has just served a request."""
    governor = Governor(Settings(**settings))
    governor.succeeded(request("fine"), SERVED)
    return governor


def verdicts(governor: Governor, sent: Pack, error: CallError, times: int) -> list[type]:
    """What becomes of a pack each time that it fails in this way."""
    return [type(governor.verdict(sent, error, others_wait=True)) for _ in range(times)]


def test_an_endpoint_that_turns_everything_down_stops_the_run() -> None:
    """Rows are not buried for a model that does not know our requests."""
    said = verdicts(Governor(Settings()), pack("a"), TURNED_DOWN, TURNED_DOWN_TO_STOP)

    assert (said[0], said[-1]) == (retry.Bury, retry.Stop)


def test_a_long_text_that_is_turned_down_by_a_working_endpoint_is_too_long() -> None:
    """It is longer than all that was served, so that nothing is asked again."""
    said = serving().verdict(pack("long " * 100), TURNED_DOWN, others_wait=True)

    assert said == retry.Bury("too_long")


@pytest.mark.parametrize("text", ["a", "long " * 100])
def test_a_text_that_is_no_longer_than_others_is_asked_about_once_more(text: str) -> None:
    """A model that loops behind a gateway is turned down like a text that is too long."""
    governor = serving()
    governor.succeeded(request(*["long " * 100] * 8), SERVED)
    first = governor.verdict(pack(text), TURNED_DOWN, others_wait=True)
    second = governor.verdict(pack(text, attempt=2), TURNED_DOWN, others_wait=True)

    assert isinstance(first, retry.Retry)
    assert isinstance(second, retry.Bury)
    assert (second.status, "not its length" in str(second.reason)) == ("invalid", True)


def test_more_room_that_is_turned_down_is_no_long_text() -> None:
    """Nothing is served yet, and the reply was cut before."""
    roomy = retry.next_sending(pack("long " * 100), "truncated")
    said = Governor(Settings()).verdict(roomy, TURNED_DOWN, others_wait=True)

    assert isinstance(said, retry.Bury)
    assert said.status == "invalid"


def test_another_model_is_judged_by_its_own_requests() -> None:
    """That the first one serves says nothing of the second, which knows no schemas."""
    governor = Governor(Settings())
    governor.succeeded(request("fine"), SERVED)
    other = pack("a", model="other")

    assert verdicts(governor, other, TURNED_DOWN, TURNED_DOWN_TO_STOP)[-1] is retry.Stop


def test_a15_a_403_stops_the_run_unless_others_are_served() -> None:
    """Before anything is served it is about the key, afterwards about the text."""
    governor = serving()

    assert verdicts(Governor(Settings()), pack("a", "b"), FORBIDDEN, 1) == [retry.Stop]
    assert verdicts(governor, pack("a", "b"), FORBIDDEN, 1) == [retry.Split]
    assert verdicts(governor, pack("c"), FORBIDDEN, 1) == [retry.Retry]
    governor.succeeded(request("fine"), SERVED)
    assert verdicts(governor, pack("c"), FORBIDDEN, 1) == [retry.Bury]


def test_a15_access_that_is_taken_away_stops_the_run_and_buries_nothing() -> None:
    """Ten in a row, while nothing is served."""
    governor, said = serving(), []
    for number in range(FAILURES_TO_OPEN):
        sent = pack(f"text {number}")
        governor.failed(sent, FORBIDDEN, 0.1)
        said += verdicts(governor, sent, FORBIDDEN, 1)

    assert said == [retry.Retry] * (FAILURES_TO_OPEN - 1) + [retry.Stop]


def refused(governor: Governor, sent: Pack, *, others: int) -> type:
    """What becomes of a pack that is refused, after so many others were served."""
    for number in range(others):
        governor.succeeded(request(f"text {number}"), SERVED)
    governor.failed(sent, REFUSED, 0.1)
    return type(governor.verdict(sent, REFUSED, others_wait=True))


@pytest.mark.parametrize(("sent", "end"), [("a", retry.Bury), ("ab", retry.Split)])
def test_b02_a_pack_that_is_refused_while_others_are_served_is_split_and_buried(
    sent: str, end: type
) -> None:
    """It is too big for a limit of the account: all others go on at their pace."""
    governor = serving()
    said = [refused(governor, pack(*sent, attempt=at), others=20) for at in range(1, 9)]

    assert said[:4] == [retry.Retry] * 4
    assert end in said[4:]


def test_b02_refusals_that_meet_all_are_waited_out() -> None:
    """Nothing was served since: it is the limit of all, and no row's fault."""
    governor = serving()
    said = [refused(governor, pack("a", attempt=at), others=0) for at in range(1, 40)]

    assert set(said) == {retry.Retry}


def test_a_tail_of_poison_is_buried_when_patience_ends() -> None:
    """With nothing else waiting, rows that fail for longer than patience are given up."""
    governor = serving(outage_seconds=0, max_attempts=1)
    governor.failed(pack("a"), LOST, 0.1)

    assert governor.verdict(pack("a"), LOST, others_wait=False) == retry.Bury("transport")


@pytest.mark.parametrize("error", [LOST, REFUSED])
def test_an_outage_under_the_last_packs_gives_no_row_up(error: CallError) -> None:
    """What is in flight or asleep is not in the queue; it is no fault of so many rows."""
    governor = serving(outage_seconds=0, max_attempts=1)
    sent = pack("a", "b")
    governor.failed(sent, error, 0.1)

    assert isinstance(governor.verdict(sent, error, others_wait=False), retry.Stop)


def test_b02_what_is_refused_at_the_end_stops_the_run_when_patience_ends() -> None:
    """Each may be under the limit of all: no row is given up, also not the last."""
    governor = serving(outage_seconds=0, max_attempts=1)
    governor.failed(pack("a"), REFUSED, 0.1)

    assert isinstance(governor.verdict(pack("a"), REFUSED, others_wait=False), retry.Stop)


def doubted(*texts: str, alone: bool = False, error: CallError = REFUSED, **settings: Any) -> bool:
    """Whether a pack is in doubt, some time after a request was served."""
    governor = Governor(Settings(**({"outage_seconds": 0} | settings)))
    governor.start(request("fine"))
    governor.succeeded(request("fine"), SERVED)
    return governor.doubts(pack(*texts), error, alone=alone)


def test_b02_what_is_left_last_is_in_doubt_for_its_size() -> None:
    """Several together, one that is larger than all that was served, or the very last."""
    long = "long " * 200
    assert doubted("a", "b")
    assert doubted(long)
    assert doubted("a", alone=True)
    assert not doubted("a"), "others of its size may be served as well"
    assert not doubted(long, outage_seconds=180), "a limit by the minute may be used up"
    assert not doubted(long, error=LOST), "a server that is down refuses nobody"


def test_b02_a_text_that_is_larger_than_a_limit_is_given_up_with_a_reason_of_its_own() -> None:
    """A pack is split first: each of its records may be served."""
    governor = serving()
    said = governor.too_big(pack("a"), REFUSED, "Others were served")

    assert governor.too_big(pack("a", "b"), REFUSED, "") == retry.Split(singly=True)
    assert isinstance(said, retry.Bury)
    assert said.status == "over_limit"
    assert "so a limit of the account is smaller than this text" in str(said.reason)


def unreached(governor: Governor, error: CallError, *, times: int) -> type:
    """What becomes of the last of so many packs that met this as the first ones of a run."""
    for number in range(times):
        governor.start(request(f"text {number}"))
        governor.failed(pack(f"text {number}"), error, 0.1)
    return type(governor.verdict(pack("text 0"), error, others_wait=True))


def test_a01_an_endpoint_that_was_never_reached_is_left_after_the_time_of_its_attempts() -> None:
    """With one attempt at once; one that hangs up on everybody, once ten in a row were met."""
    refused = CallError("transport", "Connection refused.", silent=True)
    closed = CallError("transport", "Closed.", silent=True, maybe_paid=True)
    many = FAILURES_TO_OPEN

    assert unreached(Governor(Settings(max_attempts=1)), refused, times=1) is retry.Stop
    assert unreached(Governor(Settings(max_attempts=2)), refused, times=1) is retry.Retry
    assert unreached(Governor(Settings(max_attempts=1)), closed, times=1) is retry.Bury
    assert unreached(Governor(Settings(max_attempts=1)), closed, times=many) is retry.Stop


@pytest.mark.parametrize(
    "heard",
    [
        CallError("retryable", "HTTP 503.", status=503),
        CallError("transport", "No whole reply.", maybe_paid=True),
    ],
)
def test_b04_an_endpoint_that_was_reached_gets_the_patience_of_an_outage(heard: CallError) -> None:
    """It starts up, or takes its time; what served a request before may be gone for a while."""
    refused = CallError("transport", "Connection refused.", silent=True)
    starting = Governor(Settings(max_attempts=1))
    unreached(starting, heard, times=FAILURES_TO_OPEN)

    assert unreached(starting, refused, times=1) is retry.Retry
    assert unreached(serving(max_attempts=1), refused, times=FAILURES_TO_OPEN) is retry.Retry


def test_an_outage_stops_the_run_when_patience_ends() -> None:
    """With others waiting, the server is to blame: the run stops and nothing is buried."""
    governor = serving(outage_seconds=0, max_attempts=1)
    governor.failed(pack("a"), LOST, 0.1)

    assert isinstance(governor.verdict(pack("a"), LOST, others_wait=True), retry.Stop)
