"""What now: the error policy as a table, and waits that are never shorter than asked for."""

from __future__ import annotations

import datetime
import math
from typing import Any, get_args

import pytest

from assay.core.errors import Fault
from assay.core.values import Pack
from assay.engine.retry import (
    BACKOFF_CAP_SECONDS,
    LONGEST_WAIT_SECONDS,
    MORE_ROOM,
    Bury,
    Retry,
    Split,
    Stop,
    after_fault,
    after_rejection,
    counted,
    next_sending,
    next_try_at,
    parts_of,
    wait_seconds,
)
from assay.forms.chat_request import compose

from .builders import pack

FAILED_AT = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


def verdict(
    fault: Any,
    attempt: int = 1,
    records: int = 8,
    retry_after: float | None = None,
    *,
    serves: bool = False,
    bisecting: bool = False,
    faults: tuple[Fault, ...] | None = None,
    max_attempts: int = 4,
    usual: int = 0,
) -> Any:
    """What becomes of a pack that met this fault each time, without jitter."""
    met = (fault,) * (attempt - 1) if faults is None else faults
    sent = Pack(pack(*map(str, range(records))).records, attempt, met, bisecting)
    return after_fault(
        fault,
        sent,
        serves=serves,
        max_attempts=max_attempts,
        retry_after_seconds=retry_after,
        jitter=0.0,
        usual=usual,
    )


@pytest.mark.parametrize("fault", ["quota", "config"])
def test_b03_what_would_fail_for_everybody_stops_the_run(fault: str) -> None:
    """On the first attempt, whatever the pack; the rows are marked with the reason."""
    assert verdict(fault) == Stop(fault)  # type: ignore[arg-type]
    assert verdict(fault, attempt=4, records=1) == Stop(fault)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        ("transport", 4),
        ("retryable", 4),
        ("bad_body", 2),
        ("provider_error", 2),
        ("empty", 2),
        ("too_big_or_bad", 1),
        ("refused", 1),
        ("truncated", 1),
    ],
)
def test_a_pack_is_sent_so_often_before_it_is_split(fault: str, attempts: int) -> None:
    """A fault that repeats itself gets fewer attempts."""
    verdicts = [type(verdict(fault, attempt)) for attempt in range(1, 5)]
    assert verdicts == [Retry] * (attempts - 1) + [Split] * (5 - attempts)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("transport", "transport"),
        ("retryable", "transport"),
        ("bad_body", "transport"),
        ("provider_error", "transport"),
        ("empty", "invalid"),
        ("too_big_or_bad", "too_long"),
        ("refused", "refused"),
    ],
)
def test_a_record_that_fails_alone_is_buried_with_a_status(fault: str, status: Any) -> None:
    """There is nothing left to split."""
    assert verdict(fault, attempt=4, records=1) == Bury(status)


def test_no_fault_is_forgotten() -> None:
    """Every fault has a verdict of the four kinds, at every size."""
    verdicts = [verdict(fault, records=size) for fault in get_args(Fault) for size in (1, 8)]
    assert {type(one) for one in verdicts} == {Retry, Split, Bury, Stop}


def test_one_attempt_is_one_attempt() -> None:
    """`ASSAY_MAX_ATTEMPTS=1` leaves no retry, also for faults that get two by themselves."""
    assert verdict("empty", records=1, max_attempts=1, serves=True) == Bury("invalid")


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (20, 30.0)]
)
def test_waits_double_up_to_the_cap(attempt: int, seconds: float) -> None:
    """Half a second, one, two, … thirty."""
    assert wait_seconds(attempt, None, 0.0) == seconds


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("asked", [0.001, 0.7, 20.0, 120.0])
def test_b01_a_wait_is_never_shorter_than_the_server_asks(asked: float, jitter: float) -> None:
    """Jitter makes waits longer, by half at most."""
    waited = wait_seconds(1, asked, jitter)
    assert asked <= waited <= 1.5 * max(asked, 0.5)


def test_b01_a_very_long_wait_is_taken_in_parts() -> None:
    """What asks for more than the longest wait gets the longest wait at a time."""
    assert wait_seconds(1, 86_400.0, 0.0) == LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("took", "asked", "seconds"), [(0.2, None, 0.3), (2.5, None, 0.0), (9, 7, 7)]
)
def test_what_a_sending_took_is_waited_already(
    took: float, asked: float | None, seconds: float
) -> None:
    """But what the server asks for begins with its reply, and what hung together is spread."""
    assert wait_seconds(1, asked, 0.0, took) == pytest.approx(seconds)
    assert wait_seconds(1, asked, 0.5, took) == pytest.approx(seconds + max(0.5, asked or 0) / 4)


