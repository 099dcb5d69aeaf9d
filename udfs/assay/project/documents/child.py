"""The child in which documents are read, seen from outside: asked, bounded, ended, opened anew."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import IO, Any, Literal, get_args

from assay.core.extras import extra

DocumentStatus = Literal[
    "ok",  # it has text
    "no_text",  # it can be read and has none, such as a scan
    "empty",  # it has no bytes
    "encrypted",  # it wants a password
    "unknown_kind",  # nobody knows what it is, or reads such a thing
    "too_big",  # bytes, characters or memory are beyond a bound
    "timeout",  # it took too long
    "invalid",  # it is broken, or cannot be opened
    "crashed",  # the child died of it
]
STATUSES: tuple[DocumentStatus, ...] = get_args(DocumentStatus)

SECONDS = 60.0
MEMORY = 2 << 30
_LONGEST_REPLY = 256 << 20
_NEEDED = ("SYSTEMROOT",)
"""What Windows starts no process without."""

_METHOD = 3
"""Raised when the same parser is asked otherwise, so that documents are read again."""


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What was read of a document: `pages` are numbers from 1 and texts, `metadata` is JSON.

    `kind` is a media type; `pages` is empty for kinds that have none.
    """

    status: DocumentStatus
    kind: str | None = None
    error: str | None = None
    title: str | None = None
    page_count: int | None = None
    text: str | None = None
    pages: tuple[tuple[int, str], ...] = ()
    metadata: str | None = None


def parser_version() -> str:
    """Return what reads documents here; raises `ConfigError` where it is not installed."""
    with extra("documents", "Reading documents"):
        return f"kreuzberg-{version('kreuzberg')}/{_METHOD}"


class Child:
    """One process that reads a document after the other; it lives until it is closed or ended.

    It may take `memory` bytes, and `seconds` for each document.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds, self._memory = seconds, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def read(self, name: str, data: bytes) -> DocumentReading:
        """Return what the bytes of a file called `name` hold; never raises for a document."""
        process = self._process = self._process or self._opened()
        with _ended_after(process, self._seconds) as late:
            reply = _reply(process, name, data)
        if reply is not None and not late.is_set():
            return _taken(reply)
        code = self._end()
        if late.is_set():
            return DocumentReading(
                "timeout", error=f"It took more than {self._seconds:g} seconds."
            )
        return DocumentReading("crashed", error=f"Its reader ended with {code}.")

    def close(self) -> None:
        """End the process, whatever it does, and leave nothing of it."""
        self._end()
        if self._folder is not None:
            self._folder.cleanup()

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        for pipe in _pipes(process):
            with contextlib.suppress(OSError):  # what was not sent can no longer be
                pipe.close()
        return process.wait()

    def _opened(self) -> subprocess.Popen[bytes]:
        """Open the process: nothing of the environment, of this folder or of the user is in it.

        It has a folder of its own, for what the parser unpacks of itself.
        """
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="assay-documents-")
        own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)
        bounds = (str(self._memory), str(round(self._seconds * 1.5) + 1))
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-I", "-m", "assay.project.documents.reader", *bounds],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=own | {name: os.environ[name] for name in _NEEDED if name in os.environ},
            start_new_session=True,  # Ctrl-C is for the parent, which ends it
        )


@contextlib.contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill a process after so many seconds, and set what is yielded."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()


def _reply(process: subprocess.Popen[bytes], name: str, data: bytes) -> bytes | None:
    """Return the line that a process answers with; None where it ended before."""
    asked, replies = _pipes(process)
    head = json.dumps({"name": name, "bytes": len(data)})
    with contextlib.suppress(BrokenPipeError):
        asked.write(head.encode() + b"\n")
        asked.write(data)
        asked.flush()
        line = replies.readline(_LONGEST_REPLY)
        return line if line.endswith(b"\n") else None
    return None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None  # noqa: S101 - opened so
    assert process.stdout is not None  # noqa: S101 - the same
    return process.stdin, process.stdout


def _taken(reply: bytes) -> DocumentReading:
    found: dict[str, Any] = json.loads(reply)
    pages = tuple((int(number), str(text)) for number, text in found.pop("pages", ()))
    return DocumentReading(pages=pages, **found)
