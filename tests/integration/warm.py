"""Runs of dbt and of `assay` in processes that need not import everything anew."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("warm_server.py")
CHILD = Path(__file__).with_name("warm_child.py")
PYTHON = "python"
"""The copy of `CHILD` beside the door of the server."""
START_SECONDS = 120


@dataclass(frozen=True)
class Done:
    """How a run ended: exit code (negative: the signal) and what it wrote."""

    code: int
    out: str
    err: str


def warm_run(
    module: str,
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    seconds: float,
    *,
    merged: bool = False,
) -> Done:
    """Run `dbt`, or a module of ours, and wait; raises subprocess.TimeoutExpired after `seconds`.

    With `merged` the error output is in `out`, in the order in which it was written.
    """
    with (
        tempfile.NamedTemporaryFile(prefix="assay-out-") as out,
        tempfile.NamedTemporaryFile(prefix="assay-err-") as err,
    ):
        wanted = {
            "module": module,
            "name": str(Path(sys.executable).with_name("dbt")) if module == "dbt" else module,
            "arguments": list(arguments),
            "cwd": str(cwd),
            "env": dict(env),
            "out": out.name,
            "err": out.name if merged else err.name,
        }
        code = _code(wanted, seconds)
        return Done(code, *(file.read().decode("utf-8", "replace") for file in (out, err)))


def warm_python() -> Path:
    """A program that runs `-m module arguments` as Python does, in such a process."""
    return Path(_server().folder.name) / PYTHON


def _code(wanted: Mapping[str, object], seconds: float) -> int:
    """Have one run done and return its exit code."""
    with socket.socket(socket.AF_UNIX) as mine, mine.makefile() as said:
        with _starting:
            mine.connect(f"{_server().folder.name}/door")
        mine.sendall(f"{json.dumps(wanted)}\n".encode())
        mine.settimeout(START_SECONDS)
        process_id = int(said.readline())
        mine.settimeout(seconds)
        try:
            return int(said.readline())
        except TimeoutError:
            os.killpg(process_id, signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(wanted["arguments"]), seconds) from None


class _Server(NamedTuple):
    """A process of `warm_server.py`, and the folder with its door."""

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]


_starting = threading.Lock()


@cache
def _server() -> _Server:
    """The one server of this process, with which it ends."""
    folder = tempfile.TemporaryDirectory(prefix="assay-warm-")
    program = Path(folder.name) / PYTHON
    program.write_text(f"#!{sys.executable} -SE\n{CHILD.read_text(encoding='utf-8')}")
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{folder.name}/door")
        door.listen()
        process = subprocess.Popen(
            [sys.executable, str(SERVER), str(door.fileno())],
            cwd=REPOSITORY,
            env={"PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8", "DO_NOT_TRACK": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[door.fileno()],
        )
    return _Server(process, folder)
