"""Group A of the fault matrix: connections that break and bodies that cannot be read."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assay.core.errors import ConfigError, RunError
from assay.faultd import FaultServer, Latency, nobody
from assay.faultd.chats import digest

from ..figures import Figure
from .conftest import OpenRoom
from .engine_room import (
    KEY,
    SUMMARY,
    all_but,
    expected,
    gaps,
    paid_twice,
    sent_with,
    statuses,
    texts,
    values,
)
from .peaks import peak_growth_bytes
from .tls import TlsServer

CUT_SHORT = ("trunccl", "chunkcut")
BAD_BODIES = (
    "truncjson",
    "html200",
    "htmljson200",
    "empty200",
    "ws200",
    "gzipgarbage",
    "gziptrunc",
    "badutf8",
    "deep",
)
MEGABYTE = 1024 * 1024
SENT_HEADERS = {
    "accept",
    "accept-encoding",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "user-agent",
    "x-stainless-read-timeout",
    "x-stainless-retry-count",
}


# --- connections --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset", "closeearly", "badhead", "bighead"])
def test_a01_a_broken_connection_costs_only_its_row(
    kind: str, server: FaultServer, room: OpenRoom
) -> None:
    """The pack is sent as often as configured, then halved down to the one row that breaks it."""
    asked = texts(8, poisoned=5)
    outcomes = room(f"poison,kind={kind}").ask(asked)
    assert statuses(outcomes) == all_but(5, 8, "transport")
    assert [len(entry.texts) for entry in sent_with(server, asked[5])] == [4, 4, 2, 1]


def test_a01_other_packs_are_not_affected(server: FaultServer, room: OpenRoom) -> None:
    """Rows of other packs are asked once; the failed row is a dead letter, to be tried again."""
    asked = texts(8, poisoned=5)
    opened = room("poison,kind=reset")
    opened.ask(asked)
    assert [len(sent_with(server, text)) for text in asked[:4]] == [1, 1, 1, 1]
    assert opened.dead == ["transport"]


def test_a01_nobody_listens(room: OpenRoom) -> None:
    """An endpoint that never answered stops the run and names the setting; nothing was paid."""
    opened = room(url=nobody())
    with pytest.raises(RunError, match="ASSAY_BASE_URL"):
        opened.ask(texts(2))
    assert [row["outcome"] for row in opened.calls] == ["transport", "transport"]
    assert opened.maybe_paid == 0


@pytest.mark.parametrize("typo", ["port", "scheme"])
def test_a01_a_typo_in_the_url_is_told_after_seconds(
    typo: str, server: FaultServer, room: OpenRoom
) -> None:
    """However many rows wait, and whatever the patience with an outage; nothing was billed."""
    url = nobody() if typo == "port" else server.url().replace("http:", "https:")
    opened = room(url=url, max_in_flight=32, deadline_seconds=2)
    began = time.monotonic()
    with pytest.raises(ConfigError, match="ASSAY_BASE_URL"):
        opened.ask(texts(400))
    assert time.monotonic() - began < 10
    assert (opened.maybe_paid, opened.dead) == (0, [])


def test_a15_what_was_in_flight_under_a_wrong_key_was_not_billed(room: OpenRoom) -> None:
    """Nothing was served, and the first reply says why: the others are not `maybe_paid`."""
    with FaultServer("s401", latency=Latency(0.2)) as closed:
        opened = room(url=closed.url(), max_in_flight=32, model="gpt-4.1-nano")
        with pytest.raises(ConfigError):
            opened.ask(texts(400))
    assert "stopped" in {row["outcome"] for row in opened.calls}
    assert opened.maybe_paid == 0
    assert {row["cost_usd"] for row in opened.calls} <= {0.0, None}


def test_a02_no_attempt_outlives_its_deadline(server: FaultServer, room: OpenRoom) -> None:
    """A server that says nothing is left at the deadline, each time; other rows are answered."""
    asked = texts(8, poisoned=5)
    began = time.monotonic()
    outcomes = room("poison,kind=hang", deadline_seconds=0.4).ask(asked)
    took = time.monotonic() - began
    lasted = [entry.ended - entry.started for entry in sent_with(server, asked[5])]
    assert statuses(outcomes) == all_but(5, 8, "transport")
    assert max(lasted) <= 0.4 + 1
    assert took <= 4 * (0.4 + 1) + 1


def test_a03_a_trickle_is_cut_by_the_wall_clock(server: FaultServer, room: OpenRoom) -> None:
    """Bytes that keep coming do not prolong an attempt; what it may have cost is on record."""
    opened = room("poison,kind=trickle,every=0.2,pieces=30", deadline_seconds=0.5)
    outcomes = opened.ask(texts(1, poisoned=0))
    lasted = [entry.ended - entry.started for entry in server.ledger.entries]
    assert statuses(outcomes) == ["transport"]
    assert max(lasted) <= 0.5 + 1
    assert opened.maybe_paid == server.summary()["by_outcome"]["gone"] == 2


@pytest.mark.parametrize("scenario", CUT_SHORT)
def test_a04_a_body_that_is_cut_is_asked_again(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """The second reply answers all rows; the first, which was billed, counts as `maybe_paid`."""
    asked = texts(4)
    opened = room(f"{scenario},first=1")
    outcomes = opened.ask(asked)
    assert values(outcomes) == expected(asked)
    assert server.summary()["lost_records"] == 4
    assert (opened.maybe_paid, paid_twice(server)) == (1, 0)


# --- bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", BAD_BODIES)
def test_a05_a06_a07_a09_a11_a12_an_unreadable_body_is_asked_for_once_more(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """One retry, then the row is given up as `transport`; the ledger says `bad_body` twice."""
    opened = room(scenario, max_attempts=4)
    outcomes = opened.ask(["one text"])
    assert statuses(outcomes) == ["transport"]
    assert [row["outcome"] for row in opened.calls] == ["bad_body", "bad_body"]
    assert len(server.ledger.entries) == 2


@pytest.mark.parametrize("scenario", ["truncjson", "html200", "gziptrunc", "deep"])
def test_a05_a06_a09_a12_one_unreadable_body_costs_no_row(scenario: str, room: OpenRoom) -> None:
    """The retry answers all rows."""
    asked = texts(4)
    assert values(room(f"{scenario},first=1").ask(asked)) == expected(asked)


def test_a05_a_cut_json_prints_nothing(room: OpenRoom, capfd: pytest.CaptureFixture[str]) -> None:
    """No traceback, no warning: the outcome says it."""
    room("truncjson").ask(["one text"])
    assert capfd.readouterr() == ("", "")


def test_a06_a_body_is_told_by_its_length_only(room: OpenRoom) -> None:
    """What a server sends may echo texts: neither outcome nor ledger quotes it."""
    opened = room("html200")
    told = [str(one.error) for one in opened.ask(["one text"])]
    told += [str(row["error"]) for row in opened.calls]
    assert all("bytes" in said and "nginx" not in said for said in told)


@pytest.mark.parametrize("scenario", ["null200", "list200"])
def test_a08_a_200_without_an_object_is_asked_for_once_more(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """It counts as the provider's error."""
    opened = room(scenario, max_attempts=4)
    assert statuses(opened.ask(["one text"])) == ["transport"]
    assert [row["outcome"] for row in opened.calls] == ["provider_error"] * 2
    assert len(server.ledger.entries) == 2