@pytest.mark.parametrize(("serves", "seconds"), [(True, 0.0), (False, 0.5)])
def test_time_that_a_sending_took_counts_while_others_are_served(
    serves: bool, seconds: float
) -> None:
    """A server that hangs for everybody gets its rest."""
    said = after_fault(
        "transport",
        pack("a"),
        serves=serves,
        max_attempts=4,
        retry_after_seconds=None,
        jitter=0.0,
        took_seconds=2.5,
    )
    assert said == Retry(seconds)


@pytest.mark.parametrize("asked", [60.0, 120.0, 86_400.0])
def test_b01_jitter_on_a_long_wait_is_bounded(asked: float) -> None:
    """Half of the longest backoff at most, so that two minutes do not become three."""
    longest = min(asked, LONGEST_WAIT_SECONDS) + BACKOFF_CAP_SECONDS / 2
    assert wait_seconds(1, asked, 0.999) <= longest


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_b07_without_a_usable_header_a_wait_stays_short(jitter: float) -> None:
    """Positive, and no longer than the capped backoff and its jitter."""
    waits = [wait_seconds(attempt, None, jitter) for attempt in range(1, 21)]
    assert 0 < min(waits) <= max(waits) <= 1.5 * BACKOFF_CAP_SECONDS


def test_a19_after_a_lost_reply_the_very_same_request_goes_out() -> None:
    """So that a server which remembers idempotency keys can send the reply again."""
    first = pack("one", "two")
    again = next_sending(first, "transport")
    assert (again.seal, again.attempt) == (first.seal, 2)
    assert compose(again).user == compose(first).user


@pytest.mark.parametrize("fault", ["retryable", "bad_body", "provider_error", "empty"])
def test_a19_after_a_reply_that_arrived_it_is_a_new_request(fault: Any) -> None:
    """Or such a server would send the same useless reply for ever."""
    first = pack("one", "two")
    again = next_sending(first, fault)
    assert again.seal != first.seal
    assert (again.records, again.attempt) == (first.records, 2)


def test_a_retry_carries_the_wait() -> None:
    """The longer one of backoff and Retry-After."""
    assert verdict("retryable", attempt=2, retry_after=7.0) == Retry(7.0)


@pytest.mark.parametrize(
    ("rejections", "records", "expected"),
    [
        (1, 8, Retry(0.0)),
        (1, 1, Retry(0.0)),
        (2, 8, Split()),
        (2, 1, Bury("invalid")),
        (3, 8, Bury("invalid")),
        (3, 1, Bury("invalid")),
    ],
)
def test_c11_an_invalid_answer_is_asked_again_then_alone_then_never(
    rejections: int, records: int, expected: Retry | Split | Bury
) -> None:
    """A model that cannot answer a record by itself will not learn it."""
    actual = after_rejection(rejections=rejections, losses=0, records=records, max_attempts=4)

    assert actual == expected


@pytest.mark.parametrize(
    ("losses", "records", "expected"),
    [
        (1, 8, Retry(0.0)),
        (2, 8, Split()),
        (4, 1, Retry(0.0)),
        (5, 1, Bury("invalid")),
    ],
)
def test_c05_a_lost_answer_is_asked_for_as_often_as_any_server_that_fails(
    losses: int, records: int, expected: Retry | Split | Bury
) -> None:
    """Replies that leave a record out say nothing about the record."""
    actual = after_rejection(rejections=0, losses=losses, records=records, max_attempts=4)

    assert actual == expected


@pytest.mark.parametrize(
    ("fault", "texts", "expected"),
    [
        ("truncated", "ab", ["a", "b"]),
        ("truncated", "abcde", ["abc", "de"]),
        ("refused", "abcde", ["ab", "cd", "e"]),
        ("refused", "abcdefgh", ["ab", "cd", "ef", "gh"]),
    ],
)
def test_c20_nothing_is_lost_when_a_pack_is_split(
    fault: Any, texts: str, expected: list[str]
) -> None:
    """Each half, or quarter, is a pack of its own."""
    parts = parts_of(pack(*texts), fault)
    assert ["".join(record.text for record in part.records) for part in parts] == expected


@pytest.mark.parametrize("fault", ["refused", "too_big_or_bad"])
@pytest.mark.parametrize("records", range(2, 65))
def test_a16_the_culprit_costs_two_log_n_requests_and_one_at_most(
    fault: Any, records: int
) -> None:
    """Wherever in the pack it is."""
    for culprit in range(records):
        suspects, requests = pack(*map(str, range(records))), 0
        while len(suspects.records) > 1:
            parts = parts_of(suspects, fault)
            requests += len(parts)
            (suspects,) = (
                part for part in parts if str(culprit) in [one.text for one in part.records]
            )
        assert requests <= 2 * math.ceil(math.log2(records)) + 1


