"""Files of a folder or a bucket as a resource of dlt: read once, and again once they changed."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assay.core.errors import ConfigError
from assay.hosts.duckdb.quoting import literal
from assay.project.loading.buckets import is_bucket, reader_of

_AT_ONCE = 50_000
_FILE = "source_file"
_KINDS = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}
_ENDING = re.compile(r"\.([a-z]+)(?:\.gz|\.zst)?$", re.IGNORECASE)
_MARKS = "select filename, size, epoch_us(last_modified) from read_blob({}) order by filename"
_READ = {
    # No type is guessed for a CSV: the guess for one file is not that for the next.
    "csv": "select * from read_csv({}, all_varchar = true, header = true, strict_mode = true)",
    "parquet": "select * from read_parquet({})",
    "jsonl": "select json from read_json_objects({}, format = 'newline_delimited')",
}


def files_resource(pattern: str, name: str | None) -> Any:
    """Return the resource of the files that `pattern` names; see `assay.sources.files`."""
    import dlt

    kind, table = _kind(pattern), name or _name(pattern)
    whole = pattern if is_bucket(pattern) else str(Path(pattern).absolute())

    def rows() -> Iterator[Any]:
        """Yield the rows of files that are new or changed."""
        seen = dlt.current.resource_state().setdefault("files", {})
        with contextlib.closing(reader_of(whole)) as connection:
            for path, mark in _found(connection, whole):
                name = _from_here(path)
                if seen.get(name) != mark:
                    yield from _rows_of(connection, kind, path, name)
                    seen[name] = mark

    return dlt.resource(
        rows,
        name=table,
        # All rows of a file go when it is read again, and the new ones come in their place.
        write_disposition="merge",
        merge_key=_FILE,
        columns={_FILE: {"data_type": "text", "nullable": False}},
    )


def _kind(pattern: str) -> str:
    ending = found[1].lower() if (found := _ENDING.search(pattern)) else ""
    if ending not in _KINDS:
        message = (
            f"{pattern} does not say what its files are; let it end in one of "
            f"{', '.join('.' + one for one in _KINDS)}."
        )
        raise ConfigError(message)
    return _KINDS[ending]


def _name(pattern: str) -> str:
    """Return the folder's name, for a table without another one."""
    folders = [part for part in pattern.split("/")[:-1] if part and "*" not in part]
    name = re.sub("[^a-z0-9]+", "_", folders[-1].lower()).strip("_") if folders else ""
    if not name or not name[0].isalpha():
        message = f"{pattern} gives no name for a table; say `name=`."
        raise ConfigError(message)
    return name


def _found(connection: duckdb.DuckDBPyConnection, pattern: str) -> list[tuple[str, str]]:
    """Return the files that there are, each with size and time as a mark; raise where none is."""
    try:
        rows = connection.execute(_MARKS.format(literal(pattern))).fetchall()
    except duckdb.IOException as error:
        if "No files found" not in str(error):
            raise
        rows = []
    if not rows:
        message = f"There is no file {pattern}; see to the name, or remove the source."
        raise ConfigError(message)
    return [(path, f"{size}:{changed}") for path, size, changed in rows]


def _from_here(path: str) -> str:
    """Return a file's name from the project's folder, so that the project may move."""
    here = Path.cwd()
    is_below = not is_bucket(path) and Path(path).is_relative_to(here)
    return Path(path).relative_to(here).as_posix() if is_below else path


def _rows_of(
    connection: duckdb.DuckDBPyConnection, kind: str, path: str, name: str
) -> Iterator[Any]:
    reader = connection.sql(_READ[kind].format(literal(path))).to_arrow_reader(_AT_ONCE)
    for batch in reader:
        if kind == "jsonl":
            yield [_object(line, name) for line in batch.column(0).to_pylist()]
        else:
            table = pa.Table.from_batches([batch])
            yield table.append_column(_FILE, pa.array([name] * table.num_rows, pa.string()))


def _object(line: str, path: str) -> dict[str, Any]:
    value = json.loads(line)
    if not isinstance(value, dict):
        message = f"{path} has a line that is no JSON object; write one object a line."
        raise ConfigError(message)
    return value | {_FILE: path}
