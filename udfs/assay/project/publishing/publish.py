"""Publishing: gold is copied, audited, described and only then shown, by one atomic rename.

The folder holds one folder for each publication and the symbolic link `current`. Nothing that is
reachable by `current` is ever written to. A process that is killed leaves a folder that ends in
`.new`, which the next publication removes.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from assay.core.disk import put_on_disk
from assay.core.errors import PublishError
from assay.core.locks import lock_on, take_at_once
from assay.core.reach import Reach
from assay.hosts.duckdb.fence import enclose
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.publishing.gold import GOLD, GoldTable, check_names
from assay.project.publishing.row_counts import row_counts
from assay.project.publishing.verdict import Measure, content_hash, csv_column, name_of, retired

CURRENT = "current"
MANIFEST = "manifest.json"
SNAPSHOT = "gold.duckdb"
KEEP = 3
CLOSED = Reach()

_UNBORN = ".new"
_LOCK = ".lock"
_COPY = "assay_copy"


@dataclass(frozen=True, slots=True)
class Release:
    """What is published: tables, what they were made of, and what is said about the run."""

    invocation_id: str
    tables: Sequence[GoldTable]
    inputs: Sequence[GoldTable]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """A publication: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def at(self) -> datetime.datetime:
        """When it was published."""
        return datetime.datetime.fromisoformat(str(self.manifest["published_at"]))

    @property
    def rows(self) -> int:
        """The rows of all its tables."""
        return sum(int(table["rows"]) for table in self.manifest["tables"].values())


def publish(
    warehouse: Path,
    folder: Path,
    release: Release,
    *,
    keep: int = KEEP,
    csv: bool = False,
    reach: Reach = CLOSED,
) -> Published:
    """Publish gold as it is in the warehouse and return what is current now.

    Views of the warehouse may read files within `reach`.

    Raises `PublishError` when it cannot be done; what was current before is then current still.
    """
    check_names(release.tables)
    try:
        with alone_in(folder):
            _sweep(folder)
            moment = datetime.datetime.now(datetime.UTC)
            name = name_of(moment, release.invocation_id)
            unborn = folder / f"{name}{_UNBORN}"
            manifest = _written(warehouse, folder, unborn, release, moment, reach, csv=csv)
            unborn.rename(folder / name)
            _show(folder, name)
            _retire(folder, name, keep)
    except (OSError, duckdb.Error) as error:
        message = f"Gold cannot be published in {folder}: {_first_line(error)}."
        raise PublishError(message) from error
    return Published(folder / name, manifest)


