"""Runs of dbt and of `assay` in processes that need not import everything anew."""

from __future__ import annotations

import json
import os
import select
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
SHARED = "TEST_WARM_SERVER"
"""The variable that names the folder of a server that is there already."""
START_SECONDS = 600
MOST_BYTES = 1 << 20
"""More than a packet holds."""


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
        outputs = out.name, out.name if merged else err.name
        code = Running(module, arguments, cwd, env, outputs).wait(seconds)
        return Done(code, *(file.read().decode("utf-8", "replace") for file in (out, err)))


class Running:
    """A run of `dbt`, or of a module of ours, at the head of a process group of its own."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        outputs: tuple[str, str] = (os.devnull, os.devnull),
    ) -> None:
        self._wanted = {
            "module": module,
            "name": str(Path(sys.executable).with_name("dbt")) if module == "dbt" else module,
            "arguments": list(arguments),
            "cwd": str(cwd),
            "env": dict(env),
            "out": outputs[0],
            "err": outputs[1],
        }
        self._code: int | None = None
        self._asked = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._asked.settimeout(START_SECONDS)
        self._asked.connect(f"{server_folder()}/door")
        self._asked.send(json.dumps(self._wanted).encode())
        self.pid = int(self._asked.recv(MOST_BYTES))

    def poll(self) -> int | None:
        """How it ended, or None while it goes on."""
        told = self._code is not None or select.select([self._asked], [], [], 0)[0]
        return self.wait() if told else None

    def wait(self, seconds: float | None = None) -> int:
        """How it ended, exit code or minus the signal; after `seconds` it is killed and raises."""
        if self._code is None:
            self._asked.settimeout(seconds)
            with self._asked:
                try:
                    self._code = int(self._asked.recv(MOST_BYTES))
                except TimeoutError:
                    os.killpg(self.pid, signal.SIGKILL)
                    said = str(self._wanted["arguments"])
                    raise subprocess.TimeoutExpired(said, seconds or 0) from None
        return self._code


def warm_python() -> Path:
    """A program that runs `-m module arguments` as Python does, in such a process."""
    return Path(server_folder()) / PYTHON


def server_folder() -> str:
    """The folder with the door of the server: the one that all workers share, or our own."""
    with _starting:
        return os.environ.get(SHARED) or _server().folder.name


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
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
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
