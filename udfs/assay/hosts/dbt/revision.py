"""Which revision of its code a project is at: what git says of its folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SECONDS = 10


def git(project: Path, *arguments: str) -> str | None:
    """Return what git says of the project; None without git or outside a repository."""
    if (program := shutil.which("git")) is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - git with words of our own
            [program, *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
