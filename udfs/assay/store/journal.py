"""The journal: what one process has sent, and what came back before the store had it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assay.core.errors import StoreError
from assay.core.program import program
from assay.core.values import Attempt
from assay.store.records import Landing, Values

_SENT, _LANDED = "sent", "landed"
_HEAD_FIELDS, _TASK_FIELDS = 6, 4

NOT_UNDERSTOOD = (TypeError, ValueError, LookupError, AttributeError, OverflowError)
"""What an entry of a shape that we do not know raises; a disk that fails raises something else."""


class Journal:
    """Lines in a file that outlives a kill, though not the machine: no line costs an fsync.

    Each attempt is noted before it is sent, and kept with its answers before its slot is free. So
    a kill costs what was in flight and nothing that had come back, while commits, which take
    milliseconds, hold nobody up. `open_lines` are those that the store does not have yet.
    """

    def __init__(self, file: int, folder: Path) -> None:
        self._file: int | None = file
        self._folder = folder
        self._open: dict[str, list[bytes]] = {}

    def note(self, attempt: Attempt) -> None:
        """Write down that `attempt` is about to be sent; what cannot be noted is not sent."""
        line = _line([_SENT, attempt])
        self._append(line)
        self._open[attempt.attempt_id] = [line]

    def keep(self, landing: Landing) -> None:
        """Write down what an attempt brought; where that fails, the store may still take it."""
        heads: dict[tuple[Any, ...], int] = {}
        answers = [
            (row[0].hex(), heads.setdefault((*row[1:5], *row[7:9]), len(heads)), *row[5:7], row[9])
            for row in landing.answers
        ]
        line = _line([_LANDED, landing.call, list(heads), answers, landing.tasks])
        self._open.setdefault(landing.call.attempt_id, []).append(line)
        self._append(line)

    def stored(self, landing: Landing) -> None:
        """The store has it."""
        self._open.pop(landing.call.attempt_id, None)

    def open_lines(self) -> list[bytes]:
        """Return what the store does not have yet, as lines for `entries`."""
        return [line for lines in self._open.values() for line in lines]

    def close(self) -> None:
        """Write no more; the file stays for whoever buries its owner."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is None:
            raise self._unwritten("the store is closed")
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise self._unwritten(error.strerror) from error
        if written < len(line):
            raise self._unwritten("no space left on device")

    def _unwritten(self, reason: str | None) -> StoreError:
        return StoreError(
            f"The journal of the store in {self._folder} cannot be written: {reason}. Nothing "
            f"further is sent. Make room, or see `{program('doctor')}`."
        )


def entries(lines: Iterable[bytes]) -> Iterator[Attempt | Landing]:
    """Yield what `lines` of a journal say: an attempt that was sent, or what one brought.

    An attempt that was sent and brought nothing was in flight, and may have been paid for. A line
    that was cut or damaged, as its seal tells, says nothing. The lines may be those of another
    version: what it appended is passed over, and an entry that is not understood says nothing
    either.
    """
    for line in lines:
        seal, _, body = line.strip(b"\n").partition(b" ")
        if seal == _seal(body) and (said := _understood(body)) is not None:
            yield said


def _understood(body: bytes) -> Attempt | Landing | None:
    try:
        return _entry(json.loads(body))
    except NOT_UNDERSTOOD:
        return None


def _entry(entry: list[Any]) -> Attempt | Landing | None:
    match entry:
        case [kind, call, *_] if kind == _SENT:
            return _attempt(call)
        case [kind, call, heads, answers, tasks, *_] if kind == _LANDED:
            rows = [_answer(heads[head], key, *body) for key, head, *body in answers]
            tasks = [task[:_TASK_FIELDS] for task in tasks]
            return Landing(_attempt(call), rows, tasks)
    return None


def _attempt(call: list[Any]) -> Attempt:
    """Return an attempt of any version: what it has more is cut, what it has less is filled."""
    return Attempt(*call[: len(Attempt._fields)])


def _answer(
    head: list[Any],
    key: str,
    value: str,
    confidence: float | None,
    expires_at: str | None = None,
    *_more: object,
) -> Values:
    """Return a row of `answers` from what it shares with others and what is its own."""
    return (bytes.fromhex(key), *head[:4], value, confidence, *head[4:_HEAD_FIELDS], expires_at)


def _line(entry: list[Any]) -> bytes:
    """Return an entry between line ends: what was cut short before it does not spoil it."""
    body = json.dumps(entry).encode()
    return b"\n%s %s\n" % (_seal(body), body)


def _seal(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=8).hexdigest().encode()
