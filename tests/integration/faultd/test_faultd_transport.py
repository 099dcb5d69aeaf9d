"""Group A: what each broken connection and body looks like on the wire."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import openai
import pytest

from assay.faultd import FaultServer, Sink, nobody

from .client import Ask, overhear, request_of

Listen = Callable[..., tuple[bytes, str]]


@pytest.mark.parametrize(
    ("scenario", "begins", "ended"),
    [
        ("reset", b"", "reset"),
        ("closeearly", b"", "closed"),
        ("badhead", b"\x16\x03 OK", "closed"),
        ("hang", b"", "silent"),
        ("hang,seconds=0.05", b"", "closed"),
        ("trickle,every=1", b"HTTP/1.1 200", "silent"),
        ("trunccl", b"HTTP/1.1 200", "closed"),
        ("chunkcut", b"HTTP/1.1 200", "closed"),
        ("bighead", b"HTTP/1.1 200", "closed"),
    ],
)
def test_how_a_connection_ends(listen: Listen, scenario: str, begins: bytes, ended: str) -> None:
    """What is heard first, and whether the end is a close, a reset or silence."""
    heard, end = listen(scenario, seconds=0.3)
    assert heard.startswith(begins)
    assert bool(heard) == bool(begins)
    assert end == ended


def test_bighead_sends_a_header_of_200_kb(listen: Listen) -> None:
    """The header alone is larger than any client should take."""
    head = listen("bighead")[0].partition(b"\r\n\r\n")[0]
    assert len(head) > 200_000


def test_trunccl_stops_before_the_promised_length(listen: Listen) -> None:
    """Half of what Content-Length says."""
    head, _, body = listen("trunccl")[0].partition(b"\r\n\r\n")
    promised = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert len(body) == promised // 2


def test_chunkcut_never_ends_its_chunk(listen: Listen) -> None:
    """A chunk size is announced, fewer bytes come, and no last chunk."""
    head, _, body = listen("chunkcut")[0].partition(b"\r\n\r\n")
    size, _, data = body.partition(b"\r\n")
    assert b"transfer-encoding: chunked" in head
    assert int(size, 16) > len(data) > 0


def test_trickle_ends_well_for_the_patient(listen: Listen, server: FaultServer) -> None:
    """A client without a wall clock gets a whole reply in the end."""
    heard, _ = listen("trickle,every=0.02,pieces=10", seconds=0.5)
    assert len(json.loads(heard.partition(b"\r\n\r\n")[2])["choices"]) == 1
    assert server.summary()["paid_records"] == 4


def test_closeafter_is_lost_and_resets(listen: Listen, server: FaultServer) -> None:
    """All but one byte is there, the connection is reset, the work is on the bill."""
    _, ended = listen("closeafter")
    entry = server.ledger.entries[0]
    assert (ended, entry.outcome, entry.billed) == ("reset", "cut", True)
    assert server.summary()["lost_records"] == 4


@pytest.mark.parametrize(
    ("scenario", "body"),
    [
        ("null200", b"null"),
        ("list200", b"[]"),
        ("empty200", b""),
        ("ws200", b" \r\n\t  \n"),
    ],
)
def test_odd_bodies_under_200(ask: Ask, scenario: str, body: bytes) -> None:
    """The body is what the name says."""
    heard = ask(scenario)
    assert (heard.status, heard.body) == (200, body)


@pytest.mark.parametrize(("scenario", "kind"), [("html200", "text/html"), ("htmljson200", "json")])
def test_html_pages_under_200(ask: Ask, scenario: str, kind: str) -> None:
    """An error page of a proxy, labelled truly or not."""
    heard = ask(scenario)
    assert heard.body.startswith(b"<!DOCTYPE html>")
    assert kind in heard.headers["content-type"]


@pytest.mark.parametrize(
    ("scenario", "wrong"),
    [
        ("truncjson", json.JSONDecodeError),
        ("badutf8", UnicodeDecodeError),
        ("deep", RecursionError),
        ("gzipgarbage", zlib.error),
        ("gziptrunc", EOFError),
    ],
)
def test_bodies_that_cannot_be_read(ask: Ask, scenario: str, wrong: type[Exception]) -> None:
    """Well framed, status 200, and each breaks a reader in its own way."""
    heard = ask(scenario)
    assert heard.status == 200
    with pytest.raises(wrong):
        _ = heard.json


def test_gzipbomb_grows_a_thousandfold(ask: Ask) -> None:
    """Few bytes on the wire, many in memory."""
    heard = ask("gzipbomb,size=20000000")
    assert len(gzip.decompress(heard.body)) > 20_000_000 > 500 * len(heard.body)


@pytest.mark.parametrize("scenario", ["surrogate", "surrogate,at=content"])
def test_surrogate_ends_free_texts(ask: Ask, scenario: str) -> None:
    """The lone surrogate survives both layers of JSON; labels stay as they are."""
    answers = ask(scenario).answers
    assert all(item["s"].endswith("\ud83d") for item in answers)
    assert not any(item["a"].endswith("\ud83d") for item in answers)


def test_deep_can_sit_in_the_answer(ask: Ask) -> None:
    """The body is fine then, its content is not."""
    assert ask("deep,at=content").content.count("[") == 100_000


def test_an_error_can_hide_in_a_200(ask: Ask) -> None:
    """The embedded code is the parameter."""
    heard = ask("errorin200,code=503")
    assert (heard.status, heard.json["error"]["code"]) == (200, 503)


def test_a_redirect_leads_the_sdk_to_the_sink(server: FaultServer) -> None:
    """The SDK posts the rows again to the other host; the sink counts them."""
    with openai.OpenAI(base_url=server.url("redir307x"), api_key="k", max_retries=0) as client:
        client.chat.completions.create(**request_of(["row text"]))
    assert server.sink["sink_connections"] == 1
    assert server.sink["sink_bytes"] > 500


@pytest.mark.parametrize(("name", "status"), [("redir307x", 307), ("redir302", 302)])
def test_a_redirect_can_lead_to_a_sink_of_the_test(ask: Ask, name: str, status: int) -> None:
    """The parameter `to` is the location; a client that does not follow sends nothing."""
    with Sink() as sink:
        heard = ask(f"{name},to={sink.url}/elsewhere")
        assert (heard.status, heard.headers["location"]) == (status, f"{sink.url}/elsewhere")
        assert (sink.bytes, sink.connections) == (0, 0)


CODES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529, 418)


@pytest.mark.parametrize("status", CODES)
def test_any_status(ask: Ask, status: int) -> None:
    """s<status> is that status with an error object, and is not billed."""
    heard = ask(f"s{status}")
    assert heard.status == status
    assert "message" in heard.json["error"]


@pytest.mark.parametrize(
    ("scenario", "said"),
    [("s500xsF", "false"), ("s400xsT", "true"), ("s503,xs=false", "false"), ("s500", None)],
)
def test_should_retry_header(ask: Ask, scenario: str, said: str | None) -> None:
    """The header of OpenAI's own servers, in both forms."""
    assert ask(scenario).headers.get("x-should-retry") == said


@pytest.mark.parametrize(("texts", "status"), [(["x" * 90], 200), (["x" * 60] * 2, 413)])
def test_context_refuses_long_packs(ask: Ask, texts: list[str], status: int) -> None:
    """The limit is on the text of a whole pack."""
    heard = ask("context,chars=100,status=413", texts)
    assert heard.status == status
    assert ("error" in heard.json) == (status == 413)


def test_echo_repeats_prompt_and_key(ask: Ask) -> None:
    """What a careless provider puts into its message."""
    message = ask("echo", ["row text 17"]).json["error"]["message"]
    assert "row text 17" in message
    assert "Bearer secret" in message


def test_nobody_refuses_connections() -> None:
    """A base URL without a listener."""
    with pytest.raises(ConnectionRefusedError):
        overhear(nobody())
