"""The warehouse file: where it is, and opened, or one line that says who else has it open."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import duckdb

from udfs.errors import ConfigError
from udfs.fence import enclose
from udfs.settings import reach_from_environ


def database_path() -> Path:
    """Return the DuckDB file of the warehouse."""
    return Path(os.environ.get("ASSAY_DATABASE") or "warehouse.duckdb")


def open_warehouse(
    path: Path, *, read_only: bool = True, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file at `path`, with the fence around what SQL may reach.

    `threads` is how many DuckDB uses, all cores unless told; behind the fence it cannot change.
    Raises `ConfigError` where another process has it open: DuckDB lets only one in.
    """
    try:
        config: dict[str, Any] = {} if threads is None else {"threads": threads}
        connection = duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        if (holder := re.search(r"lock is held in (.*) \(PID (\d+)\)", str(error))) is None:
            raise
        program, process = Path(holder[1]).name, holder[2]
        message = (
            f"The warehouse {path} is open in process {process} ({program}); wait until it has "
            f"ended, or end it with `kill {process}`. Nothing was sent."
        )
        raise ConfigError(message) from None
    enclose(connection, reach_from_environ())
    return connection