@pytest.mark.parametrize("code", [429, 503])
def test_a08_an_error_inside_a_200_counts_as_the_status_that_it_names(
    code: int, room: OpenRoom
) -> None:
    """A refusal for now is waited out, whatever the status line says."""
    asked = texts(4)
    opened = room(f"errorin200,code={code},first=1")
    assert values(opened.ask(asked)) == expected(asked)
    assert [row["outcome"] for row in opened.calls] == ["retryable", "ok"]


@pytest.mark.parametrize("error", ["{}", '""', "false", "0", "null"])
def test_a08_an_error_that_says_nothing_is_none(
    error: str, server: FaultServer, room: OpenRoom
) -> None:
    """The answers beside it are taken, and not bought again."""
    asked = texts(4)
    assert values(room(f"noerror200,error={error}").ask(asked)) == expected(asked)
    assert len(server.ledger.entries) == 1


def test_a08_a_wrong_key_inside_a_200_stops_the_run(server: FaultServer, room: OpenRoom) -> None:
    """401 is 401, also under status 200."""
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        room("errorin200,code=401").ask(texts(4))
    assert len(server.ledger.entries) == 1


def test_a10_a_gzip_bomb_is_not_inflated(room: OpenRoom, figure: Figure) -> None:
    """200 MB that travel as 200 kB are read up to the cap of 8 MiB."""
    opened = room("poison,kind=gzipbomb", max_attempts=1)
    opened.ask(texts(4, poisoned=0))  # makes the bomb, and warms everything else up
    growth = peak_growth_bytes(lambda: opened.ask(["another POISON"]))
    figure(mebibytes=round(growth / MEGABYTE, 1))
    assert {row["outcome"] for row in opened.calls} == {"bad_body", "ok"}
    assert growth < 64 * MEGABYTE


