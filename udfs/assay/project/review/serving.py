"""The review as a page: on a loopback port until Ctrl-C, for who has its address and nobody else.

A text of a row leaves by this door alone: to this machine, under a path that cannot be guessed,
as JSON that the page puts in as text. Nothing is cached, loaded from elsewhere or written down.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError, ConfigError
from assay.project.report.serving import LOOPBACK
from assay.project.review.desk import Desk

_HERE = Path(__file__).parent
_TOKEN_BYTES = 24
_MOST_BYTES = 64 * 1024
"""Longer bodies are no judgement."""

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def serve(desk: Desk, port: int, say: Callable[[str], None], *, browser: bool = True) -> None:
    """Serve the page of a desk, say where, and return on Ctrl-C.

    Raises `ConfigError` for a port that is taken.
    """
    with page_server(desk, port) as server:
        say(server.address)
        if browser:
            webbrowser.open(server.address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


class PageServer(ThreadingHTTPServer):
    """A desk behind a loopback port (0: a free one); `address` is the only way in."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk = desk
        self.token = secrets.token_urlsafe(_TOKEN_BYTES)
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"


@contextlib.contextmanager
def page_server(desk: Desk, port: int = 0) -> Iterator[PageServer]:
    """Yield a server that listens; raises `ConfigError` for a port that is taken."""
    try:
        server = PageServer(desk, port)
    except OSError as error:
        message = f"--port {port} cannot be had ({error.strerror}); leave it out for a free one."
        raise ConfigError(message) from None
    with server:
        yield server


@contextlib.contextmanager
def served(desk: Desk) -> Iterator[PageServer]:
    """Yield a server that answers from a thread until the block ends."""
    with page_server(desk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers what has the token and means this machine; of all else it says nothing."""

    server: PageServer

    def do_GET(self) -> None:
        """Send the page, or the rows."""
        match self._wanted():
            case "":
                self._send_page()
            case "rows":
                self._send_json(_facts(self.server.desk))
            case _:
                self._refuse()

    def do_POST(self) -> None:
        """Take a judgement, or take the last one back."""
        desk = self.server.desk
        body = self._body()
        match self._wanted():
            case "accept" if body is not None:
                self._judge(partial(desk.accept, str(body.get("key"))))
            case "correct" if body is not None:
                answer = str(body.get("answer"))
                self._judge(partial(desk.correct, str(body.get("key")), answer))
            case "undo" if body is not None:
                self._judge(desk.undo)
            case _:
                self._refuse()

    def _wanted(self) -> str | None:
        """Return what is asked for; None for who is not meant to ask."""
        hosts = [f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")]
        origins = [None, *(f"http://{host}" for host in hosts)]
        _, token, *rest = [*self.path.split("/"), ""]
        is_meant = self.headers.get("Host") in hosts and self.headers.get("Origin") in origins
        if not is_meant or not secrets.compare_digest(token.encode(), self.server.token.encode()):
            return None
        return "/".join(rest).rstrip("/") if rest else None

    def _body(self) -> Mapping[str, Any] | None:
        """Return the JSON object of a request; None for anything else."""
        length = self.headers.get("Content-Length", "")
        is_json = self.headers.get("Content-Type", "").partition(";")[0] == "application/json"
        if not is_json or not length.isdigit() or int(length) > _MOST_BYTES:
            return None
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def _judge(self, judge: Callable[[], str | None]) -> None:
        try:
            key = judge()
            self._send_json({"judged": dict(self.server.desk.judged()), "key": key})
        except (AssayError, OSError) as error:
            self._send_json({"error": str(error)}, HTTPStatus.CONFLICT)

    def _send_page(self) -> None:
        nonce = secrets.token_urlsafe(_TOKEN_BYTES)
        policy = {"Content-Security-Policy": _POLICY.format(nonce)}
        self._send(_page(nonce).encode(), "text/html; charset=utf-8", more=policy)

    def _send_json(self, facts: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(facts).encode(), "application/json", status)

    def _refuse(self) -> None:
        self.close_connection = True
        self._send(b"", "text/plain", HTTPStatus.NOT_FOUND)

    def _send(
        self,
        body: bytes,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        sizes = {"Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in {**_HEADERS, **sizes, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the person's, and the address is a secret."""


def _page(nonce: str) -> str:
    """Return the page; what it shows is asked for by it."""
    parts = {"@style@": "page.css", "@script@": "page.js"}
    page = (_HERE / "page.html").read_text(encoding="utf-8").replace("@nonce@", nonce)
    for mark, name in parts.items():
        page = page.replace(mark, (_HERE / name).read_text(encoding="utf-8"))
    return page


def _facts(desk: Desk) -> dict[str, Any]:
    column = desk.column
    return {
        "column": {
            "name": column.name,
            "choices": column.choices or (),
            "is_free": column.is_free,
            "is_several": column.is_several,
            "can_be_judged": column.can_be_judged,
        },
        "rows": [{**asdict(row), "can_accept": desk.can_accept(row)} for row in desk.rows],
        "judged": dict(desk.judged()),
    }
