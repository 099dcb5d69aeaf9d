"""Runs of dbt and of `assay` in processes that need not import everything anew."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("warm_server.py")
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
        _server() as server,
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
        code = server.run(wanted, seconds)
        return Done(code, *(file.read().decode("utf-8", "replace") for file in (out, err)))


class _Server:
    """A process of `warm_server.py`, good for one run at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            cwd=REPOSITORY,
            env={"PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that `select` knows of all that was said
        )

    def run(self, wanted: Mapping[str, object], seconds: float) -> int:
        """Have one run done and return its exit code."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(wanted)}\n".encode())
        process_id = self._said(START_SECONDS)
        assert process_id is not None
        if (code := self._said(seconds)) is not None:
            return code
        os.killpg(process_id, signal.SIGKILL)
        self._said(START_SECONDS)
        raise subprocess.TimeoutExpired(str(wanted["arguments"]), seconds)

    def _said(self, seconds: float) -> int | None:
        """The next number that it says; None if it says nothing for so long."""
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return None
        return int(self._process.stdout.readline())


_idle: list[_Server] = []


@contextmanager
def _server() -> Iterator[_Server]:
    """A server that nobody else uses; two at a time want two."""
    try:
        server = _idle.pop()
    except IndexError:
        server = _Server()
    yield server
    _idle.append(server)
