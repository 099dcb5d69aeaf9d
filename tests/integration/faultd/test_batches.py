"""Files and batches as faultd plays them: their states, whose they are, and what is billed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from assay.faultd import DIALECTS, FaultServer, UnknownScenarioError

from .client import request_of

PATH = "/v1/chat/completions"
OURS, THEIRS = "Bearer ours", "Bearer theirs"


class Desk:
    """What a client can do with files and batches; each call returns status and JSON."""

    def __init__(self, server: FaultServer, scenario: str | None = None) -> None:
        self.url = urlsplit(server.url(scenario))

    def call(self, work: str, body: Any = None, key: str = OURS, **headers: str) -> Any:
        """Status, and the body as JSON; the bytes of a file as they are."""
        method, path = work.split(" ")
        link = http.client.HTTPConnection(str(self.url.hostname), self.url.port or 0, timeout=60)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        with closing(link):
            link.request(method, self.url.path + path, data, {"Authorization": key, **headers})
            reply = link.getresponse()
            said = reply.read()
        return reply.status, said if path.endswith("/content") else json.loads(said)

    def upload(self, data: bytes, key: str = OURS) -> str:
        """The id of a file with this content."""
        form = (
            b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            b'--b\r\ncontent-disposition: form-data; name="file"; filename="x.jsonl"\r\n'
            b"content-type: application/jsonl\r\n\r\n" + data + b"\r\n--b--\r\n"
        )
        said = {"content-type": "multipart/form-data; boundary=b"}
        status, found = self.call("POST /files", form, key, **said)
        assert status == 200
        return str(found["id"])

    def create(self, *texts: str, key: str = OURS, **more: Any) -> dict[str, Any]:
        """A batch with a request for each text."""
        file = self.upload(b"".join(map(line, texts)), key)
        wanted = {"input_file_id": file, "endpoint": PATH, "completion_window": "24h"}
        found: dict[str, Any] = self.call("POST /batches", wanted | more, key)[1]
        return found

    def look(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch as it is by now."""
        found: dict[str, Any] = self.call(f"GET /batches/{batch['id']}")[1]
        return found

    def rows(self, batch: dict[str, Any], kind: str = "output") -> list[Any]:
        """The lines of a file that came back; what is no JSON as text."""
        file = self.look(batch)[f"{kind}_file_id"]
        if file is None:
            return []
        return [_json(text) for text in self.call(f"GET /files/{file}/content")[1].splitlines()]

    def names(self, batch: dict[str, Any], kind: str = "output") -> list[str]:
        """The custom ids in a file that came back."""
        return [row["custom_id"] for row in self.rows(batch, kind)]


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def line(text: str, **more: Any) -> bytes:
    """A line of a batch that asks about one text, and is called as it."""
    asked = {"custom_id": text, "method": "POST", "url": PATH, "body": request_of([text])} | more
    return json.dumps(asked).encode() + b"\n"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server whose batches are done at once."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def desk(server: FaultServer) -> Desk:
    """Its desk."""
    return Desk(server)


TEXTS = ("a", "b", "c", "d")


def test_a_batch_is_answered_as_the_wire_is(server: FaultServer, desk: Desk) -> None:
    """Created, completed, read, and billed once, at the price of a batch."""
    batch = desk.create(*TEXTS, metadata={"assay": "mark"})
    assert (batch["status"], desk.look(batch)["status"]) == ("validating", "completed")
    assert desk.names(batch) == list(TEXTS)
    assert desk.rows(batch)[0]["response"]["body"]["choices"][0]["finish_reason"] == "stop"
    totals = server.summary()
    assert (totals["paid_records"], totals["batch_requests"], totals["max_in_flight"]) == (4, 4, 0)
    assert totals["batch_input_tokens"] == totals["input_tokens"] > 0
    assert server.ledger.paid_for("a") == 1


