"""Running dbt as a child: signals are passed on, and the exit code says what ended the run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any

from assay.core.errors import ConfigError
from assay.hosts.dbt.lineage import Code
from assay.hosts.dbt.progress import IN_SHORT
from assay.hosts.dbt.project_folder import FILE, target_of
from assay.hosts.dbt.rendering import read_yaml
from assay.hosts.duckdb.data_files import not_utf8
from assay.hosts.duckdb.reading import macro_like

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


BESIDE = "beside"
"""The folder, in dbt's own, where commands that only look let dbt write: what the last build left
stays there."""

COMPILED = "assay_compiled.json"
"""What dbt does not compile before it runs it, compiled beside: the fields of `Code`."""

_PARSED = "partial_parse.msgpack"

_TEXTS = (".sql", ".yml", ".yaml", ".csv", ".md")
_TEXT_FOLDERS = {"model-paths": "models", "seed-paths": "seeds", "macro-paths": "macros"}

_AROUND = re.compile("Encountered an error:$|> (in|called by) ")
"""Lines around what dbt says of an error."""

_KIND = re.compile(r"^(?:\w+ )+Error(?: in (.+))?$")
"""The line above it: what kind of error it is, and of which file."""

_NO_NODE = re.compile(r".*\binline_query\b.* on a node named '([^']*)' which was not found.*")
"""What dbt says of text that it renders for a command, where nothing has that name."""

_NOT_SELECTED = re.compile(r"(The selection criterion '.*' does not match any enabled nodes)\.?$")

_INLINE = re.compile(
    r"Error while parsing node: inline_query |sql_operation inline_query \(from .*?\): "
    r"| Error parsing inline query$"
)
"""What dbt says around an error of such a text, which has no name and no file."""

_NO_MACRO = re.compile(r"'(\w+)' is undefined\. This can happen when calling a macro .*")

_STAMP = re.compile(r"^(\x1b\[[0-9;]*m)*\d\d:\d\d:\d\d +|\x1b\[[0-9;]*m", re.MULTILINE)


def manifest_beside(command: str, *arguments: str) -> dict[str, Any]:
    """Run `dbt compile` or `dbt parse` and return the manifest, leaving the last build's alone.

    Raises `ConfigError` with what dbt says where it fails; ends with dbt where a signal does.
    """
    _run_beside(command, *arguments)
    return _read(beside() / "manifest.json")


def rendered_beside(text: str) -> str:
    """Return Jinja as dbt renders it with the project's macros; raises and ends likewise."""
    said = _run_beside("compile", "--no-populate-cache", "--output", "json", "--inline", text)
    return str(json.loads(said)["compiled"])


def _run_beside(command: str, *arguments: str) -> str:
    """Run a command of dbt that only looks, and return what it prints."""
    if not Path("dbt_project.yml").exists():
        message = "There is no dbt_project.yml here; run this in the folder of the project."
        raise ConfigError(message)
    folder = beside()
    _remember_the_build(folder)
    with tempfile.TemporaryFile("w+") as printed:
        options = ["--quiet", "--target-path", str(folder)]
        code = run_dbt([command, *options, *arguments], printed)
        if code > SIGNALLED:
            sys.exit(code)
        printed.seek(0)
        said = printed.read()
    if code:
        raise ConfigError(what_failed(command, said))
    return said


def what_failed(command: str, said: str) -> str:
    """Return in one line what is wrong where dbt `said` so and failed.

    Without its stamps, its names for kinds of errors, and the macros that were under way. The
    command is named where nothing else is said.
    """
    lines = [line.strip() for line in _STAMP.sub("", said).splitlines()]
    told = [_KIND.sub(r"\1:", line).lstrip(":") for line in lines if not _AROUND.match(line)]
    line = " ".join(" ".join(told).split())
    line = _NO_NODE.sub(r"There is no model or seed '\1' in this project; see its name.", line)
    line = _NOT_SELECTED.sub(r"\1; see its name, `dbt ls` lists them all.", line)
    line = _NO_MACRO.sub(lambda found: _no_macro(found[1]), _INLINE.sub("", line))
    return line or f"dbt {command} failed; run it to see why."


def _no_macro(name: str) -> str:
    """Return that there is no such macro, and which may be meant."""
    meant = macro_like(name)
    hint = f"did you mean {meant}?" if meant else "see its name, and `packages.yml`."
    return f"There is no macro {name!r}; {hint}"


