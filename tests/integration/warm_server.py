"""A process that has imported dbt, the plugin and the gates, and forks one run after another.

Imports, and what dbt compiles when it first does something, are most of a small run. Each run is a
process of its own all the same: with its own folder, environment, output and exit. Asked by JSON
on a socket of packets, which hears the process id and then how the process ended; see `warm.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import sys
import threading
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
MODULES = (
    "dbt.cli.main",
    "dbt.adapters.duckdb.impl",
    "dbt.adapters.duckdb.plugins",
    "dbt.task.build",
    "dbt.parser.manifest",
    "pandas",
    "assay.plugin",
    "assay.providers.openai_compatible.provider",
    "assay.providers.local.provider",
    "assay.project.gates.checks",
    "great_expectations",
    "py3langid.langid",
    "vaderSentiment.vaderSentiment",
)
MOST_BYTES = 1 << 20
"""More than a packet holds."""
_python = sys.executable
_code = 1
"""How this process ends; an error that nobody catches leaves it at 1."""


def main(door: socket.socket) -> None:
    """Serve at a listening socket until stdin ends."""
    global _python
    atexit.register(leave)  # the first, so that it is called last
    for name in MODULES:
        importlib.import_module(name)
    folder = Path(door.getsockname()).parent
    _python = str(folder / "python")
    rehearse(str(folder))
    if threading.active_count() != 1:
        message = f"An import started {threading.enumerate()}; a fork would lose it."
        raise RuntimeError(message)
    gc.collect()
    gc.freeze()  # forks share what they do not touch
    serve(door)


def serve(door: socket.socket) -> None:
    """Start the runs that are asked for, and tell who asked for one how it ended."""
    running: dict[int, tuple[int, socket.socket]] = {}
    """Process and asker, by a descriptor that is ready to be read once the process has ended."""
    while sys.stdin not in (ready := select.select([door, sys.stdin, *running], [], [])[0]):
        for ended in running.keys() & {*ready}:
            os.close(ended)
            end(*running.pop(ended))
        if door in ready:
            asker, _ = door.accept()
            if not (wanted := asker.recv(MOST_BYTES)):
                continue  # it was killed before it asked
            if (pid := os.fork()) == 0:
                door.close()
                become(json.loads(wanted))
                return
            running[os.pidfd_open(pid)] = pid, asker
            tell(asker, pid)


def end(pid: int, asker: socket.socket) -> None:
    """Say how a run ended to who asked for it."""
    tell(asker, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    asker.close()


def tell(asker: socket.socket, number: int) -> None:
    """Say a number to who asked, if that one still listens."""
    with contextlib.suppress(OSError):
        asker.send(str(number).encode())


def rehearse(folder: str) -> None:
    """Have dbt parse the project, from nothing and from what it remembers in the folder.

    Without its static parser, whose threads a fork would lose.
    """
    from dbt.cli.main import dbtRunner

    here = ("--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY))
    there = ("--target-path", folder, "--log-path", folder, "--quiet", "--no-static-parser")
    for _ in range(2):
        done = dbtRunner().invoke(["parse", *here, *there])
        if not done.success:
            message = f"dbt cannot parse the project: {done.exception}"
            raise RuntimeError(message)


def become(run: dict[str, Any]) -> None:
    """Be the process that was asked for, to its end."""
    global _code
    os.setsid()
    os.chdir(run["cwd"])
    os.environ.clear()
    os.environ.update(run["env"])
    for number, path in enumerate(("/dev/null", run["out"], run["err"])):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [run["name"], *run["arguments"]]
    try:
        if run["module"] == "dbt":
            from dbt.cli.main import cli

            cli()
        else:
            sys.executable = _python
            runpy.run_module(run["module"], run_name="__main__")
        _code = 0
    except SystemExit as end:
        _code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise


def leave() -> None:
    """End at once: to take the imports down would touch all the memory that forks share."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
