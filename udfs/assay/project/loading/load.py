"""Sources are loaded: a child runs them, and what became of each is told and kept."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from assay.core.errors import ConfigError
from assay.hosts.duckdb.warehouse import connect
from assay.project.loading.outcome import SourceOutcome, read
from assay.project.loading.tables import keep

SECONDS = 3600.0
"""That a source may take unless told: an hour."""


def load(
    sources: Mapping[str, Path],
    database: Path,
    work: Path,
    *,
    again: bool = False,
    seconds: float = SECONDS,
) -> Iterator[SourceOutcome]:
    """Yield what becomes of each source, in their order, as it ends.

    `work` is the folder in which dlt works; `again` begins each source from the start; each may
    take `seconds`. A source that ends the process it runs in is `crashed`, one that has it ended
    for its time is `timeout`, and the others are run by another one.
    Raises `ConfigError` where nothing can be loaded at all.
    """
    left = dict(sources)
    while left:
        with _child(left, database, work, again=again) as process:
            watch = _Watch(process, seconds)
            for outcome in _outcomes(process, watch):
                del left[outcome.source]
                yield outcome
        if not left:
            return
        if watch.source is None:
            message = "What loads sources ended before it began one; look at the lines above."
            raise ConfigError(message)
        del left[watch.source]
        yield _ended(watch, database)


class _Watch:
    """Ends a process once the source that it runs has taken its `seconds`."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process, self.seconds = process, seconds
        self._begun, self._timer = 0.0, threading.Timer(0, process.kill)
        self.source: str | None = None
        """The source that runs, None between two."""
        self.is_late = False

    def begin(self, source: str) -> None:
        """Begin to count for a source."""
        self.source, self._begun = source, time.monotonic()
        self._timer = threading.Timer(self.seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Stop counting; `source` stays."""
        self._timer.cancel()

    @property
    def took(self) -> float:
        """Seconds since a source began."""
        return round(time.monotonic() - self._begun, 2)

    def _end(self) -> None:
        self.is_late = True
        self._process.kill()


def _outcomes(process: subprocess.Popen[bytes], watch: _Watch) -> Iterator[SourceOutcome]:
    """Yield what a process says of its sources, until it ends."""
    assert process.stdout is not None  # noqa: S101 - opened so
    try:
        for line in process.stdout:
            said = json.loads(line)
            if "trouble" in said:
                raise ConfigError(said["trouble"])
            if "begun" in said:
                watch.begin(said["begun"])
                continue
            watch.stop()
            watch.source = None
            yield read(line)
    finally:
        watch.stop()


def _ended(watch: _Watch, database: Path) -> SourceOutcome:
    """Keep that the process of a source has ended, and return it."""
    assert watch.source is not None  # noqa: S101 - it ran one
    late = f"It took more than {watch.seconds:g} seconds; see `ASSAY_SOURCE_SECONDS`."
    died = "The process that ran it ended; the lines above may say why."
    outcome = SourceOutcome(
        watch.source,
        "timeout" if watch.is_late else "crashed",
        seconds=watch.took,
        error=late if watch.is_late else died,
    )
    with contextlib.closing(connect(database, read_only=False)) as connection:
        keep(connection, outcome)
    return outcome


@contextlib.contextmanager
def _child(
    sources: Mapping[str, Path], database: Path, work: Path, *, again: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process that runs sources, yield it, and leave nothing of it."""
    asked = {
        "sources": {name: str(path) for name, path in sources.items()},
        "database": str(database),
        "work": str(work),
        "again": again,
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "assay.project.loading.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the parent, which ends it
    )
    assert process.stdin is not None  # noqa: S101 - opened so
    assert process.stdout is not None  # noqa: S101 - the same
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