def beside() -> Path:
    """Return the folder in which commands that only look let dbt write."""
    return target_of(Path()) / BESIDE


def code_beside(*arguments: str) -> Code:
    """Return the project as a build with these arguments would run it, compiled beside.

    Raises and ends as `manifest_beside` does.
    """
    (beside() / COMPILED).unlink(missing_ok=True)
    manifest = manifest_beside("compile", *arguments)
    rest = _read(beside() / COMPILED) if (beside() / COMPILED).exists() else {}
    return Code(manifest, **rest)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _remember_the_build(folder: Path) -> None:
    """Let dbt begin beside with what it parsed for the build; it parses what has changed since."""
    parsed, own = folder.parent / _PARSED, folder / _PARSED
    if parsed.exists() and not own.exists():
        folder.mkdir(exist_ok=True)
        shutil.copyfile(parsed, own)


def project_flags(project: Path) -> dict[str, Any]:
    """Return `flags` of dbt_project.yml; none where dbt, too, will not be able to read it."""
    flags = (read_yaml(project / FILE) or {}).get("flags")
    return flags if isinstance(flags, dict) else {}


def check_texts(project: Path) -> None:
    """Raise `ConfigError` for a file of the project that is not UTF-8: dbt does not name it."""
    for path in _texts(project):
        if found := not_utf8(path):
            raise ConfigError(found)


def _texts(project: Path) -> Iterator[Path]:
    """Yield the files that dbt reads as text, those of its packages left out."""
    said = read_yaml(project / FILE) or {}
    yield from (project / name for name in ("dbt_project.yml", "profiles.yml"))
    for key, usual in _TEXT_FOLDERS.items():
        names = said.get(key)
        for name in names if isinstance(names, list) else [usual]:
            found = (project / str(name)).rglob("*")
            yield from sorted(path for path in found if path.suffix.lower() in _TEXTS)


class _Told:
    """Remembers the first signal that asked the run to end, and when."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.at = 0.0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.number is None:
            self.number, self.at = number, time.monotonic()


def run_dbt(
    arguments: Sequence[str],
    printed: IO[str] | None = None,
    *,
    in_short: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> int:
    """Run dbt and return its exit code, or 128 plus the signal that ended it, as shells do.

    What it prints goes where ours goes, or to the file `printed`; `in_short` that are failures
    and warnings, and a line on a terminal that says how far it is. `meanwhile` is called beside.

    SIGINT and SIGTERM end it within five seconds, also where the shell had made the process deaf
    to SIGINT, as it does for jobs in the background of a script. Raises `ConfigError` before it
    starts dbt where a file of the project is not UTF-8.
    """
    _check_folders()
    check_texts(Path())
    told = _Told()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    dbt = [sys.executable, "-m", "assay.hosts.dbt.child", *([IN_SHORT] if in_short else [])]
    child = subprocess.Popen([*dbt, *arguments], stdout=printed)  # noqa: S603 - our own dbt
    if meanwhile is not None:
        threading.Thread(target=meanwhile, daemon=True).start()
    while (code := _wait(child)) is None:
        if told.number is not None:
            return _end(child, told)
    return code if told.number is None else SIGNALLED + told.number


def _check_folders() -> None:
    """Raise `ConfigError` where dbt cannot write what it must: it would end without a word."""
    for folder in (target_of(Path()), Path(os.environ.get("DBT_LOG_PATH") or "logs")):
        whole = folder.absolute()
        there = next(place for place in (whole, *whole.parents) if place.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            message = (
                f"{there} cannot be written to, and dbt writes to {folder}; see to its rights, or "
                "name other folders in `DBT_TARGET_PATH` and `DBT_LOG_PATH`."
            )
            raise ConfigError(message)


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
        (KILL_SECONDS, getattr(signal, "SIGKILL", signal.SIGTERM)),
    ]
    for seconds, number in waited:
        while child.poll() is None and time.monotonic() - told.at < seconds:
            time.sleep(0.05)
        if child.poll() is None:
            with contextlib.suppress(ValueError):  # on Windows the console tells it of Ctrl-C
                child.send_signal(number)
    child.wait()
    return SIGNALLED + (told.number or 0)
