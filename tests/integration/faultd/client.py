"""A client that hides nothing: requests as Assay packs them, replies as bytes."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BEARER = {"Authorization": "Bearer secret"}
LABELS = ["praise", "complaint", "question"]
PROPERTIES = {
    "a": {"type": "string", "enum": LABELS},
    "n": {"type": "number", "minimum": -1, "maximum": 1},
    "s": {"type": "string"},
}
TEXTS = ["the parcel came late", "lovely blue cups", "where is my refund", "all fine here"]


def schema_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The reply schema for these properties of a record."""
    fields = {"id": {"type": "string"}} | properties
    item = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": item}},
        "required": ["answers"],
        "additionalProperties": False,
    }


def request_of(
    texts: list[str], properties: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A chat request for these texts, as Assay packs them."""
    records = [{"id": f"k{at}f", "text": text} for at, text in enumerate(texts)]
    schema = schema_of(PROPERTIES if properties is None else properties)
    return {
        "model": "stub",
        "messages": [
            {"role": "system", "content": "Label each record."},
            {"role": "user", "content": json.dumps({"records": records})},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answers", "strict": True, "schema": schema},
        },
    } | more


@dataclass(frozen=True)
class Heard:
    """A reply as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)

    @property
    def content(self) -> str:
        """What the assistant said."""
        return self.json["choices"][0]["message"]["content"]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers of the reply."""
        return json.loads(self.content)["answers"]


Ask = Callable[..., Heard]


def post(url: str, body: Any, method: str = "POST", headers: Mapping[str, str] = BEARER) -> Heard:
    """One request, one connection, no help."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        link.request(method, path, data, dict(headers))
        reply = link.getresponse()
        headers = {name.lower(): said for name, said in reply.getheaders()}
        return Heard(reply.status, headers, reply.read())
    finally:
        link.close()


def raw_request(url: str, body: Any) -> tuple[tuple[str, int], bytes]:
    """Address and bytes of a chat request."""
    parts = urlsplit(url)
    data = json.dumps(body).encode()
    head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n"
    whole = f"{head}content-length: {len(data)}\r\n\r\n".encode() + data
    return (str(parts.hostname), int(parts.port or 0)), whole


def overhear(url: str, texts: list[str] | None = None, seconds: float = 5) -> tuple[bytes, str]:
    """Everything that comes back, and how it ended: closed, reset or silent after `seconds`."""
    address, request = raw_request(url, request_of(TEXTS if texts is None else texts))
    heard = b""
    with socket.create_connection(address, timeout=seconds) as link:
        link.sendall(request)
        try:
            while part := link.recv(1 << 16):
                heard += part
        except TimeoutError:
            return heard, "silent"
        except ConnectionResetError:
            return heard, "reset"
    return heard, "closed"
