"""The files of a folder, and their bytes: nothing is followed out of it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import ConfigError

MOST_BYTES = 100 << 20


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: `name` is its path as tables have it, `modified_us` microseconds since 1970."""

    path: Path
    name: str
    size: int
    modified_us: int

    def pseudo_hash(self, why: str) -> str:
        """Return what stands for the hash of bytes that were not read."""
        about = f"{self.name}:{self.size}:{self.modified_us}"
        return f"{why}:{hashlib.sha256(about.encode()).hexdigest()}"


def checked(folders: Iterable[Path]) -> list[Path]:
    """Return the folders as they are from anywhere, none inside another.

    Raises `ConfigError` for what is no folder that can be listed.
    """
    given = sorted({folder.resolve() for folder in folders})
    for folder in given:
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            message = (
                f"{folder} is no folder that can be read; name one that holds documents, in the "
                "command or in `ASSAY_DOCUMENTS`."
            )
            raise ConfigError(message)
    return [one for one in given if not any(other in one.parents for other in given)]


def named(path: Path, root: Path) -> str:
    """Return a path as tables have it: from the project's folder, or whole where it is outside."""
    known = path.relative_to(root) if path.is_relative_to(root) else path
    return os.fsencode(known.as_posix()).decode("utf-8", "replace")


def files_in(folder: Path, root: Path) -> Iterator[FoundFile]:
    """Yield the files below a folder in the order of their paths; no link is followed.

    Hidden files and folders, which begin with a dot, are none of them.
    """
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(place, name)
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield FoundFile(path, named(path, root), about.st_size, about.st_mtime_ns // 1000)


def bytes_of(file: FoundFile) -> bytes:
    """Return what a file holds, at most a byte more than `MOST_BYTES`.

    Raises `OSError` where it cannot be opened, or has become a link or a device meanwhile.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(file.path, flags | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            message = "it is no ordinary file"
            raise OSError(message)
        return opened.read(MOST_BYTES + 1)
