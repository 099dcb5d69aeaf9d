"""The desk for files and batches: their routes, whose they are, and a clock that can be moved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .batches import BatchRequest, Played, PlayedBatch, read_lines, run, too_many_tokens
from .dialect import Dialect
from .files import Shelf, StoredFile, upload_of
from .ledger import Entry
from .mishaps import BatchMishaps
from .plays import Ending, Play
from .speaking import door, said_no
from .wire import BadRequestError, HttpRequest, frame

FILES, BATCHES = "/v1/files", "/v1/batches"
PAGE = 20

Answered = Callable[[str, HttpRequest, str], Played]
Booked = Callable[[Entry, Play, int], None]


@dataclass(slots=True)
class BatchDesk:
    """Files and batches of one server.

    `answer` plays a chat under a scenario for a batch, `book` writes down how that ended. The
    clock stands at `now`, in unix seconds, until it is moved.
    """

    dialect: Dialect
    answer: Answered
    book: Booked
    now: int
    mishaps: BatchMishaps
    shelf: Shelf = field(default_factory=Shelf)
    batches: dict[str, PlayedBatch] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def knows(self, route: str) -> bool:
        """Whether a route is one of files or batches."""
        return self.dialect.batches and route.startswith((FILES, BATCHES))

    def pass_time(self, seconds: float) -> None:
        """Move the clock on, and do what is due by then."""
        self.now += int(seconds)
        for batch in self.batches.values():
            self._settle(batch)

    def perform(self, spec: str, route: str, request: HttpRequest) -> Play:
        """The reply to a request for a file or a batch; raises BadRequestError."""
        if (closed := door(self.dialect, request)) is not None:
            return closed
        kind, *rest = route.removeprefix("/v1/").split("/")
        key = _key(self.dialect, request)
        work = f"{request.method} {kind}"
        if not rest:
            return self._all(work, key, spec, request)
        if kind == "files":
            return self._one_file(request.method, rest, key)
        return self._one_batch(request.method, rest, key)

    def _all(self, work: str, key: str, spec: str, request: HttpRequest) -> Play:
        match work:
            case "POST files":
                return self._upload(key, request)
            case "GET files":
                return self._page_of(
                    [one.as_json() for one in self.shelf.of(key, self.now)], request
                )
            case "POST batches":
                return self._create(key, spec, request)
            case "GET batches":
                mine = [one for one in reversed(self.batches.values()) if one.key == key]
                return self._page_of([self._shown(one) for one in mine], request)
        return said_no(self.dialect, 405, "Not allowed.")

    def _page_of(self, rows: list[dict[str, Any]], request: HttpRequest) -> Play:
        """One page of a list, the newest first, behind the row that `after` names."""
        given = {name: said[0] for name, said in parse_qs(urlsplit(request.path).query).items()}
        ids = [row["id"] for row in rows]
        begin = ids.index(given["after"]) + 1 if given.get("after") in ids else 0
        size = min(int(given.get("limit", PAGE)), self.mishaps.page)
        page = rows[begin : begin + size]
        more = begin + size < len(rows)
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
        return _page({"object": "list", "data": page, "has_more": more} | ends)

    # --- files ----------------------------------------------------------------------------------

    def _one_file(self, method: str, rest: list[str], key: str) -> Play:
        stored = self.shelf.get(key, rest[0], self.now)
        if stored is None:
            return said_no(self.dialect, 404, f"No such File object: {rest[0]}")
        match method, rest[1:]:
            case "GET", []:
                return _page(stored.as_json())
            case "GET", ["content"]:
                return self._content(stored)
            case "DELETE", []:
                self.shelf.drop(stored.id)
                return _page({"id": stored.id, "object": "file", "deleted": True})
        return said_no(self.dialect, 405, "Not allowed.")

    def _upload(self, key: str, request: HttpRequest) -> Play:
        how = self._hit("upload")
        if how == "cut":
            return Play((), status=0, ending=Ending.RESET, whole=False)
        if how == "500":
            return said_no(self.dialect, 500, "The server had an error.")
        name, purpose, data = upload_of(request)
        stored = self.shelf.put(key, name, purpose, data, self.now)
        if how == "lost":
            return Play((), status=0, ending=Ending.RESET, whole=False)
        return _page(stored.as_json())

    def _content(self, stored: StoredFile) -> Play:
        if self._hit("download") == "cut":
            half = frame(200, stored.data[: len(stored.data) // 2], length=len(stored.data))
            return Play((half,), ending=Ending.RESET, whole=False)
        return Play((frame(200, stored.data, content_type="application/octet-stream"),))

    # --- batches --------------------------------------------------------------------------------

    def _one_batch(self, method: str, rest: list[str], key: str) -> Play:
        batch = self.batches.get(rest[0])
        if batch is None or batch.key != key:
            return said_no(self.dialect, 404, f"No batch found with id '{rest[0]}'.")
        match method, rest[1:]:
            case "GET", []:
                return _page(self._shown(batch))
            case "POST", ["cancel"]:
                return self._cancel(batch)
        return said_no(self.dialect, 405, "Not allowed.")

    def _create(self, key: str, spec: str, request: HttpRequest) -> Play:
        wanted = _document(request.body)
        stored = self.shelf.get(key, str(wanted.get("input_file_id")), self.now)
        if stored is None or stored.purpose != "batch":
            return said_no(self.dialect, 400, "No such input file for a batch.")
        if wanted.get("completion_window") != "24h" or wanted.get("endpoint") != self.path:
            return said_no(self.dialect, 400, f"A batch is for {self.path} within 24h.")
        batch = self._made(key, spec, stored, wanted.get("metadata"), request.headers)
        how = self._hit("create")
        if how == "reset":
            return Play((), status=0, ending=Ending.RESET, whole=False)
        if how == "500":
            return said_no(self.dialect, 500, "The server had an error.")
        return _page(batch.as_json("validating", 0))

    @property
    def path(self) -> str:
        """The path that a line of a batch asks for."""
        return self.dialect.batch_path

    def _made(
        self, key: str, spec: str, stored: StoredFile, metadata: Any, headers: Mapping[str, str]
    ) -> PlayedBatch:
        lines, wrong = read_lines(stored.data, self.path)
        batch = PlayedBatch(
            id=f"batch_{len(self.batches) + 1:06}",
            key=key,
            spec=spec,
            path=self.path,
            file=stored.id,
            metadata=metadata,
            headers=headers,
            created=self.now,
            lines=lines,
            wrong=wrong or self._too_many(key, lines),
        )
        self.batches[batch.id] = batch
        self._settle(batch)
        return batch

    def _too_many(self, key: str, lines: list[BatchRequest]) -> list[dict[str, Any]]:
        most = self.mishaps.queued
        open_ones = (one for one in self.batches.values() if one.key == key and not one.ended)
        waiting = sum(one.tokens for one in open_ones) + sum(line.tokens for line in lines)
        model = str(json.loads(lines[0].body).get("model")) if lines else ""
        return [too_many_tokens(model, most)] if most and waiting > most else []

    def _settle(self, batch: PlayedBatch, how: str = "") -> None:
        """Let a batch end where its time has come, or somebody says how."""
        how = "failed" if batch.wrong else how or batch.is_due(self.mishaps, self.now)
        if batch.ended or not how:
            return
        batch.how, batch.ended = how, self.now
        if how == "failed":
            return
        booked = run(batch, self.mishaps, batch.done(self.mishaps, self.now), self._player(batch))
        for entry, play, across in booked:
            self.book(entry, play, across)
        batch.output_file = self._file(batch, "output", batch.outputs)
        batch.error_file = self._file(batch, "error", batch.errors)

    def _player(self, batch: PlayedBatch) -> Callable[[BatchRequest], Played]:
        def play(line: BatchRequest) -> Played:
            request = HttpRequest("POST", self.path, batch.headers, line.body)
            return self.answer(batch.spec, request, batch.id)

        return play

    def _file(self, batch: PlayedBatch, kind: str, rows: list[bytes]) -> str | None:
        if not rows:
            return None
        name = f"{batch.id}_{kind}.jsonl"
        return self.shelf.put(batch.key, name, "batch_output", b"".join(rows), self.now).id

    def _shown(self, batch: PlayedBatch) -> dict[str, Any]:
        self._settle(batch)
        status = batch.how or "in_progress"
        return batch.as_json(status, batch.done(self.mishaps, self.now))

    def _cancel(self, batch: PlayedBatch) -> Play:
        self._settle(batch)
        if batch.ended:
            return said_no(self.dialect, 409, f"A batch that is {batch.how} cannot be cancelled.")
        self._settle(batch, "cancelled")
        return _page(replace(batch, output_file=None, error_file=None).as_json("cancelling", 0))

    def _hit(self, kind: str) -> str:
        """What befalls this request; blank for nothing."""
        self.met[kind] += 1
        befalls: str = getattr(self.mishaps, kind)
        return befalls if self.met[kind] <= self.mishaps.times else ""


def _key(dialect: Dialect, request: HttpRequest) -> str:
    return request.headers.get(dialect.key_header or "authorization", "")


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadRequestError(400, "the request body is not a JSON object")
    return found


def _page(document: object) -> Play:
    return Play((frame(200, json.dumps(document).encode()),))
