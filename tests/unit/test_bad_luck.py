"""Bad luck: what a server does to anybody costs no record, and a bad record costs no fortune."""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import Any

import pytest

from assay.core.errors import CallError, Fault
from assay.core.events import Nobody
from assay.core.settings import Settings
from assay.core.values import Ask, Judged, Outcome, Pack, Record, Reply
from assay.engine import retry
from assay.engine.blame import MOST_IN_A_ROW, Mishaps, most_in_a_row
from assay.engine.claims import Claims
from assay.engine.governor import Governor
from assay.engine.retry import Rejections
from assay.engine.state import RunState
from assay.forms.chat_request import compose

from .builders import ask, pack, request, seeded

FAULTS: tuple[Fault, ...] = ("retryable", "transport", "bad_body", "provider_error", "empty")
RECORDS = 16
IN_BETWEEN = 20
"""So many others are sent while one that failed waits."""

ANSWER = Outcome("ok", "true")

SERVED = Reply("{}", "stub")


def met(draw: random.Random) -> CallError:
    """One of the faults that a server may have for anybody."""
    fault = draw.choice(FAULTS)
    return CallError(fault, "It failed.", status=None if fault == "transport" else 500)


def sent(packs: list[Pack], bad: set[str], share: float, draw: random.Random) -> Counter[str]:
    """Send packs to a server that fails this share of them, and always those with bad texts.

    Returns how often each text that was given up or is bad was sent, given-up texts with a minus.
    """
    governor, waiting = Governor(Settings()), deque(packs)
    sendings: Counter[str] = Counter()
    while waiting:
        one = waiting.popleft()
        texts = [record.text for record in one.records]
        sendings.update(text for text in texts if text in bad)
        if draw.random() >= share and not bad.intersection(texts):
            governor.succeeded(compose(one), SERVED)
            continue
        error = met(draw)
        governor.failed(one, error, 0.1)
        untried = any(other.attempt == 1 and not other.bisecting for other in waiting)
        beside = {"others_wait": bool(waiting), "untried": untried}
        match governor.verdict(one, error, **beside):
            case retry.Retry() as patience:
                waiting.insert(IN_BETWEEN, retry.next_sending(one, error.fault, patience))
            case retry.Split(singly):
                waiting.extend(retry.parts_of(one, error.fault, singly=singly))
            case retry.Bury():
                sendings.update(f"-{text}" for text in texts)
            case retry.Stop(_, reason):
                pytest.fail(str(reason))
    return sendings


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.65])
@pytest.mark.parametrize("records", [1, 4])
def test_a_server_that_fails_at_random_costs_no_record(share: float, records: int) -> None:
    """Two in three requests, and not one of 2,000 texts is given up."""
    packs = [pack(*(f"{at} {place}" for place in range(records))) for at in range(2000 // records)]

    assert sent(packs, set(), share, seeded(7)) == Counter()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5])
def test_a_bad_record_is_given_up_after_a_bounded_number_of_requests(share: float) -> None:
    """On a sound server after its attempts, on an ill one after what anybody may meet."""
    packs = [pack(*(f"{at} {place}" for place in range(4))) for at in range(400)]
    bad = {"40 1", "200 0", "300 3"}
    sendings = sent(packs, bad, share, seeded(3))

    assert {text for text in sendings if text.startswith("-")} == {f"-{text}" for text in bad}
    halvings = 2
    most = max(Settings().max_attempts, 1.2 * most_in_a_row(share)) + halvings + 1
    assert all(sendings[text] <= most for text in bad)


def test_what_is_no_bad_luck_any_more() -> None:
    """On a server that fails nobody, a row of failures is no luck at all."""
    assert most_in_a_row(0.0) == 0
    assert [most_in_a_row(share) for share in (0.001, 0.05, 0.2, 0.5)] == [3, 7, 13, 30]
    assert most_in_a_row(0.99) == most_in_a_row(1.0) == MOST_IN_A_ROW


def test_only_those_who_were_served_excuse_others() -> None:
    """Failures of a record that is never served say nothing of what is usual."""
    mishaps = Mishaps()
    assert mishaps.share == 0
    mishaps.over(0, served=9)
    assert mishaps.share == 0
    mishaps.over(10)
    assert mishaps.share == 0.5


def test_an_outage_uses_no_attempt_up() -> None:
    """What failed while the server was down has all its attempts once it is up again."""
    governor, error = Governor(Settings()), CallError("retryable", "HTTP 503.", status=503)
    governor.succeeded(request("fine"), SERVED)
    one = pack("a text")
    for _ in range(30):
        governor.failed(one, error, 0.1)
        verdict = governor.verdict(one, error, others_wait=True, untried=True)
        assert isinstance(verdict, retry.Retry)
        one = retry.next_sending(one, error.fault, verdict)
    governor.succeeded(request("fine"), SERVED)

    assert isinstance(governor.verdict(one, error, others_wait=True), retry.Retry)
    assert retry.counted(one) < Settings().max_attempts


# --- replies without an answer ------------------------------------------------------------------


def lost(records: int, draw: random.Random) -> range:
    """Which records of a reply have no answer: two left out, one doubled, or all, by lot."""
    kind = draw.choice(("missing", "doubled", "shifted", "forged", *["sound"] * 6))
    return range({"missing": 2, "doubled": 1, "sound": 0}.get(kind, records))


def given_up(asks: list[Ask], bad: set[bytes], draw: random.Random) -> tuple[set[bytes], int]:
    """Ask in packs until all is settled; return what was given up, and the number of requests."""
    claims, requests = Claims(), 0
    run = RunState("a-run", Settings(), Nobody())
    for one in asks:
        claims.open(one, run)
    rejections, waiting, alone = Rejections(claims, 4), deque(asks), deque[Ask]()
    buried: set[bytes] = set()
    while waiting or alone:
        several = min(RECORDS, len(waiting))
        taken = [alone.popleft()] if alone else [waiting.popleft() for _ in range(several)]
        made = request_of(taken)
        gone = {taken[at].key for at in lost(len(taken), draw) if at < len(taken)}
        gone |= bad.intersection(one.key for one in taken)
        judged = Judged(
            {one.key: ANSWER for one in taken if one.key not in gone},
            dict.fromkeys(gone, "missing"),
            frozenset(gone),
        )
        requests += 1
        sorted_ = rejections.sort(made, judged)
        for key in judged.answers:
            claims.settle(key, ANSWER)
        buried.update(one.key for one in sorted_.buried)
        waiting.extendleft(sorted_.again)
        alone.extend(sorted_.alone)
    return buried, requests


def request_of(asks: list[Ask]) -> Any:
    """The request that asks these."""
    return compose(Pack(tuple(Record(one.text, (one,)) for one in asks)))


def test_c05_replies_that_lose_answers_at_random_cost_no_record() -> None:
    """Four replies in ten lose some or all, and each of 10,000 records is answered."""
    asks = [ask(f"text {number}") for number in range(10_000)]
    buried, requests = given_up(asks, set(), seeded(11))

    assert buried == set()
    assert requests < 2.5 * len(asks) / RECORDS


def test_c05_a_record_that_is_never_answered_is_given_up() -> None:
    """After as many losses as anybody may have, and it alone."""
    asks = [ask(f"text {number}") for number in range(3_000)]
    bad = {asks[number].key for number in (7, 1_500, 2_999)}
    buried, requests = given_up(asks, bad, seeded(5))

    assert buried == bad
    assert requests < 2.5 * len(asks) / RECORDS + len(bad) * MOST_IN_A_ROW
