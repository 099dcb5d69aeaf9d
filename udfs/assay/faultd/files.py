"""Files that clients leave with the server: uploaded, listed, read, deleted, each by its key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .wire import BadRequestError, HttpRequest

DAY_SECONDS = 86_400
KEPT_SECONDS = 30 * DAY_SECONDS
"""How long a file is kept (platform.openai.com/docs, files of batches)."""

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?([^";]+)')
_NAME = re.compile(rb'\bname="([^"]*)"')
_FILENAME = re.compile(rb'\bfilename="([^"]*)"')


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file; `key` is who left it, `created` unix seconds on the server's own clock."""

    id: str
    key: str
    name: str
    purpose: str
    data: bytes
    created: int

    def as_json(self) -> dict[str, Any]:
        """The file as its page shows it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass(slots=True)
class Shelf:
    """All files of a server, by id; a file is there for the key that left it, for 30 days."""

    files: dict[str, StoredFile] = field(default_factory=dict)
    left: int = 0

    def put(self, key: str, name: str, purpose: str, data: bytes, now: int) -> StoredFile:
        """Keep a file."""
        self.left += 1
        stored = StoredFile(f"file-{self.left:06}", key, name, purpose, data, now)
        self.files[stored.id] = stored
        return stored

    def get(self, key: str, file_id: str, now: int) -> StoredFile | None:
        """The file of this id; None where this key has none (any more)."""
        return next((one for one in self.of(key, now) if one.id == file_id), None)

    def of(self, key: str, now: int) -> Iterator[StoredFile]:
        """All files of a key, the newest first."""
        for stored in reversed(self.files.values()):
            if stored.key == key and now - stored.created < KEPT_SECONDS:
                yield stored

    def drop(self, file_id: str) -> None:
        """Keep a file no longer."""
        self.files.pop(file_id, None)


def upload_of(request: HttpRequest) -> tuple[str, str, bytes]:
    """Name, purpose and content of the file that a form brings; raises BadRequestError."""
    form = {name: (filename, data) for name, filename, data in _parts(request)}
    try:
        (filename, data), (_, purpose) = form["file"], form["purpose"]
    except KeyError as missing:
        raise BadRequestError(400, f"the form has no field {missing}") from None
    return filename, purpose.decode(), data


def _parts(request: HttpRequest) -> Iterator[tuple[str, str, bytes]]:
    """The fields of a form: name, file name (blank without one), content."""
    found = _BOUNDARY.match(request.headers.get("content-type", ""))
    if found is None:
        raise BadRequestError(400, "a file comes as multipart/form-data")
    for part in request.body.split(f"--{found[1]}".encode())[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        said = filename[1].decode() if filename else ""
        yield (name[1].decode() if name else "", said, data.removesuffix(b"\r\n"))
