"""Group B of the fault matrix: rate limits, budgets, outages and concurrency."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assay.core.errors import BudgetError, Cancelled, ConfigError, QuotaError, RunError
from assay.engine.prices import cost_usd
from assay.faultd import Entry, FaultServer, Latency
from assay.project.counting import spend_of
from assay.providers.openai_compatible.prices import PRICES

from ..figures import Figure
from .conftest import OpenRoom
from .engine_room import (
    CLASSIFY,
    POISON,
    Room,
    all_but,
    engine_room,
    expected,
    gaps,
    paid_twice,
    statuses,
    texts,
    values,
)

PRICED = "gpt-4.1-nano"
PROBE_SECONDS = 5
BACKOFF_SECONDS = 0.5
SETTLING_SECONDS = 2


def refused(server: FaultServer) -> list[Entry]:
    """The requests that were answered with 429."""
    return [entry for entry in server.ledger.entries if entry.status == 429]


def billed_usd(server: FaultServer) -> float:
    """What faultd's bill comes to at our list price."""
    bill = server.summary()
    return cost_usd(PRICES[PRICED], bill["input_tokens"], bill["output_tokens"]) or 0.0


def stopped(opened: Room, asked: list[str]) -> None:
    """Ask until somebody cancels."""
    with pytest.raises(Cancelled):
        opened.ask(asked)


def in_background(work: threading.Thread, seconds: float) -> None:
    """Start `work` and let it be for so many seconds."""
    work.start()
    time.sleep(seconds)


# --- what the server says about waiting ---------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "seconds"),
    [
        ("s429ra,ra=1", 1.0),
        ("s429ra,ra=0.8", 0.8),
        ("s429ra,ra=,ms=900", 0.9),
        ("radate,seconds=1", 1.0),
    ],
)
def test_b01_a_wait_is_never_shorter_than_the_server_asks(
    scenario: str, seconds: float, server: FaultServer, room: OpenRoom
) -> None:
    """Seconds, fractions, milliseconds and dates are understood."""
    asked = texts(2)
    assert values(room(f"{scenario},first=1").ask(asked)) == expected(asked)
    assert seconds <= gaps(server.ledger.entries)[0] <= 2 * seconds + 2


@pytest.mark.parametrize("said", ["0", "-1", "nan", "soon", "1e999"])
def test_b01_b07_a_wait_that_makes_no_sense_is_backoff(
    said: str, server: FaultServer, room: OpenRoom
) -> None:
    """Neither no wait at all nor one for ever."""
    room(f"s429ra,ra={said},first=1").ask(texts(2))
    assert BACKOFF_SECONDS <= gaps(server.ledger.entries)[0] <= 3


def test_b01_a_long_wait_pauses_the_lane_and_fails_no_row(
    server: FaultServer, room: OpenRoom
) -> None:
    """Nothing further is sent; no row is given up; a stop is still obeyed at once."""
    opened = room("s429ra,ra=121", max_in_flight=1)
    stopped: list[BaseException] = []

    def work() -> None:
        with pytest.raises(Cancelled) as caught:
            opened.ask(texts(40))
        stopped.append(caught.value)

    waiting = threading.Thread(target=work)
    waiting.start()
    while not server.ledger.entries:
        time.sleep(0.01)
    time.sleep(1)
    opened.run.cancel()
    waiting.join(timeout=20)
    assert len(stopped) == len(server.ledger.entries) == 1
    assert opened.dead == []


