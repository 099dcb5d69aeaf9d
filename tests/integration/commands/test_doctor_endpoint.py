"""`assay doctor` and the endpoint: two tiny requests at most, through provider and ledger."""

from __future__ import annotations

import socket

import pytest

from assay.faultd import FaultServer

from ..dbt.project import KEY, asking
from .bench import Bench


def verdicts(bench: Bench, **env: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code and findings by subject, the last one of each."""
    done = bench("doctor", "--json", **env)
    return done.code, {one["subject"]: one for one in done.json["findings"]}


def test_a_good_endpoint_is_asked_twice_and_both_are_in_the_ledger(
    bench: Bench, server: FaultServer
) -> None:
    """What it enforces, that it says usage, and whose clock is right; no answer is stored."""
    before = len(bench("calls", "--json", "--limit", "999").json)
    code, found = verdicts(bench)
    assert code == 0, found
    assert len(server.ledger.entries) == 1  # the other one was turned down unread
    calls = bench("calls", "--json", "--limit", "999", "--run", "doctor-").json
    assert [one["outcome"] for one in calls] == ["ok", "too_big_or_bad"]
    assert len(bench("calls", "--json", "--limit", "999").json) == before + 2
    assert found["endpoint"]["verdict"] == "ok"
    assert "turned down (HTTP 400)" in found["enforces"]["text"]
    assert "tokens in" in found["usage"]["text"]
    assert "seconds from the endpoint's" in found["clock"]["text"]
    assert bench("spend", "--json").json["total"]["answers"] == 17
    assert found["answers"]["text"].startswith("16 answers;")
    assert KEY not in str(found)


def test_a_server_that_ignores_the_schema_is_a_warning(bench: Bench, server: FaultServer) -> None:
    """Nothing breaks: each answer is judged here."""
    code, found = verdicts(bench, ASSAY_BASE_URL=server.url("plain"))
    assert (code, found["enforces"]["verdict"]) == (0, "warning")
    assert "does not follow the schema" in found["enforces"]["text"]


@pytest.mark.parametrize("scenario", ["s401", "outage", "reset", "html200"])
def test_an_endpoint_that_does_not_serve_is_wrong_after_one_request(
    bench: Bench, server: FaultServer, scenario: str
) -> None:
    """With what to check; the attempt is in the ledger all the same."""
    code, found = verdicts(bench, ASSAY_BASE_URL=server.url(scenario))
    assert (code, found["endpoint"]["verdict"]) == (1, "wrong")
    assert "ASSAY_BASE_URL" in found["endpoint"]["remedy"]
    assert len(bench("calls", "--json", "--run", "doctor-").json) == 1


def test_nobody_at_the_address_is_wrong(bench: Bench) -> None:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    code, found = verdicts(bench, ASSAY_BASE_URL=url)
    assert (code, found["endpoint"]["verdict"]) == (1, "wrong")


def test_offline_and_the_local_provider_send_nothing(bench: Bench, server: FaultServer) -> None:
    """Neither does a set-up that is wrong."""
    assert bench("doctor", "--offline").code == 0
    assert bench("doctor", ASSAY_PROVIDER="local").code == 0
    assert bench("doctor", ASSAY_MODLE="x").code == 1
    assert len(server.ledger.entries) == 0


def test_without_a_store_nothing_is_sent_and_none_is_made(
    empty: Bench, server: FaultServer
) -> None:
    """Each request belongs in a ledger, and doctor makes none."""
    done = empty("doctor", **asking(server))
    assert (done.code, len(server.ledger.entries)) == (0, 0)
    assert "there is no store with a ledger yet" in done.out
    assert list(empty.folder.iterdir()) == []


def test_a_cap_of_one_request_is_kept(bench: Bench, server: FaultServer) -> None:
    """`ASSAY_MAX_REQUESTS=1`: the second request is left out."""
    _, found = verdicts(bench, ASSAY_MAX_REQUESTS="1")
    assert len(server.ledger.entries) == 1
    assert "no second request was allowed" in found["enforces"]["text"]
