"""Batches over the wire: what the provider makes of a server that plays each way they go wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from assay.core.batches import BATCH_STATUSES, BatchLine, BatchState
from assay.core.errors import CallError, ConfigError, QuotaError
from assay.core.settings import Settings
from assay.core.values import Reply
from assay.faultd import DIALECTS, FaultServer
from assay.providers import Batches, TakesBatches
from assay.providers.openai_compatible.batch_reading import line_of, split, state_of
from assay.providers.openai_compatible.profiles import PROFILES
from assay.providers.openai_compatible.provider import OpenAIProvider
from assay.providers.openai_compatible.transport import MAX_BODY_BYTES

from .builders import judged, request

Result = TypeVar("Result")
Story = Callable[[Batches], Awaitable[Result]]
WITH_BATCHES = [name for name, profile in PROFILES.items() if profile.batches]
WITHOUT = [name for name in PROFILES if name not in WITH_BATCHES]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server whose batches are done at once."""
    with FaultServer(keep_texts=True) as running:
        yield running


def provider_at(server: FaultServer, scenario: str | None = None, **chosen: Any) -> OpenAIProvider:
    """The provider with the server for its endpoint."""
    url = server.url(scenario)
    given = {"provider": "openai", "base_url": url, "api_key": "sk-ours", "model": "a-model"}
    return OpenAIProvider(Settings.model_validate(given | chosen))


def at(
    server: FaultServer, story: Story[Result], scenario: str | None = None, **by: Any
) -> Result:
    """What a story about the batches of the server ends with."""

    async def told() -> Result:
        provider = provider_at(server, scenario, **by)
        try:
            return await story(provider.batches)
        finally:
            await provider.close()

    return asyncio.run(told())


TEXTS = ("one", "two", "three", "four")
ASKED = {text: request(text) for text in TEXTS}


def submitting(*texts: str, mark: str = "m1") -> Story[BatchState]:
    """A batch with a request for each text, named after it."""

    async def story(batches: Batches) -> BatchState:
        asked = {text: ASKED[text] for text in texts or TEXTS}
        return await batches.submit([batches.line(*each) for each in asked.items()], mark)

    return story


def looking(batch: BatchState) -> Story[BatchState | None]:
    """The batch as it is by now."""
    return lambda batches: batches.look(batch.id)


def harvesting(batch: BatchState) -> Story[list[BatchLine]]:
    """All lines of a batch as it is by now."""

    async def story(batches: Batches) -> list[BatchLine]:
        state = await batches.look(batch.id)
        assert state is not None
        return [line async for line in batches.lines(state)]

    return story


def names(lines: list[BatchLine]) -> list[str | None]:
    """The names in some lines."""
    return [line.custom_id for line in lines]


def read_at(server: FaultServer, line: BatchLine, scenario: str | None = None) -> Reply:
    """The reply in a line."""

    async def story(batches: Batches) -> Reply:
        return batches.read(line, ASKED[str(line.custom_id)])

    return at(server, story, scenario)


# --- the way it should be -----------------------------------------------------------------------


def test_a_batch_brings_what_the_wire_brings(server: FaultServer) -> None:
    """The same body up, the same reply down, and a bill that tells them apart."""

    async def story(provider: OpenAIProvider) -> tuple[Reply, Reply]:
        assert isinstance(provider, TakesBatches)
        sent = await provider.send(ASKED["one"])
        state = await submitting("one")(provider.batches)
        (line,) = await harvesting(state)(provider.batches)
        await provider.close()
        return sent, provider.batches.read(line, ASKED["one"])

    sent, read = asyncio.run(story(provider_at(server)))
    assert (sent.content, sent.usage, sent.model) == (read.content, read.usage, read.model)
    first, second = server.ledger.entries
    assert (first.questions, first.prompt_chars) == (second.questions, second.prompt_chars)
    assert (first.batch, second.batch) == ("", "batch_000001")
    assert len(judged(ASKED["one"], read.content).answers) == 1


def test_a_batch_says_how_it_stands(server: FaultServer) -> None:
    """Its mark, its files, its counts and its times."""
    server.switch_batches("hours=2")
    batch = at(server, submitting())
    server.pass_time(hours=1)
    found = at(server, looking(batch))
    assert found is not None
    assert (found.id, found.status, found.mark) == (batch.id, "in_progress", "m1")
    assert (found.total, found.completed, found.output_file) == (4, 2, None)
    assert (found.has_ended, found.input_file) == (False, batch.input_file)
    assert str(found.submitted_at) < str(found.expires_at)


