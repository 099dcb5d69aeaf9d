"""Sources are loaded: a child runs them, and what became of each is told and kept."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from assay.core.errors import ConfigError
from assay.hosts.duckdb.warehouse import connect
from assay.project.loading.outcome import SourceOutcome, read
from assay.project.loading.tables import keep


def load(
    sources: Mapping[str, Path], database: Path, work: Path, *, again: bool = False
) -> Iterator[SourceOutcome]:
    """Yield what becomes of each source, in their order, as it ends.

    `work` is the folder in which dlt works; `again` begins each source from the start. A source
    that ends the process it runs in is `crashed`, and the others are run by another one.
    Raises `ConfigError` where nothing can be loaded at all.
    """
    left = dict(sources)
    while left:
        begun: str | None = None
        since = time.monotonic()
        with _child(left, database, work, again=again) as lines:
            for line in lines:
                said = json.loads(line)
                if "trouble" in said:
                    raise ConfigError(said["trouble"])
                if "begun" in said:
                    begun, since = said["begun"], time.monotonic()
                    continue
                outcome, begun = read(line), None
                del left[outcome.source]
                yield outcome
        if not left:
            return
        if begun is None:
            message = "What loads sources ended before it began one; look at the lines above."
            raise ConfigError(message)
        del left[begun]
        yield _crashed(begun, database, time.monotonic() - since)


def _crashed(source: str, database: Path, seconds: float) -> SourceOutcome:
    """Keep that the process of a source has ended, and return it."""
    outcome = SourceOutcome(
        source,
        "crashed",
        seconds=round(seconds, 2),
        error="The process that ran it ended; the lines above may say why.",
    )
    with contextlib.closing(connect(database, read_only=False)) as connection:
        keep(connection, outcome)
    return outcome


@contextlib.contextmanager
def _child(
    sources: Mapping[str, Path], database: Path, work: Path, *, again: bool
) -> Iterator[IO[bytes]]:
    """Start the process that runs sources, yield its lines, and leave nothing of it."""
    asked = {
        "sources": {name: str(path) for name, path in sources.items()},
        "database": str(database),
        "work": str(work),
        "again": again,
    }
    process = subprocess.Popen(  # noqa: S603 - our own module
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
        yield process.stdout
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
