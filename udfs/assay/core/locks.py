"""Locks on files: one process holds one, on any system, and it is free again when that ends.

On Linux, macOS and Windows the operating system lets go of a lock when its holder ends, however
it ends. Where a system or a file system has no such locks, the file names its holder, and whoever
finds that one gone takes it over.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock as BaseFileLock  # for those who name what they hold


def lock_on(file: Path) -> BaseFileLock:
    """Return the lock whose file is `file`, not taken yet; that file holds nothing else.

    `with lock_on(file):` waits for it. A child made by a fork does not hold what its parent holds.
    """
    from filelock import FileLock  # whoever only imports the engine loads nothing of it

    return FileLock(file, mode=0o600, thread_local=False)


def take_at_once(lock: BaseFileLock) -> bool:
    """Take `lock`, or return False where somebody holds it."""
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def is_locked(file: Path) -> bool:
    """Whether a process, this one included, holds the lock on `file`."""
    if not file.exists():
        return False
    lock = lock_on(file)
    if not take_at_once(lock):
        return True
    lock.release()
    return False
