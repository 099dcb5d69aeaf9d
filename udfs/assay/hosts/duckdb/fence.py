"""The fence around SQL: which files it may reach, closed for good on every connection of ours.

DuckDB's SQL is code: it reads files, writes them, attaches databases, loads extensions and speaks
to hosts. Whoever gets a line of SQL into a model must not get more than the model's data.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError
from assay.core.project import Project
from assay.core.reach import Reach
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.duckdb.quoting import literal

OPEN = (
    "`ASSAY_EXTERNAL_ACCESS` is on: SQL may read and write every file that this process may, and "
    "speak to any host. Unset it unless every line of SQL and every package is yours."
)
"""What every run says while there is no fence."""

_REMEDIES = {
    "install the required extension": "SQL loads no extensions; name it under `extensions:` in "
    "profiles.yml (docs/settings.md), or save the file as CSV or Parquet.",
    r'Cannot access \w+ "[\w+.-]+://': "SQL reaches no bucket and no host; fetch the file into a "
    "folder of `ASSAY_DATA_DIRECTORIES` before the build (docs/how-to/your-own-files.md).",
    "file system operations are disabled": "SQL reaches the files of the data folders only; put "
    "the file there, or name its folder in `ASSAY_DATA_DIRECTORIES` (docs/settings.md).",
    "external extensions is disabled": "SQL loads no extensions; name it under `extensions:` in "
    "profiles.yml (docs/settings.md).",
    "configuration has been locked": "SQL changes no options; set it under `config_options:` in "
    "profiles.yml (docs/settings.md).",
}
"""What to do, by a pattern of DuckDB's message; the first that fits."""

_RELATIVE = re.compile(r'Cannot access file "(?!/|\w[\w+.-]*:)([^"]+)"')
"""A path that is of the folder of the process: no absolute one, and no URL."""

_closing = threading.Lock()


def enclose(
    connection: duckdb.DuckDBPyConnection, reach: Reach, project: Project | None = None
) -> None:
    """Let SQL of `connection` reach what `reach` says in a project, and nothing else.

    The project is the one of this folder, unless told.

    Databases that are attached by now stay. Nothing can open the fence again but a new
    connection; to close it twice does nothing.
    """
    if reach.external_access or _is_locked(connection):
        return  # a run asks this for every statement
    lock(connection, folders(reach, project or project_here()))


def lock(connection: duckdb.DuckDBPyConnection, allowed: Iterable[Path] = ()) -> None:
    """Let SQL reach the files below `allowed` alone; links that lead out of them do not help."""
    names = ", ".join(literal(folder) for folder in allowed)
    with _closing:  # threads of dbt share what their cursors configure
        if _is_locked(connection):
            return
        connection.execute(f"set allowed_directories = [{names}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")


def folders(reach: Reach, project: Project) -> tuple[Path, ...]:
    """Return the folders whose files SQL may reach: those of the settings and of the seeds.

    dbt copies seeds by SQL, so that their folders must be within reach.
    """
    return (*map(project.path, reach.data_directories), *project.seeds)


def check_files(reach: Reach) -> None:
    """Raise `ConfigError` for a pipe or device in a data folder: to read one may never end."""
    if reach.external_access:
        return
    for odd in (path for folder in reach.data_directories for path in _odd_files(folder)):
        message = (
            f"{odd} is a pipe or a device, and reading it may never end; take it out of the "
            "folders that `ASSAY_DATA_DIRECTORIES` names."
        )
        raise ConfigError(message)


def remedy(error: Exception, project: Project | None = None) -> str | None:
    """Return what to do about an error of DuckDB; None where the fence did not cause it."""
    said = str(error)
    found = next((remedy for words, remedy in _REMEDIES.items() if re.search(words, said)), None)
    if found is None or project is None or (relative := _RELATIVE.search(said)) is None:
        return found
    if (here := Path.cwd()) == project.root:
        return found
    return (
        f"DuckDB looks for {relative[1]} in the folder that dbt was started in, {here}; start it "
        f"in {project.root}, or write {project.path(relative[1])}."
    )


def _is_locked(connection: duckdb.DuckDBPyConnection) -> bool:
    (row,) = connection.execute("select current_setting('lock_configuration')").fetchall()
    return bool(row[0])


def _odd_files(folder: Path) -> Iterator[Path]:
    """Yield what is there and is neither a file nor a folder.

    Raises `ConfigError` for a folder of which something cannot be looked at.
    """
    try:
        for path in folder.rglob("*"):
            if path.exists() and not path.is_file() and not path.is_dir():
                yield path
    except OSError as error:
        message = (
            f"{error.filename} cannot be looked at ({error.strerror}); name folders of data that "
            "you may read in `ASSAY_DATA_DIRECTORIES`."
        )
        raise ConfigError(message) from None