def test_our_batches_are_found_by_their_marks(server: FaultServer) -> None:
    """Page by page, and those of others are none of ours."""
    server.switch_batches("page=2")
    for mark in ("m1", "m2", "m3"):
        at(server, submitting("one", mark=mark))
    server.service.desk.batches["batch_000002"].metadata = {"by": "somebody"}
    found = at(server, lambda batches: batches.known())
    assert [state.mark for state in found] == ["m3", "m1"]


def test_nothing_is_left_when_it_is_tidied(server: FaultServer) -> None:
    """Neither what went up nor what came down; to do so twice is no error."""

    async def story(batches: Batches) -> None:
        state = await batches.look((await submitting()(batches)).id)
        assert state is not None
        await batches.tidy(state)
        await batches.tidy(state)

    at(server, story)
    assert server.service.desk.shelf.files == {}


@pytest.mark.parametrize("name", WITH_BATCHES)
def test_each_vendor_that_has_batches_takes_ours(name: str) -> None:
    """At its paths, with its key, in its words."""
    with FaultServer(dialect=DIALECTS[name]) as server:
        batch = at(server, submitting(), profile=name)
        lines = at(server, harvesting(batch), profile=name)
    assert names(lines) == list(TEXTS)


@pytest.mark.parametrize("name", WITHOUT)
def test_one_that_has_none_says_so(name: str) -> None:
    """At the first file, and with what to do."""
    with FaultServer(dialect=DIALECTS[name]) as server, pytest.raises(ConfigError) as raised:
        at(server, submitting(), profile=name)
    assert "has no Batch API" in str(raised.value)
    assert "`ASSAY_BATCH`" in str(raised.value)


# --- what becomes of a batch --------------------------------------------------------------------


def test_what_an_expired_batch_did_is_had(server: FaultServer) -> None:
    """The rest was not asked, and nothing of it was paid."""
    server.switch_batches("hours=48")
    batch = at(server, submitting())
    server.pass_time(hours=24)
    lines = at(server, harvesting(batch))
    assert [(line.custom_id, line.unserved) for line in lines] == [
        ("one", False),
        ("two", False),
        ("three", True),
        ("four", True),
    ]
    with pytest.raises(CallError) as raised:
        read_at(server, lines[2])
    assert (raised.value.fault, raised.value.maybe_paid) == ("retryable", False)


def test_what_a_cancelled_batch_did_is_had(server: FaultServer) -> None:
    """It is asked to end, and has; to ask again changes nothing."""
    server.switch_batches("hours=2")
    batch = at(server, submitting())
    server.pass_time(hours=1)
    states = [at(server, lambda batches: batches.cancel(batch.id)) for _ in range(2)]
    assert [state and state.status for state in states] == ["cancelling", "cancelled"]
    assert [line.unserved for line in at(server, harvesting(batch))] == [False, False, True, True]


def test_a_batch_of_another_key_is_not_there(server: FaultServer) -> None:
    """Neither to look at nor to cancel, nor in the list."""
    batch = at(server, submitting())
    other = {"api_key": "sk-theirs"}
    assert at(server, looking(batch), **other) is None
    assert at(server, lambda batches: batches.cancel(batch.id), **other) is None
    assert at(server, lambda batches: batches.known(), **other) == []


def test_a_batch_that_fails_says_why(server: FaultServer) -> None:
    """In the server's words."""
    server.switch_batches("queued=10")
    found = at(server, looking(at(server, submitting())))
    assert found is not None
    assert (found.status, found.has_ended, found.output_file) == ("failed", True, None)
    assert found.message.startswith("Enqueued token limit reached for a-model")
    assert found.message.endswith("(token_limit_exceeded)")


def test_a_wrong_key_stops_the_run() -> None:
    """As it does on the wire."""
    with FaultServer(dialect=DIALECTS["openai"]) as server, pytest.raises(ConfigError) as raised:
        at(server, submitting(), api_key="wrong", profile="openai")
    assert raised.value.status == 401


# --- what becomes of its lines ------------------------------------------------------------------


def test_a_completed_batch_may_have_errors_alone(server: FaultServer) -> None:
    """There is no output file, and each line is read as the error that it is."""
    batch = at(server, submitting(), "s400")
    lines = at(server, harvesting(batch))
    assert names(lines) == list(TEXTS)
    with pytest.raises(CallError) as raised:
        read_at(server, lines[0])
    assert (raised.value.fault, raised.value.status) == ("too_big_or_bad", 400)


@pytest.mark.parametrize("scenario", ["s429quota,status=200", "s429quota"])
def test_an_account_without_credit_stops_the_run(server: FaultServer, scenario: str) -> None:
    """Also where the vendor says so under status 200."""
    (line,) = at(server, harvesting(at(server, submitting("one"), scenario)))
    with pytest.raises(QuotaError):
        read_at(server, line)


