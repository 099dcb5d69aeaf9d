"""Sources on this machine: a REST server with moods, a Postgres, an S3 server, and a project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ..dbt.project import REPOSITORY, Project
from ..destinations.conftest import Postgres, server
from ..s3 import KEYS, KEYS_OF_BOTO, s3
from ..warm import Done

__all__ = ["KEYS", "KEYS_OF_BOTO", "s3", "server"]

TOKEN = "canary-7c1d9e-token"
"""What the REST server wants to be shown; nothing may ever write it down."""

PAGE = 100
PAGE_OF_SOURCES = REPOSITORY / "docs/how-to/load-sources.md"


def example(word: str) -> str:
    """The source on the page that has this word in it."""
    page = PAGE_OF_SOURCES.read_text(encoding="utf-8")
    (found,) = [
        code for code in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S) if word in code
    ]
    return str(found)


@dataclass
class Api:
    """A REST server: `GET /tickets?since=&page=` gives a page of the rows from a cursor on.

    `moods` are what comes before the next answers: a status, `cut` for a body that ends too soon,
    `hang` for a page that never ends. `asked` has the path of each request.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    moods: list[int | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.asked.append(handler.path)
        mood = self.moods.pop(0) if self.moods else 200
        if mood == "hang":
            self.released.wait(60)
        if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            mood = 401
        said = parse_qs(urlsplit(handler.path).query)
        since, page = said.get("since", [""])[0], int(said.get("page", ["1"])[0])
        rows = [row for row in self.rows if row["updated_at"] >= since]
        body = json.dumps({"items": rows[(page - 1) * PAGE : page * PAGE]}).encode()
        handler.send_response(mood if isinstance(mood, int) else 200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        if mood == 429:
            handler.send_header("Retry-After", "1")
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if mood == "cut" else body)


def tickets(first: int, last: int, day: int = 1) -> list[dict[str, Any]]:
    """Rows of the server, all of one day."""
    return [
        {"id": i, "body": f"ticket {i}", "updated_at": f"2026-11-{day:02d}T00:00:00Z"}
        for i in range(first, last + 1)
    ]


@pytest.fixture
def api() -> Iterator[Api]:
    """A server with no rows that is in no mood."""
    it = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):
                it.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.address = f"http://127.0.0.1:{served.server_port}/"
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield it
    it.released.set()
    served.shutdown()
    served.server_close()


@dataclass
class Loading:
    """A project with sources."""

    project: Project

    @property
    def root(self) -> Path:
        return self.project.root

    def source(self, name: str, text: str) -> None:
        """Write `sources/NAME.py`."""
        folder = self.root / "sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")

    def load(self, *words: str, **env: str) -> Done:
        """What the command says."""
        return self.project.run("assay.cli.main", "load", *words, env=env)

    def loaded(self, *words: str, **env: str) -> dict[str, dict[str, Any]]:
        """What became of each source, by its name."""
        done = self.load("--json", *words, **env)
        assert done.out.startswith("["), done.err
        return {one["source"]: one for one in json.loads(done.out)}

    def apart(self, *words: str) -> str:
        """What a command says in a process of its own, which finds dlt as a user's does."""
        command = [sys.executable, "-m", "assay.cli.main", *words]
        env = self.project._environment({})
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)
        return done.stdout + done.stderr

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the warehouse has."""
        return self.project.rows(query)

    def count(self, table: str) -> tuple[int, int]:
        """How many rows a table of bronze has, and how many ids."""
        (found,) = self.rows(f"select count(*), count(distinct id) from bronze_raw.{table}")
        return (found[0], found[1])


@pytest.fixture
def loading(tmp_path: Path) -> Loading:
    """A project without a source."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.env["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    project.env["RUNTIME__REQUEST_BACKOFF_FACTOR"] = "0.05"  # dlt's: between two requests
    return Loading(project)


@pytest.fixture
def shop(loading: Loading, api: Api) -> Loading:
    """A project whose source `tickets` reads the REST server."""
    loading.project.env |= {"TICKETS_URL": api.address, "TICKETS_TOKEN": TOKEN}
    loading.source("tickets", example("rest_api_source"))
    return loading


@pytest.fixture
def orders(server: str) -> Postgres:
    """A Postgres with a schema in which there is nothing."""
    from ..destinations.conftest import _SCHEMAS

    place = Postgres(server, f"source{next(_SCHEMAS)}")
    place.execute(f"create schema {place.schema}")
    return place