def test_b02_above_the_rate_the_run_settles_just_below_it(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """Once settled, at least 80 % of the rate is used and under 5 % is refused; no row is lost."""
    outcomes = room("rate,rate=30", pack_records=1, max_in_flight=32).ask(texts(480))
    entries = server.ledger.entries
    begun = entries[0].started + SETTLING_SECONDS
    settled = [entry for entry in entries if entry.started >= begun]
    answered = sum(entry.status == 200 for entry in settled)
    rate = answered / (settled[-1].started - settled[0].started)
    share = 1 - answered / len(settled)
    figure(allowed=30, answered=round(rate, 1), refused_share=round(share, 3))
    assert statuses(outcomes) == ["ok"] * 480
    assert rate >= 0.8 * 30
    assert share < 0.05


def test_b07_rate_headers_that_make_no_sense_change_nothing(
    server: FaultServer, room: OpenRoom
) -> None:
    """Missing, -1, 0, text, NaN, in the past, a day ahead: on good replies none is a wait."""
    began = time.monotonic()
    asked = texts(16)
    assert values(room("ratehdr", pack_records=1).ask(asked)) == expected(asked)
    assert time.monotonic() - began < 3
    assert len(server.ledger.entries) == 16


def test_b11_a_clock_that_steps_changes_no_wait(
    server: FaultServer, room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour forth at each look, and the wait stays what it was."""
    real = time.time
    steps = iter(range(0, 10**9, 3600))
    monkeypatch.setattr(time, "time", lambda: real() + next(steps))
    assert statuses(room("s429ra,ra=0.7,first=1").ask(texts(2))) == ["ok"] * 2
    assert 0.7 <= gaps(server.ledger.entries)[0] <= 3


def test_b12_waiters_do_not_come_back_as_a_herd(room: OpenRoom, figure: Figure) -> None:
    """Sixteen that were told to wait a second come back later, and spread out."""
    with FaultServer("outage,t=0,d=1,status=429,ra=1") as herded:
        opened = room(url=herded.url(), pack_records=1, max_in_flight=16)
        outcomes = opened.ask(texts(40))
        started = [entry.started for entry in herded.ledger.entries if entry.status == 200]
    first_second = sum(one <= min(started) + 1 for one in started)
    at_once = Counter(int((one - min(started)) * 20) for one in started)
    figure(in_first_second=first_second, in_50_ms=max(at_once.values()))
    assert statuses(outcomes) == ["ok"] * 40
    assert max(at_once.values()) <= 16


def test_b02_a_text_that_is_too_big_for_a_limit_holds_nobody_up(
    server: FaultServer, room: OpenRoom
) -> None:
    """Refused each time, while others are served: it is split off and given up, at their pace."""
    began = time.monotonic()
    outcomes = room("poison,kind=s429,wait=0.1", pack_records=2).ask(texts(1200, poisoned=7))
    assert statuses(outcomes) == all_but(7, 1200, "over_limit")
    assert len(refused(server)) <= 40
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(("big", "pack"), [(1, 1), pytest.param(3, 4, marks=pytest.mark.whole)])
def test_b02_texts_that_are_too_big_for_a_limit_are_given_up_alone(
    big: int, pack: int, server: FaultServer, room: OpenRoom
) -> None:
    """Left last, beside which nothing is served: a small request tells, one by one."""
    long = [f"{POISON} {place} " + "long " * 300 for place in range(big)]
    opened = room("poison,kind=s429,wait=0.1", outage_seconds=2, pack_records=pack)
    outcomes = opened.ask([*long, *texts(4 * big)])
    assert statuses(outcomes) == ["over_limit"] * big + ["ok"] * 4 * big
    assert "a limit of the account is smaller than this text" in str(outcomes[0].error)
    assert opened.dead == ["over_limit"] * big


def test_b02_an_account_that_takes_nothing_more_gives_no_row_up(
    server: FaultServer, room: OpenRoom
) -> None:
    """Not the smallest request is served: the run stops when patience ends."""
    opened = room("s429,skip=2", outage_seconds=2)
    with pytest.raises(RunError, match="ASSAY_OUTAGE_SECONDS"):
        opened.ask(texts(40))
    assert opened.dead == []


def test_b02_an_allowance_that_is_used_up_costs_no_row(
    server: FaultServer, room: OpenRoom
) -> None:
    """Twenty at once and then four a second: most are refused many times, and all are answered."""
    outcomes = room("rate,rate=4,burst=20", pack_records=1, max_in_flight=16).ask(texts(80))
    assert statuses(outcomes) == ["ok"] * 80
    assert len(refused(server)) > 0


def test_b02_tokens_a_minute_are_those_that_the_server_counts(
    server: FaultServer, room: OpenRoom
) -> None:
    """Where it counts five times what we estimate, the limit is kept from the second pack on."""
    opened = room("dearer,factor=5", max_in_flight=1, tokens_per_minute=6000)
    in_background(threading.Thread(target=stopped, args=(opened, texts(200))), 4)
    used = sum(entry.prompt_tokens for entry in server.ledger.entries)
    opened.run.cancel()
    assert 3000 < 5 * used < 6000 + 5 * 400


# --- when the server is down --------------------------------------------------------------------


def test_b03_no_credit_stops_the_run_and_the_rest_is_resumed(
    server: FaultServer, room: OpenRoom
) -> None:
    """At most what was in flight is sent after the first refusal; nothing is bought twice."""
    asked = texts(40)
    server.switch("s429quota,skip=3")
    opened = room(url=server.url())
    with pytest.raises(QuotaError, match="credit"):
        opened.ask(asked)
    assert len(refused(server)) <= 4
    server.switch("good")
    opened.begin("the next run")
    assert values(opened.ask(asked)) == expected(asked)
    assert (paid_twice(server), server.summary()["distinct_paid_texts"]) == (0, 40)


@pytest.mark.parametrize(
    "said",
    [
        "status=400,code=billing_hard_limit_reached",
        "code=429,type=insufficient_quota",
        "status=403,code=insufficient_quota",
    ],
)
def test_b03_no_credit_is_known_by_its_word(
    said: str, server: FaultServer, room: OpenRoom
) -> None:
    """Whatever the status, and where the code only says the status again; no row is buried."""
    opened = room(f"s429quota,skip=3,{said}", max_in_flight=1)
    with pytest.raises(QuotaError, match="credit"):
        opened.ask(texts(40))
    assert (opened.dead, len(server.ledger.entries)) == ([], 4)


@pytest.mark.parametrize("scenario", ["s402", "errorin200,code=402"])
def test_b03_payment_required_is_the_same(scenario: str, room: OpenRoom) -> None:
    """In the status line or inside a 200."""
    with pytest.raises(QuotaError):
        room(scenario).ask(texts(8))


def test_b04_an_outage_is_not_hammered(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """The breaker opens after a few requests; then one probe in five seconds asks."""
    with pytest.raises(RunError, match="ASSAY_OUTAGE_SECONDS"):
        room("s503", outage_seconds=3).ask(texts(64))
    entries = server.ledger.entries
    opened_at = sorted(entry.ended for entry in entries)[9]
    probes = [entry for entry in entries if entry.started > opened_at + 1]  # not in flight then
    figure(packs=16, requests=len(entries), probes=len(probes))
    assert len(entries) <= 1.1 * 16 + 20
    assert len(probes) == 1
    assert probes[0].started - opened_at >= PROBE_SECONDS - 0.1


@pytest.mark.parametrize("scenario", ["html200", "null200", "choicesnull"])
def test_b04_a_server_that_says_nothing_of_use_is_down(scenario: str, room: OpenRoom) -> None:
    """A gateway's error page for every request must not bury every row, one by one."""
    opened = room(scenario, outage_seconds=0)
    with pytest.raises(RunError, match="ASSAY_OUTAGE_SECONDS"):
        opened.ask(texts(64))
    assert opened.dead == []


def test_b05_an_outage_that_ends_loses_nothing(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """Within 30 s of the return everything is answered, and nothing is bought twice."""
    asked = texts(200)
    began = time.monotonic()
    with FaultServer("outage,t=0.2,d=2", latency=Latency(0.02)) as failing:
        opened = room(url=failing.url(), pack_records=2)
        outcomes = opened.ask(asked)
        took = time.monotonic() - began
        bill = failing.summary()
    figure(seconds_after_return=round(took - 2.2, 1))
    assert values(outcomes) == expected(asked)
    assert (bill["by_status"].keys(), opened.dead) == ({"200", "503"}, [])
    assert bill["paid_more_than_once"] == 0
    assert took - 2.2 <= 30


def test_b06_twenty_times_the_latency_loses_nothing(room: OpenRoom) -> None:
    """Slow is not failed: nobody is asked twice, and no more fly at once."""
    asked = texts(40)
    with FaultServer("slow,factor=20", latency=Latency(0.02)) as slowed:
        outcomes = room(url=slowed.url(), pack_records=2, deadline_seconds=3).ask(asked)
        bill = slowed.summary()
    assert values(outcomes) == expected(asked)
    assert bill["by_outcome"] == {"sent": 20}
    assert bill["max_in_flight"] <= 4


def test_b06_slower_than_the_deadline_for_a_while_loses_nothing(room: OpenRoom) -> None:
    """What ran out of time is counted as `maybe_paid` and asked again once it is over."""
    asked = texts(80)
    with FaultServer("slow,t=0.2,d=0.8,plus=2", latency=Latency(0.02)) as slowed:
        opened = room(url=slowed.url(), pack_records=2, deadline_seconds=0.5, max_attempts=4)
        outcomes = opened.ask(asked)
        bill = slowed.summary()
    assert values(outcomes) == expected(asked)
    assert opened.maybe_paid == bill["by_outcome"].get("gone", 0)


# --- budgets ------------------------------------------------------------------------------------


def test_b08_the_wall_in_requests_is_a_wall(server: FaultServer, room: OpenRoom) -> None:
    """Two requests are two requests; the rest is `not_attempted`, and says why."""
    outcomes = room(max_requests=2, over_budget="spend").ask(texts(20))
    assert len(server.ledger.entries) == 2
    assert Counter(statuses(outcomes)) == {"ok": 8, "not_attempted": 12}
    assert {one.value for one in outcomes if one.status != "ok"} == {None}
    assert all("ASSAY_MAX_REQUESTS" in str(one.error) for one in outcomes[8:])


def test_b08_the_wall_in_dollars_is_a_wall(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """At a cap of 40 % of the need faultd's bill stays below it; the next run does the rest."""
    asked = texts(60)
    need = 15 * cost_of_a_pack(server)
    server.reset()
    opened = room(model=PRICED, max_cost_usd=0.4 * need, over_budget="spend")
    outcomes = opened.ask(asked)
    figure(cap=0.4, billed=round(billed_usd(server) / need, 3))
    assert set(statuses(outcomes)) == {"ok", "not_attempted"}
    assert 0 < billed_usd(server) <= 0.4 * need
    opened.begin("the next run")
    again = opened.ask(asked)
    assert statuses(again).count("ok") > statuses(outcomes).count("ok")
    assert paid_twice(server) == 0


def cost_of_a_pack(server: FaultServer) -> float:
    """What one pack of four costs, by faultd's bill."""
    with TemporaryDirectory() as folder, engine_room(server.url(), Path(folder)) as room:
        room.ask(texts(4))
    return billed_usd(server)


@pytest.mark.parametrize("scenario", ["refuse", "length", "contentnull", "filter"])
def test_b08_replies_without_an_answer_are_paid_from_the_same_purse(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """What the vendor bills for a refusal or a stump is in our ledger, to the cent."""
    opened = room(scenario, model=PRICED)
    opened.ask(texts(2))
    spent = spend_of(opened.store, "a-run")
    assert spent.cost_usd == pytest.approx(billed_usd(server))
    assert spent.output_tokens == server.summary()["output_tokens"] > 0


def test_b08_a_model_without_a_price_spends_nothing_of_a_budget(
    server: FaultServer, room: OpenRoom
) -> None:
    """What it costs cannot be bounded, so nothing is sent; the rows say so."""
    outcomes = room(model="unknown", max_cost_usd=1.0).ask(texts(4))
    assert statuses(outcomes) == ["not_attempted"] * 4
    assert "price of 'unknown'" in str(outcomes[0].error)
    assert len(server.ledger.entries) == 0


def test_b08_a_second_model_without_a_price_takes_nobody_with_it(
    server: FaultServer, room: OpenRoom
) -> None:
    """Its call is turned down before a text is seen; the other model's rows are answered."""
    opened = room(model=PRICED, max_cost_usd=1.0)
    with pytest.raises(ConfigError, match="price of 'exotic'"):
        opened.ask(texts(4), CLASSIFY | {"model": "exotic"})
    assert statuses(opened.ask(texts(4))) == ["ok"] * 4
    assert len(server.ledger.entries) == 1


@pytest.mark.parametrize("scenario", ["s504", "s502", "errorpaid200"])
def test_b08_what_may_be_billed_counts_against_the_wall(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """The model may have worked: it is reserved in full, or charged as the server says."""
    need = cost_of_a_pack(server)
    server.reset()
    opened = room(scenario, model=PRICED, max_cost_usd=4 * need, max_attempts=9, max_in_flight=1)
    outcomes = opened.ask(texts(4))
    assert "not_attempted" in statuses(outcomes)
    assert 1 <= len(server.ledger.entries) <= 4
    assert opened.maybe_paid == len(server.ledger.entries)


def test_b09_a_statement_that_failed_to_gather_does_not_open_the_purse(
    server: FaultServer, room: OpenRoom
) -> None:
    """It never says that it has come to its end; the next model is counted all the same."""
    opened = room(max_requests=3)
    opened.run.begin_gather("broken")
    with pytest.raises(BudgetError, match="nothing of it was sent"):
        opened.ask(texts(40))
    assert len(server.ledger.entries) == 0


def test_b08_a_run_begins_with_all_its_slots_and_ends_what_was_in_flight(
    server: FaultServer, room: OpenRoom
) -> None:
    """A second run in the process buys nothing twice of what the first one still retried."""
    asked = texts(16)
    opened = room("s503,first=4", max_attempts=4)
    handle = opened.resolver.register(json.dumps(CLASSIFY))
    opened.resolver.gather(handle, asked)
    opened.run.begin_gather()
    opened.run.end_gather()
    while len(server.ledger.entries) < 4:
        time.sleep(0.01)
    opened.begin("the next run")
    assert values(opened.ask(asked)) == expected(asked)
    time.sleep(1)
    while opened.run.spend.in_flight:
        time.sleep(0.01)
    assert (paid_twice(server), opened.run.spend.in_flight) == (0, 0)
    assert len(server.ledger.entries) == 8


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_b10_rambling_is_cut_at_twice_of_what_is_expected(
    finish: str, server: FaultServer, room: OpenRoom
) -> None:
    """Each reply stays within the limit of its request, which grows with the pack.

    A record alone has four times its room, once.
    """
    room(f"ramble,finish={finish}").ask(texts(4))
    usual = {records: 2 * records * (10 + 5) + 64 for records in (4, 2, 1)}
    entries = server.ledger.entries
    over = [entry for entry in entries if entry.completion_tokens > usual[len(entry.texts)]]
    assert {len(entry.texts) for entry in over} <= {1}
    assert max((entry.completion_tokens for entry in over), default=0) <= 4 * usual[1]
    assert len(entries) == {"stop": 1, "length": 1 + 2 + 4 + 4}[finish]
    assert len(over) == {"stop": 0, "length": 4}[finish]


def test_b13_threads_and_models_share_one_limit(room: OpenRoom, figure: Figure) -> None:
    """Eight threads, each with a question of its own: never more in flight than configured."""
    with FaultServer(latency=Latency(0.01)) as shared:
        opened = room(url=shared.url(), max_in_flight=3, pack_records=1)
        kinds = [CLASSIFY | {"instructions": f"question {number}"} for number in range(8)]
        threads = [threading.Thread(target=opened.ask, args=(texts(10), kind)) for kind in kinds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        bill = shared.summary()
    figure(allowed=3, in_flight=bill["max_in_flight"])
    assert bill["max_in_flight"] <= 3
    assert bill["distinct_paid"] == 80
