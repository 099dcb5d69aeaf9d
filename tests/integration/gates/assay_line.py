"""`./scripts/assay` in a project of its own, as a subprocess in the project's environment."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from ..dbt.project import Project

SECONDS = 120


@dataclass(frozen=True)
class Said:
    """How a command ended and all that it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def command(*arguments: str) -> list[str]:
    """The command line of a subcommand."""
    return [sys.executable, "-m", "udfs.cli", *arguments]


def assay(project: Project, *arguments: str, **env: str) -> Said:
    """Run a subcommand in the folder of a project and wait for it."""
    done = subprocess.run(
        command(*arguments),
        cwd=project.root,
        env=project._environment(env),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)