def test_it_takes_its_hours(server: FaultServer, desk: Desk) -> None:
    """Half of them, half of its requests; nothing is billed before the end."""
    server.switch_batches("hours=2")
    batch = desk.create(*TEXTS)
    server.pass_time(hours=1)
    found = desk.look(batch)
    assert (found["status"], found["request_counts"]["completed"]) == ("in_progress", 2)
    assert (found["output_file_id"], server.summary()["requests"]) == (None, 0)
    server.pass_time(hours=1)
    assert desk.look(batch)["status"] == "completed"


def test_an_expired_batch_has_what_it_did(server: FaultServer, desk: Desk) -> None:
    """The rest is in the error file, and was not billed."""
    server.switch_batches("hours=48")
    batch = desk.create(*TEXTS)
    server.pass_time(hours=24)
    assert desk.look(batch)["status"] == "expired"
    assert (desk.names(batch), desk.names(batch, "error")) == (["a", "b"], ["c", "d"])
    assert desk.rows(batch, "error")[0]["error"]["code"] == "batch_expired"
    assert server.summary()["paid_records"] == 2


def test_a_cancelled_batch_has_what_it_did(server: FaultServer, desk: Desk) -> None:
    """It is cancelling, then cancelled; one that has ended cannot be."""
    server.switch_batches("hours=2")
    batch = desk.create(*TEXTS)
    server.pass_time(hours=1)
    assert desk.call(f"POST /batches/{batch['id']}/cancel")[1]["status"] == "cancelling"
    assert desk.look(batch)["status"] == "cancelled"
    assert (desk.names(batch), desk.names(batch, "error")) == (["a", "b"], ["c", "d"])
    assert desk.call(f"POST /batches/{batch['id']}/cancel")[0] == 409


def test_where_all_fail_there_is_no_output_file(server: FaultServer) -> None:
    """Completed, all the same."""
    desk = Desk(server, "s400")
    found = desk.look(batch := desk.create(*TEXTS))
    assert (found["status"], found["output_file_id"]) == ("completed", None)
    assert found["request_counts"] == {"total": 4, "completed": 0, "failed": 4}
    assert {row["response"]["status_code"] for row in desk.rows(batch, "error")} == {400}


def test_an_error_in_a_200_is_in_the_output_file(server: FaultServer) -> None:
    """As a vendor does when the account has run dry."""
    desk = Desk(server, "s429quota,status=200")
    (row,) = desk.rows(desk.create("a"))
    assert row["response"]["status_code"] == 200
    assert row["response"]["body"]["error"]["code"] == "insufficient_quota"


def test_lines_are_mishandled_as_told(server: FaultServer, desk: Desk) -> None:
    """One is missing, one doubled, one foreign, one torn, in another order; paid is what came."""
    server.switch_batches("missing=1,doubled=1,foreign=1,shuffled,torn")
    *rows, torn = desk.rows(desk.create(*TEXTS))
    assert isinstance(torn, bytes)
    assert len(rows) == 4
    assert {row["custom_id"] for row in rows} <= {"b", "c", "d", "foreign-0"}
    totals = server.summary()
    assert totals["distinct_paid_texts"] + totals["lost_records"] == 4
    assert (totals["lost_records"] >= 1, totals["paid_more_than_once"]) == (True, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"{\n", "invalid_json_line"),
        (line("a") + line("a"), "duplicate_custom_id"),
        (line("a", url="/v1/responses"), "mismatched_endpoint"),
        (line("a") + line("b", body={"model": "other"}), "mismatched_model"),
    ],
)
def test_a_file_that_is_none_fails_validation(desk: Desk, data: bytes, code: str) -> None:
    """The batch is made, and then fails."""
    wanted = {"endpoint": PATH, "completion_window": "24h"}
    status, batch = desk.call("POST /batches", wanted | {"input_file_id": desk.upload(data)})
    found = desk.look(batch)
    assert (status, found["status"], found["output_file_id"]) == (200, "failed", None)
    assert found["errors"]["data"][0]["code"] == code


