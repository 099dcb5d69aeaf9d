"""Batches: a file of chats becomes a file of replies, in the states that vendors document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

from .answers import digest_number
from .chats import tokens_of
from .files import DAY_SECONDS
from .ledger import Entry
from .mishaps import BatchMishaps
from .plays import Play
from .replies import body_bytes

HOUR_SECONDS = 3600
MOST_REQUESTS = 50_000

_UNSERVED = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": (
        "batch_cancelled",
        "This request was not executed because the batch was cancelled.",
    ),
}

Played = tuple[Entry, Play]


class PlayedRow(NamedTuple):
    """A line of a file that comes back, for the request of this name."""

    name: str
    text: bytes
    good: bool
    whole: bool = True


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One request of a batch: its name, and the chat that it is."""

    custom_id: str
    body: bytes

    @property
    def tokens(self) -> int:
        """What it takes of the tokens that may wait."""
        return tokens_of(len(self.body))


@dataclass(slots=True)
class PlayedBatch:
    """One batch; times are unix seconds on the server's clock, `ended` is 0 until it has.

    `wrong` are the errors that its file was refused for, `how` is how it ended. `outputs` and
    `errors` are the lines that came of it, in the files `output_file` and `error_file`; `counts`
    are its good and its bad replies.
    """

    id: str
    key: str
    spec: str
    path: str
    file: str
    metadata: Mapping[str, Any] | None
    headers: Mapping[str, str]
    created: int
    lines: Sequence[BatchRequest] = ()
    wrong: Sequence[dict[str, Any]] = ()
    how: str = ""
    ended: int = 0
    counts: tuple[int, int] = (0, 0)
    outputs: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    output_file: str | None = None
    error_file: str | None = None

    @property
    def tokens(self) -> int:
        """What its requests hold of the tokens that may wait."""
        return sum(line.tokens for line in self.lines)

    def is_due(self, mishaps: BatchMishaps, now: int) -> str:
        """What becomes of it by now: completed, expired; blank while it is under way."""
        seconds = now - self.created
        if seconds >= DAY_SECONDS and mishaps.hours * HOUR_SECONDS > DAY_SECONDS:
            return "expired"
        return "completed" if seconds >= mishaps.hours * HOUR_SECONDS else ""

    def done(self, mishaps: BatchMishaps, now: int) -> int:
        """How many of its requests were asked by now."""
        takes = mishaps.hours * HOUR_SECONDS
        seconds = min(now - self.created, DAY_SECONDS)
        return int(len(self.lines) * min(1.0, seconds / takes)) if takes else len(self.lines)

    def as_json(self, status: str, done: int) -> dict[str, Any]:
        """The batch as its page shows it."""
        completed, failed = self.counts if self.ended else (done, 0)
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.path,
            "errors": {"object": "list", "data": list(self.wrong)} if self.wrong else None,
            "input_file_id": self.file,
            "completion_window": "24h",
            "status": status,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "created_at": self.created,
            "expires_at": self.created + DAY_SECONDS,
            "request_counts": {
                "total": len(self.lines),
                "completed": completed,
                "failed": failed,
            },
            "metadata": self.metadata,
        }


def read_lines(data: bytes, path: str) -> tuple[list[BatchRequest], list[dict[str, Any]]]:
    """The requests in an uploaded file, and what is wrong with them."""
    lines: list[BatchRequest] = []
    wrong: list[dict[str, Any]] = []
    names: set[str] = set()
    models: set[str] = set()
    for number, raw in enumerate(data.splitlines(), 1):
        try:
            found = json.loads(raw)
            name, body = str(found["custom_id"]), dict(found["body"])
        except (ValueError, LookupError, TypeError):
            wrong.append(_error("invalid_json_line", "This line is not a request.", number))
            continue
        if found.get("url") != path or found.get("method") != "POST":
            wrong.append(_error("mismatched_endpoint", f"A request not for {path}.", number))
        if name in names:
            wrong.append(_error("duplicate_custom_id", "The custom_id was used before.", number))
        names.add(name)
        models.add(str(body.get("model")))
        lines.append(BatchRequest(name, json.dumps(body).encode()))
    if len(models) > 1:
        wrong.append(_error("mismatched_model", "A file is for one model.", None))
    if not 0 < len(lines) <= MOST_REQUESTS:
        wrong.append(_error("empty_file", "A file has 1 to 50,000 requests.", None))
    return lines, wrong


def too_many_tokens(model: str, most: int) -> dict[str, Any]:
    """What is said of a file that does not fit beside those that wait."""
    said = f"Enqueued token limit reached for {model} in organization org-faultd."
    return _error("token_limit_exceeded", f"{said} Limit: {most:,} enqueued tokens.", None)


def _error(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def run(
    batch: PlayedBatch, mishaps: BatchMishaps, done: int, play: Callable[[BatchRequest], Played]
) -> list[tuple[Entry, Play, int]]:
    """Ask the first `done` requests of a batch and write down what comes back of it.

    Returns what is to be booked: entry, play, and the bytes that the client can get of it.
    """
    played = [(line, *play(line)) for line in batch.lines[:done]]
    replies = [(entry, one, _reply_row(line, one)) for line, entry, one in played]
    good = [row for _, _, row in replies if row.good]
    bad = [row for _, _, row in replies if not row.good]
    batch.counts = (len(good), len(bad))
    batch.errors = [row.text for row in bad]
    batch.errors += [_unserved(line, batch.how) for line in batch.lines[done:]]
    rows = _mishandled(good, mishaps, batch.id)
    batch.outputs = [row.text for row in rows]
    came = {row.name for row in (*rows, *bad) if row.whole}
    return [(entry, one, len(row.text) * (row.name in came)) for entry, one, row in replies]


def _mishandled(good: list[PlayedRow], mishaps: BatchMishaps, seed: str) -> list[PlayedRow]:
    """The lines of an output file, after what goes wrong with them."""
    rows = good[mishaps.missing :]
    rows = [*rows, *rows[: mishaps.doubled], *map(_foreign, range(mishaps.foreign))]
    if mishaps.shuffled:
        rows.sort(key=lambda row: digest_number(row.name, seed))
    if mishaps.torn and rows:
        last = rows.pop()
        rows.append(last._replace(text=last.text[: len(last.text) // 2], whole=False))
    return rows


def _reply_row(line: BatchRequest, play: Play) -> PlayedRow:
    """A reply as a line: of the output file where it is good, of the error file where not."""
    body = body_bytes(play)[1]
    try:
        found = json.loads(body) if play.whole else None
    except ValueError:
        found = None
    if found is None:
        error = {"code": "request_timeout", "message": "The request did not end in time."}
        return PlayedRow(line.custom_id, _row(line.custom_id, None, error), good=False)
    response = {"status_code": play.status, "request_id": f"req-{line.custom_id}", "body": found}
    good = play.status < HTTPStatus.MULTIPLE_CHOICES
    return PlayedRow(line.custom_id, _row(line.custom_id, response, None), good)


def _unserved(line: BatchRequest, how: str) -> bytes:
    code, message = _UNSERVED[how]
    return _row(line.custom_id, None, {"code": code, "message": message})


def _foreign(number: int) -> PlayedRow:
    name = f"foreign-{number}"
    body = {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}
    response = {"status_code": 200, "request_id": f"req-{name}", "body": body}
    return PlayedRow(name, _row(name, response, None), good=True)


def _row(name: str, response: Any, error: Any) -> bytes:
    said = {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": error}
    return json.dumps(said).encode() + b"\n"
