"""A page on a loopback port until Ctrl-C: the page and nothing else of this machine."""

from __future__ import annotations

import contextlib
import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = "127.0.0.1"


def serve(page: str, say: Callable[[str], None], *, browser: bool = True) -> None:
    """Serve `page` on a free port, say where, and return on Ctrl-C."""
    body = page.encode()

    class Handler(BaseHTTPRequestHandler):
        """Answers `/` with the page; there is no other path."""

        def do_GET(self) -> None:
            """Send the page."""
            if self.path != "/" or not _is_ours(self.headers.get("Host", "")):
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the terminal is the person's."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        server.daemon_threads = True
        address = f"http://{LOOPBACK}:{server.server_port}/"
        say(address)
        if browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _is_ours(host: str) -> bool:
    """Whether a request means this machine: another name that leads here is somebody's trick."""
    return host.partition(":")[0] in (LOOPBACK, "localhost")
