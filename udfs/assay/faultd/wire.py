"""HTTP/1.1 on the wire: bytes to requests, replies to bytes; no sockets here."""

from __future__ import annotations

import email.utils
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024

Headers = Iterable[tuple[str, str]]


class BadRequestError(ValueError):
    """The bytes are no request that faultd serves; `status` is what to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body, and where in the buffer that body begins and ends."""

    method: str
    path: str
    headers: Mapping[str, str]
    begin: int
    end: int


def read_head(buffer: bytearray) -> Head | None:
    """The head at the front of `buffer`; None while it is incomplete."""
    cut = buffer.find(b"\r\n\r\n")
    if cut > MAX_HEAD_BYTES or (cut < 0 and len(buffer) > MAX_HEAD_BYTES):
        raise BadRequestError(431, "the request head is over 64 KiB")
    if cut < 0:
        return None
    first, *rest = bytes(buffer[:cut]).decode("latin-1").split("\r\n")
    headers = dict(map(_header, rest))
    method, _, rest_of_line = first.partition(" ")
    path, _, version = rest_of_line.partition(" ")
    if not version.startswith("HTTP/1."):
        raise BadRequestError(400, "the first line is no HTTP/1 request line")
    begin = cut + 4
    return Head(method, path, headers, begin, begin + _body_length(headers))


def parse(buffer: bytearray, head: Head) -> HttpRequest | None:
    """The whole request that `head` announces; None while body bytes are missing."""
    if len(buffer) < head.end:
        return None
    return HttpRequest(head.method, head.path, head.headers, bytes(buffer[head.begin : head.end]))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise BadRequestError(400, "a header line has no colon")
    return name.strip().lower(), value.strip()


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequestError(411, "faultd takes bodies with a Content-Length only")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequestError(400, "Content-Length is no number")
    if int(length) > MAX_BODY_BYTES:
        raise BadRequestError(413, "the request body is over 64 MiB")
    return int(length)


def frame(
    status: int,
    body: bytes,
    headers: Headers = (),
    *,
    content_type: str = "application/json",
    length: int | None = None,
) -> bytes:
    """A whole reply; `length` replaces the true Content-Length."""
    sized = ("content-length", str(len(body) if length is None else length))
    return start(status, (("content-type", content_type), sized, *headers)) + body


def start(status: int, headers: Headers) -> bytes:
    """Status line and headers up to the blank line; the time is in `date`, as RFC 9110 wants."""
    now = ("date", email.utils.formatdate(usegmt=True))
    lines = "".join(f"{name}: {value}\r\n" for name, value in (now, *headers))
    return f"HTTP/1.1 {status} {_reason(status)}\r\nserver: faultd\r\n{lines}\r\n".encode()


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"
