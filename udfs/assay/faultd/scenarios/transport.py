"""Group A: connections that break and bodies that cannot be read."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from functools import lru_cache

from .. import replies, wire
from ..plays import Ending, Play, PlayedCall
from .scenario import Scenario, scenario

HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"
GZIP = (("content-encoding", "gzip"),)


@scenario("-")
def good(call: PlayedCall) -> Play:
    """Answers every record well."""
    return replies.good(call)


@scenario("A01")
def reset(_: PlayedCall) -> Play:
    """Resets the connection once the request is read."""
    return Play((), status=0, ending=Ending.RESET, whole=False)


@scenario("A01")
def closeearly(_: PlayedCall) -> Play:
    """Closes the connection before the first byte of a reply."""
    return Play((), status=0, ending=Ending.CLOSE, whole=False)


@scenario("A01")
def badhead(_: PlayedCall) -> Play:
    """Sends a garbage status line, then closes."""
    return Play((b"\x16\x03 OK here you are\r\n\r\n",), 0, Ending.CLOSE, whole=False)


@scenario("A01", size="200000")
def bighead(call: PlayedCall) -> Play:
    """Puts one header of `size` bytes on a good reply."""
    head, body = replies.body_bytes(replies.good(call))
    padding = b"x-padding: " + b"x" * call.whole("size") + b"\r\n\r\n"
    return replies.lost(replies.good(call), head[:-2] + padding + body, ending=Ending.CLOSE)


@scenario("A02", seconds="3600")
def hang(call: PlayedCall) -> Play:
    """Takes the request and says nothing for `seconds`, then closes."""
    return Play((call.number("seconds"),), 0, Ending.CLOSE, whole=False)


@scenario("A03", every="0.5", pieces="12")
def trickle(call: PlayedCall) -> Play:
    """Sends the good reply in `pieces`, one `every` so many seconds."""
    play = replies.good(call)
    head, body = replies.body_bytes(play)
    size = max(1, -(-len(body) // call.whole("pieces")))
    steps: list[bytes | float] = [head]
    for begin in range(0, len(body), size):
        steps += [call.number("every"), body[begin : begin + size]]
    return Play(
        tuple(steps), billed=True, sound=play.sound, completion_tokens=play.completion_tokens
    )


@scenario("A04", keep="0.5")
def trunccl(call: PlayedCall) -> Play:
    """Closes after the share `keep` of what Content-Length promised."""
    head, body = replies.body_bytes(replies.good(call))
    part = body[: int(len(body) * call.number("keep"))]
    return replies.lost(replies.good(call), head + part, ending=Ending.CLOSE)


@scenario("A04", keep="0.5")
def chunkcut(call: PlayedCall) -> Play:
    """Closes in the middle of a chunk."""
    play = replies.good(call)
    body = replies.body_bytes(play)[1]
    kind = ("content-type", "application/json")
    head = wire.start(200, (kind, ("transfer-encoding", "chunked"), replies.request_id(call)))
    framed = wire.chunk(body)
    return replies.lost(
        play, head + framed[: int(len(framed) * call.number("keep"))], ending=Ending.CLOSE
    )


@scenario("A05", keep="0.5")
def truncjson(call: PlayedCall) -> Play:
    """Sends a well-framed body that stops in the middle of its JSON."""
    body = replies.body_bytes(replies.good(call))[1]
    return replies.unreadable(call, body[: int(len(body) * call.number("keep"))])


@scenario("A06")
def html200(call: PlayedCall) -> Play:
    """Sends an HTML error page as text/html with status 200."""
    return replies.raw(call, 200, HTML, content_type="text/html; charset=utf-8")


@scenario("A07")
def htmljson200(call: PlayedCall) -> Play:
    """Sends an HTML page labelled JSON with status 200."""
    return replies.raw(call, 200, HTML)


@scenario("A07")
def empty200(call: PlayedCall) -> Play:
    """Sends an empty body with status 200."""
    return replies.raw(call, 200, b"")


@scenario("A07")
def ws200(call: PlayedCall) -> Play:
    """Sends nothing but blanks with status 200."""
    return replies.raw(call, 200, b" \r\n\t  \n")


@scenario("A08")
def null200(call: PlayedCall) -> Play:
    """Sends the body `null` with status 200."""
    return replies.raw(call, 200, b"null")


@scenario("A08")
def list200(call: PlayedCall) -> Play:
    """Sends an empty list with status 200."""
    return replies.raw(call, 200, b"[]")


@scenario("A08", code="429", text="The upstream provider is overloaded")
def errorin200(call: PlayedCall) -> Play:
    """Sends an error object with an embedded status `code` under status 200."""
    body = replies.error_body(call.whole("code"), call.text("text"))
    body["error"]["code"] = call.whole("code")
    return replies.raw(call, 200, json.dumps(body).encode())


@scenario("A08")
def errorpaid200(call: PlayedCall) -> Play:
    """Sends an error without a status under status 200, with what the model's work costs."""
    _, body = replies.body_bytes(replies.good(call))
    bill = json.loads(body)["usage"]
    said = {"error": {"message": "The model gave up"}, "usage": bill}
    return replies.send(call, said, tokens=bill["completion_tokens"])


