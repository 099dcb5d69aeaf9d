"""A real build sends its alerts, and is what it is where they do not arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ..dbt.project import Project
from ..gates.assay_line import assay

SECRET = "row-canary-4c1d"
MODELS = {
    "notes.sql": f"{{{{ config(materialized='table') }}}}\nselect '{SECRET}' as id",
    "_notes.yml": (
        "models:\n  - name: notes\n    config: {meta: {owner: ada}}\n    columns:\n"
        "      - name: id\n        data_tests:\n          - accepted_values:\n"
        "              arguments: {values: [a]}\n"
    ),
}


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """A webhook: its URL, and what it got."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(404 if "gone" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}/", got
        server.shutdown()


def test_a_red_build_alerts_once(tmp_path: Path, hook: tuple[str, list[Any]]) -> None:
    """A failure to send changes nothing; then it is sent, with its owner and without the row."""
    url, got = hook
    project = Project(tmp_path, MODELS)
    unsent = assay(project, "build", ASSAY_ALERT_URL=f"{url}gone?sig=s3cret")
    assert "Alert   not sent: 127.0.0.1: HTTP 404" in unsent.err
    sent = assay(project, "alert", "--check", ASSAY_ALERT_URL=f"{url}hook")
    again = assay(project, "alert", "--check", "--json", ASSAY_ALERT_URL=f"{url}hook")

    assert (unsent.code, sent.code, again.json) == (1, 0, {"alerts": [], "wrong": None})
    (alert,) = got[-1]["alerts"]
    assert (alert["state"], alert["kind"], alert["owners"]) == ("new", "red", ["ada"])
    assert len(got) == 2
    assert SECRET not in json.dumps(got)
    assert "s3cret" not in unsent.out + unsent.err
