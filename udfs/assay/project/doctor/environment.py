"""The environment: whether it is this project's, and is what `dbt` means in this shell."""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assay.hosts.dbt.home import OWN
from assay.project.doctor.finding import Finding

_SUBJECT = "environment"
_SET_UP = "Run ./scripts/setup, which mends it."
_HEAD_BYTES = 4096
"""Within which a program says what runs it."""


def environment_findings(project: Path) -> Iterator[Finding]:
    """Yield whether this process's environment runs the code of `project`, and `dbt` is its own.

    A folder that was copied or moved keeps an environment that knows the folder before.
    """
    programs = Path(sysconfig.get_path("scripts"))
    wrong = [
        finding
        for finding in (
            code_finding(project, installed_from()),
            program_finding(programs),
            shell_finding(programs, os.environ.get("PATH")),
        )
        if finding is not None
    ]
    yield from wrong
    if not wrong:
        yield Finding(_SUBJECT, f"{programs.parent} is of this folder.")


def installed_from() -> Path | None:
    """Return the folder whose code this environment runs; None for an ordinary package."""
    try:
        said = json.loads(distribution("assay").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    if not said.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(str(said["url"])).path))


def code_finding(project: Path, installed: Path | None) -> Finding | None:
    """Return what is wrong where a project has code of its own and another folder's runs."""
    own = (project / OWN / "plugin.py").exists()
    if installed is None or not own or installed.resolve() == project.resolve():
        return None
    return Finding(_SUBJECT, f"It runs the code of {installed}, not of {project}.", _SET_UP)


def program_finding(programs: Path) -> Finding | None:
    """Return what is wrong where the command `dbt` of an environment starts another's Python."""
    program = programs / "dbt"
    try:
        with program.open("rb") as file:
            head = file.read(_HEAD_BYTES).replace(b"\\", b"")  # as the shell reads it
    except OSError:
        return Finding(_SUBJECT, f"{program} is not there.", _SET_UP)
    if os.fsencode(programs) in head or os.fsencode(programs.resolve()) in head:
        return None
    return Finding(_SUBJECT, f"{program} starts the Python of another folder.", _SET_UP)


def shell_finding(programs: Path, path: str | None) -> Finding | None:
    """Return a warning where `dbt` means another environment's in a shell with this PATH."""
    found = shutil.which("dbt", path=path)
    if found is None or Path(found).resolve().parent == programs.resolve():
        return None
    remedy = f"Type `source {programs / 'activate'}` there before you call it."
    text = f"`dbt` is {found} in this shell, which is of another environment."
    return Finding(_SUBJECT, text, remedy, may_stay=True)