@scenario("A17", status="503", charset="rot13")
def oddcharset(call: PlayedCall) -> Play:
    """Sends a page with a charset that is none under an error status."""
    odd = f"text/html; charset={call.text('charset')}"
    return replies.raw(call, call.whole("status"), HTML, content_type=odd)


@scenario("A09")
def gzipgarbage(call: PlayedCall) -> Play:
    """Says gzip and sends bytes that are none."""
    return replies.unreadable(call, b"\x1f\x8b\x08\x00not gzip at all" * 8, GZIP)


@scenario("A09")
def gziptrunc(call: PlayedCall) -> Play:
    """Sends the good body as gzip, cut short."""
    packed = gzip.compress(replies.body_bytes(replies.good(call))[1])
    return replies.unreadable(call, packed[: len(packed) // 2], GZIP)


@scenario("A10", size="200000000")
def gzipbomb(call: PlayedCall) -> Play:
    """Sends a JSON string of `size` bytes, gzipped to about a thousandth."""
    return replies.unreadable(call, _bomb(call.whole("size")), GZIP)


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"a" * 1_000_000
    parts = [packer.compress(b'{"choices":"')]
    parts += [packer.compress(block) for _ in range(size // len(block))]
    parts += [packer.compress(b"a" * (size % len(block)) + b'"}'), packer.flush()]
    return b"".join(parts)


@scenario("A11")
def badutf8(call: PlayedCall) -> Play:
    """Puts bytes that are no UTF-8 into the body."""
    body = replies.body_bytes(replies.good(call))[1]
    return replies.unreadable(call, body.replace(b'"assistant"', b'"assist\xff\xfe\xc3("'))


@scenario("A12", depth="100000", at="body")
def deep(call: PlayedCall) -> Play:
    """Nests lists `depth` deep, in the body or (at=content) in the answer."""
    nested = "[" * call.whole("depth") + "]" * call.whole("depth")
    if call.text("at") == "content":
        return replies.say(call, f'{{"answers":{nested}}}')
    return replies.unreadable(call, f'{{"id":"deep","choices":{nested}}}'.encode())


def _redirect(call: PlayedCall, status: int) -> Play:
    to = call.text("to") or f"{call.sink}/chat/completions"
    return replies.raw(call, status, b"", headers=(("location", to),))


@scenario("A14", to="")
def redir307x(call: PlayedCall) -> Play:
    """Redirects with 307 (the body is to be posted again) to another host, by default the sink."""
    return _redirect(call, 307)


@scenario("A14", to="")
def redir308x(call: PlayedCall) -> Play:
    """Redirects with 308 to another host, by default the sink."""
    return _redirect(call, 308)


@scenario("A14", to="")
def redir302(call: PlayedCall) -> Play:
    """Redirects with 302 to another host, by default the sink."""
    return _redirect(call, 302)


@scenario("A16", chars="4000", status="400")
def context(call: PlayedCall) -> Play:
    """Refuses prompts of more than `chars` characters of record text as too long."""
    chars = sum(len(record.text) for record in call.chat.records) or len(call.chat.prompt)
    if chars <= call.whole("chars"):
        return replies.good(call)
    said = "This model's maximum context length was exceeded. Please reduce the messages."
    return replies.error(call, call.whole("status"), said, code="context_length_exceeded")


@scenario("A19", held="1")
def closeafter(call: PlayedCall) -> Play:
    """Sends the reply but for the last `held` bytes, then resets: billed and lost."""
    play = replies.good(call)
    framed = b"".join(replies.body_bytes(play))
    return replies.lost(play, framed[: len(framed) - call.whole("held")], ending=Ending.RESET)


@scenario("G09", status="400")
def echo(call: PlayedCall) -> Play:
    """Sends an error whose message repeats the prompt and the Authorization header."""
    key = call.chat.headers.get("authorization", "")
    said = f"Could not handle this request: {call.chat.prompt} (Authorization: {key})"
    return replies.error(call, call.whole("status"), said)


def status_scenario(name: str) -> Scenario | None:
    """The scenario s<status>, also s<status>xsF and s<status>xsT; None for any other name."""
    found = re.fullmatch(r"s([45]\d\d)(?:xs([TF]))?", name)
    if not found:
        return None
    status, told = int(found[1]), {"T": "true", "F": "false", None: ""}[found[2]]

    def play(call: PlayedCall) -> Play:
        said = call.text("xs")
        headers = (("x-should-retry", said),) if said else ()
        return replies.error(call, status, code=call.text("code") or None, headers=headers)

    about = f"Answers with status {status}" + (f" and x-should-retry: {told}." if told else ".")
    return Scenario(name, _ROWS.get(status, "A17"), about, play, {"xs": told, "code": ""})


_ROWS = {
    **dict.fromkeys((401, 403, 404, 501), "A15"),
    **dict.fromkeys((400, 413, 422), "A16"),
    402: "B03",
}