def test_a_reply_that_hangs_is_one_to_ask_again(server: FaultServer) -> None:
    """The batch ends without it, and it may have been paid."""
    (line,) = at(server, harvesting(at(server, submitting("one"), "hang")))
    with pytest.raises(CallError) as raised:
        read_at(server, line)
    assert (raised.value.fault, raised.value.maybe_paid) == ("retryable", True)


def test_lines_come_in_any_order_twice_not_at_all_and_of_others(server: FaultServer) -> None:
    """Each is handed over as it is; who asked knows what is whose."""
    server.switch_batches("missing=1,doubled=1,foreign=1,shuffled")
    lines = at(server, harvesting(at(server, submitting())))
    expected = ["foreign-0", "four", "three", "two", "two"]
    assert sorted(map(str, names(lines))) == expected
    assert names(lines) != expected


def test_a_torn_line_is_told_and_not_raised(server: FaultServer) -> None:
    """What stands before it is had."""
    server.switch_batches("torn")
    *whole, torn = at(server, harvesting(at(server, submitting())))
    assert names(whole) == ["one", "two", "three"]
    assert (torn.custom_id, "Line 4 of the output file" in torn.note) == (None, True)


def test_a_file_that_is_gone_is_told_and_not_raised(server: FaultServer) -> None:
    """Its answers are lost; the batch is known longer than its files."""
    batch = at(server, submitting())
    server.pass_time(days=31)
    (line,) = at(server, harvesting(batch))
    assert (line.custom_id, line.note) == (None, "The output file is gone (HTTP 404).")


def test_a_download_that_breaks_off_keeps_what_came(server: FaultServer) -> None:
    """It raises after the last line that arrived, and can be asked for again."""
    server.switch_batches("download=cut")
    batch = at(server, submitting())
    came: list[BatchLine] = []

    async def story(batches: Batches) -> None:
        state = await batches.look(batch.id)
        assert state is not None
        async for line in batches.lines(state):
            came.append(line)  # noqa: PERF401 - what came before it raises is the point

    with pytest.raises(CallError) as raised:
        at(server, story)
    assert (raised.value.fault, "one" in names(came)) == ("transport", True)
    assert len(at(server, harvesting(batch))) == 4


def test_a_file_in_another_encoding_is_not_taken_for_lines() -> None:
    """Nothing of it is torn; it cannot be read."""
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx"

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert b"accept-encoding: identity" in asked.lower()
        writer.write(head)
        writer.close()

    async def story() -> list[BatchLine]:
        host = await asyncio.start_server(visit, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{host.sockets[0].getsockname()[1]}/v1"
        given = {"provider": "openai", "base_url": url, "api_key": "sk", "model": "a-model"}
        provider = OpenAIProvider(Settings.model_validate(given))
        state = BatchState(id="b", status="completed", mark="m", input_file=None, output_file="f")
        try:
            return [line async for line in provider.batches.lines(state)]
        finally:
            await provider.close()
            host.close()

    with pytest.raises(CallError) as raised:
        asyncio.run(story())
    assert raised.value.fault == "bad_body"


def test_a_line_that_holds_an_error_alone_may_say_that_no_credit_is_left(
    server: FaultServer,
) -> None:
    """As a reply with that error does."""
    error = {"code": "insufficient_quota", "message": "no more"}
    said = {"custom_id": "one", "response": None, "error": error}
    with pytest.raises(QuotaError):
        read_at(server, line_of(json.dumps(said).encode(), "here"))


# --- while it is submitted ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "fault"), [("create=500", "retryable"), ("create=reset", "transport")]
)
def test_a_batch_that_nobody_told_of_is_found(server: FaultServer, spec: str, fault: str) -> None:
    """It raises, it may be paid for, and the mark finds it."""
    server.switch_batches(spec)
    with pytest.raises(CallError) as raised:
        at(server, submitting())
    assert (raised.value.fault, raised.value.maybe_paid) == (fault, True)
    (state,) = at(server, lambda batches: batches.known())
    assert (state.mark, state.status) == ("m1", "completed")
    assert names(at(server, harvesting(state))) == list(TEXTS)


@pytest.mark.parametrize("spec", ["upload=cut", "upload=lost", "upload=500"])
def test_an_upload_that_fails_costs_nothing(server: FaultServer, spec: str) -> None:
    """No batch comes of it, and a file that may have been left is deleted by its mark."""
    server.switch_batches(spec)
    with pytest.raises(CallError) as raised:
        at(server, submitting())
    assert raised.value.maybe_paid is False
    at(server, lambda batches: batches.discard("m1"))
    assert (server.service.desk.shelf.files, server.service.desk.batches) == ({}, {})