@pytest.mark.parametrize("fault", ["refused", "too_big_or_bad", "truncated"])
def test_c20_what_the_server_turned_down_is_sent_afresh_in_halves(fault: Any) -> None:
    """The attempts of the whole say nothing about its parts."""
    for part in parts_of(pack("one", "two", attempt=4), fault):
        assert (part.attempt, part.faults, part.bisecting) == (1, (), False)


@pytest.mark.parametrize(
    "fault", ["transport", "retryable", "bad_body", "provider_error", "empty"]
)
def test_c20_what_failed_without_a_reason_is_bisected_without_retries(fault: Any) -> None:
    """A half that fails is split at once."""
    for part in parts_of(pack(*"abcd", attempt=2), fault):
        assert (part.attempt, part.faults, part.bisecting) == (2, (fault,), True)
    assert verdict(fault, attempt=2, faults=(), bisecting=True) == Split()


@pytest.mark.parametrize(
    ("fault", "sendings"),
    [("transport", 4), ("retryable", 4), ("bad_body", 4), ("provider_error", 4), ("empty", 2)],
)
def test_a_record_alone_gets_all_its_attempts_while_the_server_serves_others(
    fault: Any, sendings: int
) -> None:
    """What a server does to one request in twenty, it may do twice to the same one."""
    verdicts = [
        type(verdict(fault, attempt, records=1, serves=True, bisecting=True))
        for attempt in range(1, 5)
    ]
    assert verdicts == [Retry] * (sendings - 1) + [Bury] * (5 - sendings)


def test_a_record_alone_gets_as_many_attempts_as_anybody_may_need() -> None:
    """Whatever the server does at random; what it says of the record itself needs no further."""
    assert verdict("retryable", attempt=4, records=1, usual=9) == Retry(0.5)
    assert verdict("bad_body", attempt=8, records=1, usual=9) == Retry(0.5)
    assert verdict("bad_body", attempt=9, records=1, usual=9) == Bury("transport")
    assert verdict("refused", records=1, usual=9) == Bury("refused")
    assert verdict("retryable", attempt=4, records=2, usual=9) == Split()


def test_c02_a_record_whose_reply_was_cut_has_more_room_once() -> None:
    """The answer may be long; a second stump is none."""
    first = pack("one")
    roomy = next_sending(first, "truncated")
    usual, more = compose(first), compose(roomy)

    assert verdict("truncated", records=1) == Retry(0.5)
    assert more.max_output_tokens == MORE_ROOM * usual.max_output_tokens
    assert more.idempotency_key != usual.idempotency_key
    assert next_sending(roomy, "retryable").room == MORE_ROOM
    cut = after_fault(
        *("truncated", roomy),
        serves=True,
        max_attempts=4,
        retry_after_seconds=None,
        jitter=0.0,
    )
    assert cut == Bury("invalid")


def test_attempts_that_do_not_count_are_forgiven() -> None:
    """One, where it was the limit of all; all so far, where the server was down."""
    failed = next_sending(pack("one"), "retryable")
    limited = next_sending(failed, "retryable", Retry(0.0, counts=False))
    spared = next_sending(limited, "retryable", Retry(0.0, afresh=True))

    assert (limited.attempt, counted(limited), limited.faults) == (3, 2, ("retryable",))
    assert (spared.attempt, counted(spared), spared.faults) == (4, 1, ())


def test_a_wait_is_not_doubled_while_the_server_serves_others() -> None:
    """It is not overload that it suffers from; what it asks for is still obeyed."""
    assert verdict("retryable", attempt=3, serves=True) == Retry(0.5)
    assert verdict("retryable", attempt=3, retry_after=7.0, serves=True) == Retry(7.0)


def test_a_fault_that_repeats_itself_ends_sooner_than_different_ones() -> None:
    """A body that is broken twice is split; one that follows a lost reply is sent again."""
    assert verdict("bad_body", attempt=2) == Split()
    assert verdict("bad_body", attempt=2, faults=("transport",)) == Retry(1.0)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 0), (2, 1), (3, 10)])
def test_h06_a_failed_ask_may_be_tried_again_later(attempts: int, minutes: int) -> None:
    """At once, after a minute, after ten."""
    expected = FAILED_AT + datetime.timedelta(minutes=minutes)
    assert next_try_at("transport", attempts, FAILED_AT) == expected


@pytest.mark.parametrize(
    ("status", "attempts"), [("transport", 4), ("invalid", 9), ("refused", 1), ("too_long", 1)]
)
def test_h06_an_ask_that_failed_for_good_is_dead(status: Any, attempts: int) -> None:
    """After its last try, or when asking again would get the same non-answer."""
    assert next_try_at(status, attempts, FAILED_AT) is None
