"""The bill: what was asked, paid, lost, left unread, and how much at once."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from assay.faultd import FaultServer, Latency

from .client import TEXTS, Ask, post, request_of

Hello = Callable[[str], socket.socket]
Until = Callable[[Callable[[], bool]], bool]


def test_a_request_is_on_record(ask: Ask, server: FaultServer) -> None:
    """Ids, hashes, properties, sizes, times; the key only as a hash."""
    ask()
    entry = server.ledger.entries[0]
    assert entry.records == ("k0f", "k1f", "k2f", "k3f")
    assert entry.text_hashes[0] == hashlib.sha256(TEXTS[0].encode()).hexdigest()[:16]
    assert (entry.properties, entry.status, entry.outcome) == (("a", "n", "s"), 200, "sent")
    assert entry.headers["authorization"].startswith("sha256:")
    assert entry.body_bytes == len(json.dumps(request_of(TEXTS)))
    assert 0 < entry.started <= entry.ended


def test_texts_are_kept_only_on_request(ask: Ask, server: FaultServer) -> None:
    """By default not a word of them stays."""
    ask()
    with FaultServer() as other:
        post(f"{other.url()}/chat/completions", request_of(TEXTS))
        assert other.ledger.entries[0].texts == ()
    assert server.ledger.entries[0].texts == tuple(TEXTS)


def test_paying_twice_is_seen(ask: Ask, server: FaultServer) -> None:
    """Three properties of one text, bought again: three questions more than once."""
    ask(texts=["one", "two"])
    ask(texts=["one"])
    totals = server.summary()
    assert (totals["paid_records"], totals["paid_answers"]) == (3, 9)
    assert (totals["distinct_paid"], totals["paid_more_than_once"]) == (6, 3)
    assert (server.ledger.paid_for("one"), server.ledger.paid_for("two")) == (2, 1)


def test_another_question_about_a_text_is_another_purchase(ask: Ask, server: FaultServer) -> None:
    """A new property, or another model, is not a double payment."""
    ask(texts=["one"], properties={"a": {"type": "boolean"}})
    ask(texts=["one"], properties={"b": {"type": "boolean"}})
    ask(texts=["one"], properties={"a": {"type": "boolean"}}, model="other")
    assert (server.summary()["distinct_paid"], server.summary()["paid_more_than_once"]) == (3, 0)


def rules(**meanings: str) -> list[dict[str, str]]:
    """Messages whose system message explains the short names of the properties."""
    body = request_of(["one"])
    lines = ["Answer about each record.", *(f"{name}: {said}" for name, said in meanings.items())]
    return [{"role": "system", "content": "\n".join(lines)}, body["messages"][1]]


YES_NO = {"type": "boolean"}


def test_a_question_is_known_again_under_another_name(ask: Ask, server: FaultServer) -> None:
    """Short names depend on the pack; the system message says what they stand for."""
    ask(messages=rules(a="is it late?\nbe strict"), properties={"a": YES_NO})
    both = rules(a="is it kind?", b="is it late?\nbe strict")
    ask(messages=both, properties={"a": YES_NO, "b": YES_NO})
    assert server.summary()["distinct_paid"] == 2
    assert server.summary()["paid_more_than_once"] == 1


def test_two_questions_under_one_name_are_two(ask: Ask, server: FaultServer) -> None:
    """The same name and schema, with another meaning."""
    ask(messages=rules(a="is it late?"), properties={"a": YES_NO})
    ask(messages=rules(a="is it kind?"), properties={"a": YES_NO})
    assert (server.summary()["distinct_paid"], server.summary()["paid_more_than_once"]) == (2, 0)


def test_the_good_properties_of_a_spoilt_record_are_paid(ask: Ask, server: FaultServer) -> None:
    """A wrong label spoils one of three answers of each record; the other two are bought."""
    ask("badlabel")
    totals = server.summary()
    assert (totals["paid_records"], totals["unsound_records"]) == (0, 4)
    assert (totals["paid_answers"], server.ledger.unsound.total()) == (8, 4)


def test_errors_cost_nothing(ask: Ask, server: FaultServer) -> None:
    """Tokens of refused requests are not on the bill."""
    ask("s503")
    totals = server.summary()
    assert (totals["input_tokens"], totals["output_tokens"]) == (0, 0)
    assert totals["by_status"] == {"503": 1}


def test_a_client_that_leaves_is_on_the_bill(hello: Hello, until: Until) -> None:
    """The model thinks, the client is gone: lost, not paid."""
    server = FaultServer(latency=Latency(median=1))
    with server:
        address = ("127.0.0.1", server.listener.port)
        body = json.dumps(request_of(TEXTS)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n"
        with socket.create_connection(address) as link:
            link.sendall(head.encode() + body)
            assert until(lambda: server.ledger.in_flight == 1)
        assert until(lambda: server.ledger.in_flight == 0)
    totals = server.summary()
    assert (totals["by_outcome"], totals["lost_records"]) == ({"gone": 1}, 4)
    assert (totals["paid_records"], totals["unanswered_records"]) == (0, 4)


def test_a_hang_is_unanswered_but_free(hello: Hello, server: FaultServer, until: Until) -> None:
    """No model worked, yet the client must count it as perhaps paid."""
    with hello("hang"):
        assert until(lambda: server.ledger.in_flight == 1)
    assert until(lambda: server.ledger.in_flight == 0)
    totals = server.summary()
    assert (totals["lost_records"], totals["unanswered_records"]) == (0, 4)


def test_a_reply_left_unread_is_seen(hello: Hello, server: FaultServer, until: Until) -> None:
    """A client that is killed before it reads: handed over, paid, and marked unread."""
    link = hello("good")
    assert until(lambda: server.ledger.paid.total() == 12)
    link.close()
    assert until(lambda: server.summary()["unread_records"] == 4)
    assert server.summary()["paid_records"] == 4


def test_a_reply_that_was_read_is_not_unread(ask: Ask, server: FaultServer) -> None:
    """A decent goodbye leaves no mark."""
    ask()
    assert server.summary()["unread_records"] == 0


def test_a_client_that_stops_reading_is_found_out(server: FaultServer, until: Until) -> None:
    """A big reply that stays in the server's buffer is not handed over."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", server.listener.port))
    body = json.dumps(request_of(TEXTS)).encode()
    path = "/s/big,size=20000000/v1/chat/completions"
    link.sendall(f"POST {path} HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    assert until(lambda: server.ledger.in_flight == 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()
    assert until(lambda: server.ledger.in_flight == 0)
    entry = server.ledger.entries[0]
    assert entry.outcome == "gone"
    assert 0 < entry.bytes_sent < 20_000_000


def test_in_flight_is_counted_exactly() -> None:
    """Sixteen at once, and never more than the client keeps open."""
    with FaultServer(latency=Latency(median=0.05)) as server:
        with ThreadPoolExecutor(16) as pool:
            url = f"{server.url()}/chat/completions"
            heard = list(pool.map(lambda _: post(url, request_of(TEXTS)).status, range(64)))
        totals = server.summary()
    assert heard == [200] * 64
    assert (totals["max_in_flight"], totals["in_flight"]) == (16, 0)
    assert totals["work_seconds"] >= 64 * 0.05


def test_256_connections_at_once() -> None:
    """All are in flight together, and each keeps its connection."""
    with FaultServer(latency=Latency(median=0.5)) as server:
        links = [http.client.HTTPConnection("127.0.0.1", server.listener.port) for _ in range(256)]
        body = json.dumps(request_of(TEXTS)).encode()
        for link in links:
            link.request("POST", "/v1/chat/completions", body)
        statuses = {link.getresponse().status for link in links}
        for link in links:
            link.close()
        totals = server.summary()
    assert statuses == {200}
    assert totals["max_in_flight"] == 256


def test_the_ledger_over_http(ask: Ask, server: FaultServer) -> None:
    """Summary and lines say the same as the objects in Python."""
    ask()
    ask("s500")
    control = server.url().replace("/v1", "/_faultd")
    totals = post(f"{control}/ledger", b"", "GET").json
    lines = post(f"{control}/requests", b"", "GET").body.decode().splitlines()
    assert totals == {"scenario": "good"} | json.loads(json.dumps(server.summary()))
    assert [json.loads(line)["status"] for line in lines] == [200, 500]


def test_reset_begins_anew(ask: Ask, server: FaultServer) -> None:
    """Ledger and scripts forget; requests under way end in the old ledger."""
    ask("s500,first=1")
    post(server.url().replace("/v1", "/_faultd/reset"), b"")
    assert server.summary()["requests"] == 0
    assert ask("s500,first=1").status == 500


def test_span_runs_from_first_request_to_last_reply(ask: Ask, server: FaultServer) -> None:
    """Times are monotonic and in order."""
    ask()
    ask()
    totals = server.summary()
    assert totals["first_request_at"] < totals["last_reply_at"]
    span = totals["last_reply_at"] - totals["first_request_at"]
    assert totals["span_seconds"] == span


def test_threads_may_read_while_others_ask(ask: Ask, server: FaultServer) -> None:
    """The summary can be read at any time."""
    asking = threading.Thread(target=lambda: [ask() for _ in range(50)])
    asking.start()
    counts = [server.summary()["requests"] for _ in range(20)]
    asking.join()
    assert counts == sorted(counts)
    assert server.summary()["requests"] == 50