def test_discarding_leaves_the_files_of_others(server: FaultServer) -> None:
    """A mark is of one batch."""
    server.switch_batches("hours=1,page=1")
    at(server, submitting(mark="m2"))
    at(server, lambda batches: batches.discard("m1"))
    assert len(server.service.desk.shelf.files) == 1


def test_a_file_of_a_batch_that_is_refused_does_not_stay() -> None:
    """The server takes the file, and turns down what is to be made of it."""
    with FaultServer(dialect=DIALECTS["azure"]) as server:
        with pytest.raises(CallError) as raised:
            at(server, submitting(), profile="openai", auth_header="api-key")
        assert raised.value.status == 400
        assert server.service.desk.shelf.files == {}


# --- read by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [b"{", b"", b"[]", b"null", b'{"custom_id": 7}', b'{"id": "x"}', b"\xff", b"[" * 999],
)
def test_what_is_no_line_has_no_name(text: bytes) -> None:
    """It says where it stood, and nothing that it holds."""
    assert line_of(text, "Line 7 of a file") == BatchLine(
        custom_id=None, note="Line 7 of a file is torn, or no line of a batch."
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"response": None, "error": {"code": "batch_expired"}}, (None, True)),
        ({"response": None, "error": {"code": "request_timeout"}}, (None, False)),
        ({"response": None, "error": None}, (None, False)),
        ({"response": {"status_code": 429, "body": {}}}, (429, False)),
        ({"response": {"body": {}}}, (200, False)),
    ],
)
def test_a_line_says_what_became_of_its_request(said: Any, expected: Any) -> None:
    """A status, or none; asked, or not."""
    line = line_of(json.dumps({"custom_id": "x"} | said).encode(), "here")
    assert (line.custom_id, line.status, line.unserved) == ("x", *expected)


def test_a_line_without_end_is_not_kept() -> None:
    """What is read of it is bounded; the next one is whole."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 2**20 + 3):
            yield b"x" * 2**20
        yield b'x\n{"a": 1}\n'

    async def lengths() -> list[tuple[int, int]]:
        return [(number, len(text)) async for number, text in split(chunks())]

    (_, first), second = asyncio.run(lengths())
    assert MAX_BODY_BYTES < first <= MAX_BODY_BYTES + 2**21
    assert second == (2, 8)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        *((word, word) for word in BATCH_STATUSES),
        ("COMPLETED", "completed"),
        ("canceled", "cancelled"),
        ("queued", "in_progress"),
        (None, "in_progress"),
    ],
)
def test_a_status_is_read_as_vendors_spell_it(said: Any, status: str) -> None:
    """A word that nobody knows is of a batch that is under way."""
    state = state_of({"id": "b", "status": said}, str)
    assert state is not None
    assert state.status == status


@pytest.mark.parametrize("row", [None, [], {}, {"id": 7}, {"id": ""}])
def test_what_has_no_id_is_no_batch(row: Any) -> None:
    """Nothing can be asked about it."""
    assert state_of(row, str) is None


def test_a_batch_with_odd_fields_is_still_one() -> None:
    """What is no time is none, what is no count is 0, what is no mark is none."""
    odd = {"id": "b", "status": "completed", "created_at": 1e99, "expires_at": "soon"}
    odd |= {"request_counts": 7, "metadata": ["assay"], "output_file_id": "", "errors": "it broke"}
    assert state_of(odd, str) == BatchState(
        id="b", status="completed", mark=None, input_file=None, message="it broke"
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No model 'a-model', and no \"other\" one.", "No model a-model, and no … one."),
        ("Bad: 'I don't like it' and 'more'.", "Bad: …."),
        ("You don't have it, sk-ours; they don't.", "You don't have it, …; they don't."),
        ('Line 3: {"custom_id": 7} is none', "Line 3: …"),
        ("Line 3: text=b'a secret' [1]", "Line 3: text=… …"),
    ],
)
def test_why_a_batch_failed_holds_no_text(server: FaultServer, said: str, told: str) -> None:
    """What is quoted or in brackets may be one; the name of the model is none."""
    server.switch_batches("queued=10")
    batch = at(server, submitting())
    server.service.desk.batches[batch.id].wrong[0]["message"] = said
    found = at(server, looking(batch))
    assert found is not None
    assert found.message == f"{told} (token_limit_exceeded)"


def test_a_line_is_one_line(server: FaultServer) -> None:
    """Whatever the text holds, and whoever splits it."""
    asked = request("two\nlines \u2028 of\x85text")

    async def story(batches: Batches) -> bytes:
        return batches.line("x", asked)

    line = at(server, story).decode()
    assert (len(line.splitlines()), line[-2:]) == (1, "}\n")
    assert json.loads(line)["body"]["messages"][1]["content"] == asked.user
