"""Group B: rate limits, quota, outages, slowness."""

from __future__ import annotations

import email.utils
import time

import pytest

from assay.faultd import FaultServer, Latency

from .client import TEXTS, Ask, post, request_of


@pytest.mark.parametrize("said", ["1", "0.5", "0", "-3", "nan", "soon", "121"])
def test_retry_after_in_any_form(ask: Ask, said: str) -> None:
    """The header is what the parameter says, sense or nonsense."""
    heard = ask(f"s429ra,ra={said}")
    assert (heard.status, heard.headers["retry-after"]) == (429, said)


def test_retry_after_in_milliseconds_alone(ask: Ask) -> None:
    """An empty `ra` leaves out the header of the standard."""
    headers = ask("s429ra,ra=,ms=1500").headers
    assert (headers.get("retry-after"), headers["retry-after-ms"]) == (None, "1500")


@pytest.mark.parametrize(("scenario", "ahead"), [("radate,seconds=30", 30), ("s429ra,ra=date", 2)])
def test_retry_after_as_a_date(ask: Ask, scenario: str, ahead: int) -> None:
    """The date is never nearer than asked, and at most two seconds farther."""
    until = email.utils.parsedate_to_datetime(ask(scenario).headers["retry-after"])
    assert ahead - 0.5 <= until.timestamp() - time.time() <= ahead + 2


def test_quota_has_its_own_code(ask: Ask) -> None:
    """A 429 that no waiting will cure."""
    heard = ask("s429quota")
    assert (heard.status, heard.json["error"]["code"]) == (429, "insufficient_quota")


def test_rate_refuses_above_the_bucket(ask: Ask) -> None:
    """Two at once are served; the third is told how long to wait."""
    heard = [ask("rate,rate=2,burst=2,ra=yes") for _ in range(3)]
    assert [item.status for item in heard] == [200, 200, 429]
    assert 0 < float(heard[2].headers["retry-after"]) <= 0.5


def test_rate_fills_up_again(ask: Ask) -> None:
    """At 50 a second a place is free after 20 ms."""
    statuses = [ask("rate,rate=50,burst=1").status for _ in range(2)]
    time.sleep(0.03)
    assert [*statuses, ask("rate,rate=50,burst=1").status] == [200, 429, 200]


def test_ratetokens_counts_the_prompt(ask: Ask) -> None:
    """One pack of about 180 tokens fits into 200, two do not."""
    heard = [ask("ratetokens,rate=200").status for _ in range(2)]
    assert heard == [200, 429]


def test_an_outage_ends(ask: Ask) -> None:
    """503 for a while from the first request, then good."""
    first = ask("outage,d=0.1,ra=1")
    time.sleep(0.12)
    assert (first.status, first.headers["retry-after"]) == (503, "1")
    assert ask("outage,d=0.1,ra=1").status == 200


def test_an_outage_can_come_later(ask: Ask) -> None:
    """Good before `t`."""
    spec = "outage,t=0.05,status=529"
    first = ask(spec).status
    time.sleep(0.07)
    assert (first, ask(spec).status) == (200, 529)


def test_the_default_scenario_can_be_switched(server: FaultServer, ask: Ask) -> None:
    """An outage and its end, told from outside."""
    control = server.url().replace("/v1", "/_faultd/scenario")
    post(control, {"scenario": "s503"})
    down = ask().status
    post(control, b"good")
    assert (down, ask().status) == (503, 200)


def test_slow_multiplies_latency() -> None:
    """The same request takes `factor` times as long."""
    with FaultServer(latency=Latency(median=0.01)) as server:
        for scenario in ("good", "slow,factor=10"):
            post(f"{server.url(scenario)}/chat/completions", request_of(TEXTS))
        usual, late = (entry.ended - entry.started for entry in server.ledger.entries)
    assert 0.01 <= usual < 0.06
    assert 0.1 <= late < 0.3


def test_odd_rate_headers_come_in_turn(ask: Ask) -> None:
    """Each reply is good and carries another nonsense."""
    heard = [ask("ratehdr") for _ in range(3)]
    name = "x-ratelimit-remaining-requests"
    assert [item.headers[name] for item in heard] == ["-1", "0", "unlimited"]
    assert [len(item.answers) for item in heard] == [4, 4, 4]


def test_ramble_fills_the_token_limit(ask: Ask) -> None:
    """The answer stops exactly where the client said, and cannot be read."""
    heard = ask("ramble", max_completion_tokens=500)
    assert heard.json["usage"]["completion_tokens"] == 500
    assert heard.json["choices"][0]["finish_reason"] == "length"


def test_ramble_can_stop_by_itself(ask: Ask) -> None:
    """Whole JSON, padded to the limit: dear, and right."""
    heard = ask("ramble,finish=stop", max_completion_tokens=500)
    assert heard.json["usage"]["completion_tokens"] == 500
    assert len(heard.answers) == 4


def test_latency_is_lognormal_and_repeatable() -> None:
    """The median is the median, the seed fixes every draw, tokens add up."""
    latency = Latency(median=0.3, sigma=0.4, seconds_per_token=0.003, seed=7)
    drawn = sorted(latency.seconds(number, 0) for number in range(2001))
    assert abs(drawn[1000] - 0.3) < 0.03
    assert 0.3 * 1.35 < drawn[1682] < 0.3 * 1.65
    assert latency.seconds(5, 100) == pytest.approx(latency.seconds(5, 0) + 0.3)


def test_errors_take_no_thinking_time(server: FaultServer) -> None:
    """Only work that is billed takes the model's time."""
    with FaultServer(latency=Latency(median=5)) as slow:
        post(f"{slow.url('s429')}/chat/completions", request_of(TEXTS))
        assert slow.summary()["work_seconds"] < 1