@pytest.mark.parametrize("at", ["body", "content"])
def test_a12_deep_nesting_is_refused_before_it_is_parsed(at: str, room: OpenRoom) -> None:
    """100,000 lists in each other cost one row's answer and no stack."""
    outcomes = room(f"poison,kind=deep,at={at}").ask(texts(4, poisoned=2))
    assert [one.status for place, one in enumerate(outcomes) if place != 2] == ["ok"] * 3
    assert outcomes[2].status in ("transport", "invalid", "too_long")


@pytest.mark.parametrize("at", ["body", "content"])
def test_a13_a_lone_surrogate_is_replaced_before_it_is_stored(at: str, room: OpenRoom) -> None:
    """The row is answered, with U+FFFD in its place, and the ledger counts it."""
    opened = room(f"surrogate,at={at}")
    outcomes = opened.ask(texts(4), SUMMARY)
    assert statuses(outcomes) == ["ok"] * 4
    assert all(value.endswith("\ufffd") for value in values(outcomes))
    assert [row["error"] for row in opened.calls] == ["4 answers cleaned of invisible characters"]


# --- the endpoint -------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["redir307x", "redir308x", "redir302"])
def test_a14_a_redirect_is_not_followed(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Not one byte reaches the other host; the run stops."""
    with pytest.raises(ConfigError, match="ASSAY_BASE_URL"):
        room(scenario).ask(texts(40))
    assert server.sink == {"sink_bytes": 0, "sink_connections": 0}
    assert len(server.ledger.entries) <= 4


@pytest.mark.parametrize("status", [401, 403, 404, 501])
def test_a15_a_wrong_setup_stops_the_run(status: int, server: FaultServer, room: OpenRoom) -> None:
    """After at most what was in flight, with a message that says what to check."""
    with pytest.raises(ConfigError) as stopped:
        room(f"s{status}").ask(texts(40))
    named = ("127.0.0.1", "'stub'", "OPENAI_API_KEY", "ASSAY_BASE_URL", "ASSAY_MODEL")
    assert [name for name in named if name not in str(stopped.value)] == []
    assert KEY not in str(stopped.value)
    assert len(server.ledger.entries) <= 4


def test_a15_a_guard_that_takes_offence_at_one_text_costs_that_text(
    server: FaultServer, room: OpenRoom
) -> None:
    """A 403 among served requests is about the text, and stops nobody."""
    asked = texts(16, poisoned=6)
    outcomes = room("poison,kind=s403,skip=1", max_in_flight=1).ask(asked)
    assert statuses(outcomes) == all_but(6, 16, "refused")
    assert len(server.ledger.entries) - 4 <= 2 * 2 + 3


def test_a15_access_that_is_taken_away_stops_the_run_and_costs_no_row(
    server: FaultServer, room: OpenRoom
) -> None:
    """What is answered stays; no row is given up for it, and few more requests are sent."""
    opened = room("s403,skip=10")
    with pytest.raises(ConfigError, match="out of reach"):
        opened.ask(texts(400))
    assert opened.dead == []
    assert len(server.ledger.entries) <= 10 + 10 + 4


@pytest.mark.parametrize("status", [400, 413])
def test_a16_only_the_text_that_is_too_long_is_given_up(
    status: int, server: FaultServer, room: OpenRoom
) -> None:
    """It is found by halving: at most 2·log2(n) + 1 further requests."""
    asked = texts(8)
    asked[3] = "long " * 100
    outcomes = room(f"context,chars=400,status={status}", pack_records=8).ask(asked)
    assert statuses(outcomes) == all_but(3, 8, "too_long")
    assert len(server.ledger.entries) - 1 <= 2 * 3 + 1


def test_a16_a_pack_that_is_too_long_as_a_whole_loses_nothing(
    server: FaultServer, room: OpenRoom
) -> None:
    """Its halves fit; that the endpoint serves at all, the smallest request of all has shown."""
    asked = [f"{'long ' * 20}{place}" for place in range(8)]
    outcomes = room("context,chars=450", pack_records=8).ask(asked)
    assert values(outcomes) == expected(asked)
    assert len(server.ledger.entries) == 1 + 1 + 2


@pytest.mark.parametrize(
    ("scenario", "requests", "status"),
    [
        ("s408", 2, "ok"),
        ("s409", 2, "ok"),
        ("s429", 2, "ok"),
        ("s500", 2, "ok"),
        ("s502", 2, "ok"),
        ("s503", 2, "ok"),
        ("s504", 2, "ok"),
        ("s529", 2, "ok"),
        ("s425", 2, "ok"),
        ("s499", 2, "ok"),
        ("s507", 2, "ok"),
        ("s520", 2, "ok"),
        ("s524", 2, "ok"),
        ("oddcharset", 2, "ok"),
        ("oddcharset,charset=hex", 2, "ok"),
        ("oddcharset,charset=undefined,status=500", 2, "ok"),
        ("s400xsT", 2, "ok"),
        ("s429xsF", 2, "ok"),
        ("s500xsF", 2, "invalid"),
        ("s400", 3, "ok"),
        ("s413", 3, "ok"),
        ("s422", 3, "ok"),
        ("s401", 1, "stopped"),
        ("s402", 1, "stopped"),
        ("s403", 1, "stopped"),
        ("s404", 1, "stopped"),
        ("s501", 1, "stopped"),
    ],
)
def test_a17_each_status_has_its_verdict(
    scenario: str, requests: int, status: str, server: FaultServer, room: OpenRoom
) -> None:
    """The table of the error policy, over the wire: one text, refused once."""
    opened = room(f"{scenario},first=1")
    try:
        (outcome,) = opened.ask(["one text"])
    except RunError:
        assert status == "stopped"
        (call,) = opened.calls
        assert (call["http_status"], call["cost_usd"]) == (int(scenario[1:]), 0)
    else:
        assert outcome.status == status
    assert len(server.ledger.entries) == requests


def test_a18_there_is_one_retry_layer(server: FaultServer, room: OpenRoom) -> None:
    """The SDK never repeats a request, and a row that fails is sent as often as configured."""
    room("poison,kind=s503", max_attempts=3).ask(texts(4, poisoned=0)[:1] + ["fine"] * 3)
    poisoned = sent_with(server, "text 0 POISON")
    counts = {entry.headers["x-stainless-retry-count"] for entry in server.ledger.entries}
    assert counts == {"0"}
    assert [len(entry.texts) for entry in poisoned] == [2, 2, 2, 1]


def test_a19_a_lost_reply_is_counted_and_told_apart(server: FaultServer, room: OpenRoom) -> None:
    """Billed and lost: `maybe_paid` on record, and the second sending is recognisable as one."""
    asked = texts(4)
    opened = room("closeafter,first=1")
    assert values(opened.ask(asked)) == expected(asked)
    first, second = server.ledger.entries
    assert (opened.maybe_paid, server.summary()["lost_records"]) == (1, 4)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.records == second.records


def test_a19_different_requests_have_different_idempotency_keys(
    server: FaultServer, room: OpenRoom
) -> None:
    """Also for the same texts, where the reply to the first sending did arrive."""
    room("badlabel,first=1").ask(texts(8))
    keys = [entry.headers["idempotency-key"] for entry in server.ledger.entries]
    assert len(keys) == len(set(keys)) == 3


def test_a20_a_thousand_chunks_share_one_loop_and_its_connections(
    server: FaultServer, room: OpenRoom
) -> None:
    """Eight threads with 125 chunks each: no error, and no more connections than the limit."""
    opened = room(max_in_flight=8)
    errors: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for chunk in range(125):
                opened.ask([f"thread {thread} chunk {chunk}"])
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must tell
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert server.summary()["distinct_paid_texts"] == 1000
    assert len(server.listener.peers) <= 8


# --- trust and destination ----------------------------------------------------------------------


def test_a21_an_untrusted_certificate_stops_the_run(tmp_path: Path, room: OpenRoom) -> None:
    """With one line that names what to set; nothing was sent."""
    with TlsServer(tmp_path) as host:
        opened = room(url=host.url)
        with pytest.raises(ConfigError, match="SSL_CERT_FILE") as stopped:
            opened.ask(texts(2))
    assert "\n" not in str(stopped.value)
    assert (host.requests, opened.maybe_paid) == (0, 0)


def test_a21_a_ca_of_ones_own_is_trusted_once_it_is_named(
    tmp_path: Path, room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` does what the message promises."""
    with TlsServer(tmp_path) as host:
        monkeypatch.setenv("SSL_CERT_FILE", str(host.certificate))
        with pytest.raises(RunError):  # it answers 404, which is an answer
            room(url=host.url).ask(texts(2))
    assert host.requests >= 1


def test_a21_an_empty_certificate_file_is_named(
    tmp_path: Path, room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is sent."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(empty))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        room(url="https://127.0.0.1:9/v1").ask(texts(2))


def test_a22_nothing_of_the_environment_of_the_sdk_is_sent(
    server: FaultServer, room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another key nor an organisation: the headers are these, and no others."""
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer OTHER\nX-Also: OTHER")
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "OTHER")
    assert statuses(room().ask(texts(4))) == ["ok"] * 4
    (entry,) = server.ledger.entries
    assert entry.headers["authorization"] == f"sha256:{digest(f'Bearer {KEY}')}"
    assert "OTHER" not in str(entry.headers)
    assert entry.headers["user-agent"].startswith("assay/")
    assert entry.headers.keys() == SENT_HEADERS


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"])
def test_a22_g12_the_environment_does_not_change_the_destination(
    name: str, server: FaultServer, room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts go to the host that is named to Assay and nowhere else."""
    monkeypatch.setenv(name, server.listener.sink.url)
    assert statuses(room().ask(texts(4))) == ["ok"] * 4
    assert server.sink["sink_connections"] == 0


def test_a17_a_retry_waits_before_it_is_sent(server: FaultServer, room: OpenRoom) -> None:
    """Half a second at least, without a word from the server."""
    room("s503,first=1").ask(["one text"])
    assert gaps(server.ledger.entries)[0] >= 0.5
