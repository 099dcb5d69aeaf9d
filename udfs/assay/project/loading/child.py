"""The process that runs sources: `python -m assay.project.loading.child`, told by its first line.

Its answers are lines of JSON, one for each source that it begins and one for what became of it;
whatever a source prints goes to the error output. It ends when whoever started it does.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import IO

from assay.core.errors import ConfigError
from assay.hosts.duckdb.warehouse import connect
from assay.project.loading.dlt_here import empty, prepare
from assay.project.loading.one_source import SourceRun
from assay.project.loading.outcome import written


def main() -> None:
    """Load the sources that the first line of the input names."""
    asked = json.loads(_first_line())
    answers = _own_output()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.lastResort = None  # libraries warn with whole addresses
    try:
        _load(asked, answers)
    except ConfigError as error:
        _say(answers, {"trouble": str(error)})


def _load(asked: dict[str, object], answers: IO[bytes]) -> None:
    work = Path(str(asked["work"]))
    # First of all, for it locks others out.
    connection = connect(Path(str(asked["database"])), read_only=False)
    try:
        run = SourceRun(prepare(work), connection, work, again=bool(asked["again"]))
        sources = asked["sources"]
        assert isinstance(sources, dict)  # noqa: S101 - our own parent
        for name, path in sources.items():
            _say(answers, {"begun": name})
            answers.write(written(run.load(name, Path(path))))
            answers.flush()
            empty(work)
        shutil.rmtree(work, ignore_errors=True)
    finally:
        connection.close()


def _first_line() -> bytes:
    """Return what is asked, without a buffer that a thread could hold at the end."""
    line = b""
    while not line.endswith(b"\n"):
        if not (more := os.read(sys.stdin.fileno(), 1 << 16)):
            sys.exit(1)
        line += more
    return line


def _own_output() -> IO[bytes]:
    """Return the output that the parent reads; from now on nothing else writes there."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _say(answers: IO[bytes], what: dict[str, str]) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


def _end_with_parent() -> None:
    """End this process once nobody holds the other end of its input: its parent is gone."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
