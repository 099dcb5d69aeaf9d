"""A process that has imported dbt, the plugin and the gates, and forks one run after another.

Imports are most of a small run. Each run is a process of its own all the same: with its own
folder, environment, output and exit. Asked by lines of JSON on stdin; see `warm.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import threading
from typing import Any

MODULES = (
    "dbt.cli.main",
    "dbt.adapters.duckdb.impl",
    "dbt.adapters.duckdb.plugins",
    "dbt.task.build",
    "dbt.parser.manifest",
    "pandas",
    "udfs.plugin",
    "udfs.providers.openai",
    "udfs.providers.local",
    "quality.checks",
    "great_expectations",
)


def main() -> None:
    """Serve until stdin ends."""
    for name in MODULES:
        importlib.import_module(name)
    if threading.active_count() != 1:
        message = f"An import started {threading.enumerate()}; a fork would lose it."
        raise RuntimeError(message)
    for line in sys.stdin:
        run = json.loads(line)
        if (pid := os.fork()) == 0:
            become(run)
            return
        tell(pid)
        tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def tell(number: int) -> None:
    """Say a number to whoever asked."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def become(run: dict[str, Any]) -> None:
    """Be the process that was asked for, to its end."""
    os.setsid()
    os.chdir(run["cwd"])
    os.environ.clear()
    os.environ.update(run["env"])
    for number, path in enumerate(("/dev/null", run["out"], run["err"])):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [run["name"], *run["arguments"]]
    if run["module"] == "dbt":
        from dbt.cli.main import cli

        cli()
    runpy.run_module(run["module"], run_name="__main__")


if __name__ == "__main__":
    main()