def current(folder: Path) -> Published | None:
    """Return what consumers see now, or None before the first publication."""
    try:
        target = (folder / CURRENT).resolve(strict=True)
        return Published(target, json.loads((target / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def audit(folder: Path) -> list[str]:
    """Return what is wrong with the publications in `folder`: files or history that changed.

    Each manifest holds the hash of every file beside it and of the manifest before it.
    """
    known = {path.name: path for path in publications(folder)}
    wrong = []
    for name, path in known.items():
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        for file, expected in manifest["files"].items():
            if not (path / file).exists():
                wrong.append(f"{name}/{file} is gone")
            elif _file_hash(path / file) != expected:
                wrong.append(f"{name}/{file} was changed")
        before = manifest["previous"]
        if before and before["name"] in known:
            file = known[before["name"]] / MANIFEST
            if _file_hash(file) != before["manifest_hash"]:
                wrong.append(f"{before['name']}/{MANIFEST} was changed")
    if current(folder) is None and known:
        wrong.append(f"{CURRENT} leads nowhere")
    return wrong


def measure(connection: duckdb.DuckDBPyConnection, relation: str) -> Measure:
    """Return rows and content hash of a relation; the order of rows makes no difference.

    A row is spelled as a list of its values, so that a NULL is no text and no value runs into
    the next; the hashes of the spellings are added up.
    """
    columns = [
        (name, kind) for name, kind, *_ in connection.execute(f"describe {relation}").fetchall()
    ]
    values = ", ".join(f"{quoted(name)}::varchar" for name, _ in columns)
    rows, low, high = connection.execute(
        "select count(*), coalesce(sum(md5_number_lower(spelled)), 0), "  # noqa: S608
        "coalesce(sum(md5_number_upper(spelled)), 0) "
        f"from (select to_json([{values}])::varchar as spelled from {relation})"
    ).fetchall()[0]
    return Measure(rows, content_hash(columns, rows, int(low), int(high)))


def _written(
    warehouse: Path,
    folder: Path,
    unborn: Path,
    release: Release,
    moment: datetime.datetime,
    reach: Reach,
    *,
    csv: bool,
) -> dict[str, Any]:
    """Write everything of a publication into the folder `unborn` and return its manifest."""
    unborn.mkdir()
    source = _copied(warehouse, unborn / SNAPSHOT, release, reach)
    _exported(unborn, release.tables, source["tables"], csv=csv)
    files = sorted(path for path in unborn.rglob("*") if path.is_file())
    manifest = {
        "invocation_id": release.invocation_id,
        "published_at": moment.isoformat(),
        **release.facts,
        **source,
        "previous": _previous(folder),
        "files": {str(path.relative_to(unborn)): _file_hash(path) for path in files},
    }
    spelled = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    (unborn / MANIFEST).write_text(spelled + "\n", encoding="utf-8")
    for path in [*files, unborn / MANIFEST]:
        put_on_disk(path)
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o444)
    for path in [*(path for path in unborn.rglob("*") if path.is_dir()), unborn]:
        put_on_disk(path)
    return manifest


def _copied(warehouse: Path, snapshot: Path, release: Release, reach: Reach) -> dict[str, Any]:
    """Copy gold into a file of its own; return what was measured in the warehouse meanwhile.

    The warehouse is attached read-only all the while, so that nobody writes to it. The tables
    lie in the main schema of a file called gold: `gold.customer_360` names them here and there.
    """
    with duckdb.connect(":memory:") as connection:
        # Under its own name, which views in it may spell out.
        attached = quoted(warehouse.stem)
        connection.execute(f"attach {literal(warehouse)} as {attached} (read_only)")
        connection.execute(f"attach {literal(snapshot)} as {_COPY}")
        enclose(connection, reach)
        connection.execute(f"use {attached}")
        for table in release.tables:
            target = f"{_COPY}.main.{quoted(table.name)}"
            connection.execute(f"create table {target} as from {table.sql}")
        measured = {table: measure(connection, table.sql) for table in release.tables}
        made_of = {table.full_name: measure(connection, table.sql) for table in release.inputs}
        rows = row_counts(connection)
        connection.execute("use memory")
        connection.execute(f"detach {_COPY}")  # which moves the WAL into the file
    return {
        "tables": {table.name: asdict(found) for table, found in measured.items()},
        "inputs": {name: asdict(found) for name, found in made_of.items()},
        "warehouse_rows": rows,
    }


def _exported(
    unborn: Path, tables: Sequence[GoldTable], expected: Mapping[str, Any], *, csv: bool
) -> None:
    """Write Parquet (and CSV) from the snapshot, once it holds what the warehouse holds."""
    folders = [unborn / GOLD, *([unborn / "csv"] if csv else [])]
    for folder in folders:
        folder.mkdir()
    with duckdb.connect(str(unborn / SNAPSHOT), read_only=True) as connection:
        for table in tables:
            name = quoted(table.name)
            if asdict(measure(connection, name)) != expected[table.name]:
                message = f"The copy of {table.full_name} differs from it; nothing is published."
                raise PublishError(message)
            file = unborn / GOLD / f"{table.name}.parquet"
            connection.execute(f"copy {name} to {literal(file)} (format parquet)")
            rows = connection.execute(
                f"select count(*) from read_parquet({literal(file)})"  # noqa: S608
            ).fetchall()[0][0]
            if rows != expected[table.name]["rows"]:
                message = f"{file.name} holds {rows:,} rows; nothing is published."
                raise PublishError(message)
            if csv:
                _export_csv(connection, name, unborn / "csv" / f"{table.name}.csv")


def _export_csv(connection: duckdb.DuckDBPyConnection, relation: str, file: Path) -> None:
    columns = connection.execute(f"describe {relation}").fetchall()
    chosen = ", ".join(csv_column(name, kind) for name, kind, *_ in columns)
    query = f"select {chosen} from {relation}"  # noqa: S608
    connection.execute(f"copy ({query}) to {literal(file)} (format csv, header)")


def _show(folder: Path, name: str) -> None:
    """Let `current` lead to the publication called `name`, at once and for good."""
    link = folder / f"{CURRENT}.{uuid.uuid4().hex}{_UNBORN}"
    link.symlink_to(name)
    link.replace(folder / CURRENT)
    put_on_disk(folder)


def _retire(folder: Path, name: str, keep: int) -> None:
    for old in retired([path.name for path in publications(folder)], name, keep):
        shutil.rmtree(folder / old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a killed publication left; the lock says that none is at work."""
    for path in folder.glob(f"*{_UNBORN}"):
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)


def publications(folder: Path) -> list[Path]:
    """Return the folders of all whole publications, the oldest first."""
    found = folder.glob(f"*/{MANIFEST}")
    return sorted(
        path.parent
        for path in found
        if path.parent.name != CURRENT and path.parent.suffix != _UNBORN
    )


def _previous(folder: Path) -> dict[str, str] | None:
    before = current(folder)
    if before is None:
        return None
    return {
        "name": before.folder.name,
        "manifest_hash": _file_hash(before.folder / MANIFEST),
    }


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of publications, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = lock_on(folder / _LOCK)
    if not take_at_once(lock):
        message = f"Another process is publishing in {folder}; wait until it has ended."
        raise PublishError(message)
    try:
        yield
    finally:
        lock.release()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
