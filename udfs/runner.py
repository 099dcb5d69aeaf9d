"""Running dbt as a child: signals are passed on, and the exit code says what ended the run."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

from udfs.errors import ConfigError
from udfs.lineage import Code

GRACE_SECONDS = 1.0
"""How long a child that got the terminal's Ctrl-C as well may take before it is told again."""

AGAIN_SECONDS = 2.0
"""A Ctrl-C that falls into the start-up of Python may be lost: then the child hears another."""

KILL_SECONDS = 4.0
"""After this the child is killed; everything that was answered is on disk already."""

BUDGET_EXIT = 3
QUOTA_EXIT = 4

SIGNALLED = 128
"""Exit codes above are this and the signal that ended a run, as shells have it."""

EXIT_CODES = {"budget": BUDGET_EXIT, "quota": QUOTA_EXIT}
"""Exit code for what stopped a run, where dbt's own (0, 1, 2) would not tell."""


BESIDE = Path("target") / "beside"
"""Where commands that only look let dbt write, so that what the last build left stays there."""

COMPILED = "assay_compiled.json"
"""What dbt does not compile before it runs it, compiled beside: the fields of `Code`."""

_PARSED = "partial_parse.msgpack"

_STAMP = re.compile(r"^(\x1b\[[0-9;]*m)*\d\d:\d\d:\d\d +|\x1b\[[0-9;]*m", re.MULTILINE)


def manifest_beside(command: str, *arguments: str) -> dict[str, Any]:
    """Run `dbt compile` or `dbt parse` and return the manifest, leaving the last build's alone.

    Raises `ConfigError` with what dbt says where it fails; ends with dbt where a signal does.
    """
    if not Path("dbt_project.yml").exists():
        message = "There is no dbt_project.yml here; run this in the folder of the project."
        raise ConfigError(message)
    _remember_the_build()
    with tempfile.TemporaryFile("w+") as printed:
        beside = ["--quiet", "--target-path", str(BESIDE)]
        code = run_dbt([command, *beside, *arguments], printed)
        if code > SIGNALLED:
            sys.exit(code)
        if code:
            printed.seek(0)
            said = _STAMP.sub("", printed.read()).replace("Encountered an error:", "")
            message = f"dbt {command} failed: {' '.join(said.split())}"
            raise ConfigError(message)
    return _read(BESIDE / "manifest.json")


def code_beside(*arguments: str) -> Code:
    """Return the project as a build with these arguments would run it, compiled beside.

    Raises and ends as `manifest_beside` does.
    """
    (BESIDE / COMPILED).unlink(missing_ok=True)
    manifest = manifest_beside("compile", *arguments)
    rest = _read(BESIDE / COMPILED) if (BESIDE / COMPILED).exists() else {}
    return Code(manifest, **rest)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _remember_the_build() -> None:
    """Let dbt begin beside with what it parsed for the build; it parses what has changed since."""
    parsed, own = BESIDE.parent / _PARSED, BESIDE / _PARSED
    if parsed.exists() and not own.exists():
        BESIDE.mkdir(exist_ok=True)
        shutil.copyfile(parsed, own)


class _Told:
    """Remembers the first signal that asked the run to end, and when."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.at = 0.0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.number is None:
            self.number, self.at = number, time.monotonic()


def run_dbt(arguments: Sequence[str], printed: IO[str] | None = None) -> int:
    """Run dbt and return its exit code, or 128 plus the signal that ended it, as shells do.

    What it prints goes where ours goes, or to the file `printed`.

    SIGINT and SIGTERM end it within five seconds, also where the shell had made the process deaf
    to SIGINT, as it does for jobs in the background of a script.
    """
    told = _Told()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    dbt = [sys.executable, "-m", "udfs.child"]
    child = subprocess.Popen([*dbt, *arguments], stdout=printed)  # noqa: S603 - our own dbt
    while (code := _wait(child)) is None:
        if told.number is not None:
            return _end(child, told)
    return code if told.number is None else SIGNALLED + told.number


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.wait(timeout=0.1)
    return None


def _end(child: subprocess.Popen[bytes], told: _Told) -> int:
    """End the child: it may have heard of it already, is told again, and is killed at last."""
    first = 0.0 if told.number == signal.SIGTERM else GRACE_SECONDS
    waited = [
        (first, signal.SIGINT),
        (AGAIN_SECONDS, signal.SIGINT),
        (KILL_SECONDS, signal.SIGKILL),
    ]
    for seconds, number in waited:
        while child.poll() is None and time.monotonic() - told.at < seconds:
            time.sleep(0.05)
        if child.poll() is None:
            child.send_signal(number)
    child.wait()
    return SIGNALLED + (told.number or 0)
