"""`./scripts/assay` in a project of its own, as a subprocess in the project's environment."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

from ..dbt.project import Project


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
    return [sys.executable, "-m", "assay.cli.main", *arguments]


def assay(project: Project, *arguments: str, **env: str) -> Said:
    """Run a subcommand in the folder of a project and wait for it."""
    done = project.run("assay.cli.main", *arguments, env=env)
    return Said(done.code, done.out, done.err)
