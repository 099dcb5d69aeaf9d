"""A fresh copy of the project in which the commands of a page are typed as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .dbt.project import REPOSITORY, Project
from .warm import warm_python

SCRIPTS = {
    "scripts/build": 'exec {warm} -m assay.cli.main build "$@"',
    "scripts/assay": 'exec {warm} -m assay.cli.main "$@"',
    "scripts/faultd": 'exec {python} -m assay.faultd "$@"',
    "scripts/llamacpp": 'exec {repository}/scripts/llamacpp "$@"',
    "scripts/setup": "true",
    ".venv/bin/dbt": 'exec {warm} -m dbt "$@"',
}
"""What a page may call; all do everything but the set-up."""


def fresh_clone(root: Path) -> Project:
    """What a clone holds, under git."""
    project = Project(root).add_shipped()
    for name, command in SCRIPTS.items():
        script = project.root / name
        script.parent.mkdir(parents=True, exist_ok=True)
        line = command.format(warm=warm_python(), python=sys.executable, repository=REPOSITORY)
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
    (project.root / ".gitignore").write_text((REPOSITORY / ".gitignore").read_text())
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "All")):
        subprocess.run(["git", *words], cwd=project.root, check=True)
    return project


def pattern(line: str) -> re.Pattern[str]:
    """A line of a page, in which `...` stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in line.split("...")))


def missing(promised: tuple[str, ...], printed: list[str]) -> list[str]:
    """The lines that were promised and are not printed in this order."""
    rest, lost = list(printed), []
    for line in (line for line in promised if line.strip(". ")):
        found = next((at for at, said in enumerate(rest) if pattern(line).fullmatch(said)), None)
        if found is None:
            lost.append(line)
        else:
            rest = rest[found + 1 :]
    return lost
