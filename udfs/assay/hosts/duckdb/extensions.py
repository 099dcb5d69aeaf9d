"""Extensions of DuckDB that lie in wheels: files of the very version of DuckDB, loaded by name.

Nothing is fetched: `load` of a file that is there, never `install`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError
from assay.hosts.duckdb.quoting import literal


def load_extension(
    connection: duckdb.DuckDBPyConnection, name: str, extra: str, purpose: str
) -> None:
    """Load an extension into `connection`; raise `ConfigError` that says what to install.

    `purpose` begins the sentence: what cannot be done without it.
    """
    connection.execute(f"load {literal(_file_of(name, extra, purpose))}")


def has_extension(name: str) -> bool:
    """Whether the wheel of an extension is installed, made for the DuckDB that is."""
    folder = _folder_of(name)
    return folder is not None and _inside(folder, name).is_file()


def _file_of(name: str, extra: str, purpose: str) -> Path:
    number, folder = duckdb.__version__, _folder_of(name)
    if folder is None:
        message = (
            f"{purpose} needs DuckDB's {name}, which is not installed; run `pip install "
            f'"assay[{extra}]"`; it is there for DuckDB 1.5, and this is {number}.'
        )
        raise ConfigError(message)
    if not (here := _inside(folder, name)).is_file():
        has = ", ".join(sorted(path.name.removeprefix("v") for path in folder.glob("v*")))
        message = (
            f"The {name} that is installed is for DuckDB {has}, and this is {number}; run `pip "
            f"install duckdb-extension-{name}=={number}`."
        )
        raise ConfigError(message)
    return here


def _folder_of(name: str) -> Path | None:
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "extensions"


def _inside(folder: Path, name: str) -> Path:
    return folder / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
