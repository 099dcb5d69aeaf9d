"""The warehouse file: where it is, and opened, or one line that says who else has it open."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.hosts.dbt.settings import places_here
from assay.hosts.duckdb.fence import enclose

_SQLITE = b"SQLite format 3\0"
_NAMED_BY = "`path` in profiles.yml, `ASSAY_DATABASE`"


def check_database(path: Path) -> None:
    """Raise `ConfigError` for a SQLite file: DuckDB would fetch an extension to open it."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        if head == _SQLITE:
            message = (
                f"The warehouse ({_NAMED_BY}) is {path}, a SQLite file such as the store; name a "
                "DuckDB file, such as warehouse.duckdb."
            )
            raise ConfigError(message)


def check_writable(path: Path) -> None:
    """Raise `ConfigError` where DuckDB cannot make or change the file at `path`."""
    folder = path.parent
    if not folder.is_dir():
        reason = "its folder is not there; make it"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = "its folder cannot be written to; see to its rights"
    elif path.exists() and not os.access(path, os.W_OK):
        reason = "the file cannot be written to; see to its rights"
    else:
        return
    message = f"The warehouse ({_NAMED_BY}) is {path}: {reason}, or name another file."
    raise ConfigError(message)


def open_warehouse(
    path: Path, *, read_only: bool = True, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file at `path`, with the fence around what SQL may reach.

    `threads` is how many DuckDB uses, all cores unless told; behind the fence it cannot change.
    Raises `ConfigError` where another process has it open: DuckDB lets only one in.
    """
    connection = connect(path, read_only=read_only, threads=threads)
    enclose(connection, places_here())
    return connection


def connect(
    path: Path, *, read_only: bool, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the file as `open_warehouse` does, without the fence: for SQL that is all ours."""
    check_database(path)
    try:
        config: dict[str, Any] = {} if threads is None else {"threads": threads}
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        if (holder := re.search(r"lock is held in (.*) \(PID (\d+)\)", str(error))) is None:
            raise
        program, process = Path(holder[1]).name, holder[2]
        message = (
            f"The warehouse {path} is open in process {process} ({program}); wait until it has "
            f"ended, or end it with `kill {process}`. Nothing was sent."
        )
        raise ConfigError(message) from None