def test_only_so_many_tokens_may_wait(server: FaultServer, desk: Desk) -> None:
    """The second of two batches that are open at once is too much."""
    most = len(json.dumps(request_of(["a"]))) // 4 + 1
    server.switch_batches(f"hours=1,queued={most}")
    first, second = desk.create("a"), desk.create("b")
    assert desk.look(first)["status"] == "in_progress"
    assert desk.look(second)["errors"]["data"][0]["code"] == "token_limit_exceeded"


def test_what_is_not_of_this_key_is_not_there(server: FaultServer, desk: Desk) -> None:
    """Neither a batch, nor a file, nor a line in a list."""
    batch = desk.create("a", key=THEIRS)
    for path in ("GET /batches/{id}", "POST /batches/{id}/cancel", "GET /files/{input_file_id}"):
        assert desk.call(path.format_map(batch))[0] == 404
    assert desk.call("GET /batches")[1]["data"] == []


def test_lists_come_in_pages(desk: Desk) -> None:
    """The newest first, and behind `after`."""
    ids = [desk.create("a")["id"] for _ in range(3)]
    first = desk.call("GET /batches?limit=2")[1]
    assert ([row["id"] for row in first["data"]], first["has_more"]) == ([ids[2], ids[1]], True)
    second = desk.call(f"GET /batches?limit=2&after={first['last_id']}")[1]
    assert ([row["id"] for row in second["data"]], second["has_more"]) == ([ids[0]], False)


def test_files_go_when_deleted_and_after_thirty_days(server: FaultServer, desk: Desk) -> None:
    """A batch is known longer than its files."""
    kept, dropped = desk.upload(b"x"), desk.upload(b"y")
    assert desk.call(f"DELETE /files/{dropped}")[1]["deleted"]
    assert [desk.call(f"GET /files/{one}")[0] for one in (kept, dropped)] == [200, 404]
    server.pass_time(days=31)
    assert desk.call(f"GET /files/{kept}/content")[0] == 404


@pytest.mark.parametrize(("spec", "files"), [("upload=cut", 0), ("upload=lost", 1)])
def test_an_upload_is_cut(server: FaultServer, desk: Desk, spec: str, files: int) -> None:
    """The first one, with or without a file that stays; the next one works."""
    server.switch_batches(spec)
    with pytest.raises(ConnectionError):
        desk.upload(b"x")
    assert len(desk.call("GET /files")[1]["data"]) == files
    assert desk.upload(b"x")


def test_a_batch_is_made_and_nobody_told(server: FaultServer, desk: Desk) -> None:
    """The creation answers 500, and the batch is in the list."""
    server.switch_batches("create=500")
    assert "error" in desk.create("a")
    assert len(desk.call("GET /batches")[1]["data"]) == 1


def test_a_download_is_cut(server: FaultServer, desk: Desk) -> None:
    """In the middle; the next one is whole."""
    server.switch_batches("download=cut")
    batch = desk.create(*TEXTS)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        desk.rows(batch)
    assert len(desk.rows(batch)) == 4


def test_clock_and_mishaps_are_set_from_outside(server: FaultServer, desk: Desk) -> None:
    """By the control pages, for a server that runs in another process."""
    control = Desk(server)
    control.url = urlsplit(server.url().replace("/v1", "/_faultd"))
    assert control.call("POST /batches", {"batches": "hours=1"}) == (200, {"batches": True})
    batch = desk.create("a")
    assert desk.look(batch)["status"] == "in_progress"
    assert control.call("POST /clock", {"seconds": 3600}) == (200, {"clock": True})
    assert desk.look(batch)["status"] == "completed"
    assert control.call("POST /clock", b"soon")[0] == 404


def test_a_vendor_without_batches_has_none() -> None:
    """The route is not there."""
    with FaultServer(dialect=DIALECTS["vllm"]) as server:
        assert Desk(server).call("GET /batches")[0] == 404


@pytest.mark.parametrize("spec", ["nonsense", "hours=long", "create=maybe"])
def test_what_batches_do_not_take_is_refused(server: FaultServer, spec: str) -> None:
    """At once, with what they take."""
    with pytest.raises(UnknownScenarioError):
        server.switch_batches(spec)
