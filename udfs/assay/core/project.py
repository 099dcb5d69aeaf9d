"""The project: where it is, and where things are in it; nobody else asks the shell for a folder.

Relative paths of settings are those of the project's folder, whatever folder dbt is started in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import ConfigError

_ELSEWHERE = re.compile(r":|[A-Za-z][\w+.-]+:")
"""How names begin that are no path of a file: `:memory:`, `md:`, `s3://`."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its folder, the one dbt writes to, and those of its seeds; all are absolute."""

    root: Path
    target: Path
    seeds: tuple[Path, ...]

    def path(self, given: str | Path) -> Path:
        """Return a path that a setting names, as it is from any folder."""
        return self.root / place(given)

    def database(self, given: str) -> str:
        """Return what a profile names for DuckDB to open: a file by its place, all else as is.

        Raises `ConfigError` for a folder whose name DuckDB takes for the end of a path.
        """
        if not given or _ELSEWHERE.match(given):
            return given
        path = str(self.path(given))
        if "?" in path:
            message = f"DuckDB cannot write to {path}; take the `?` out of its name."
            raise ConfigError(message)
        return path


def place(given: str | Path) -> Path:
    """Return a path as a setting spells it, without blanks or a CR around it; `~` is the home.

    Raises `ConfigError` where there is no such home.
    """
    path = Path(str(given).strip())
    try:
        return path.expanduser()
    except RuntimeError:
        message = f"{path} names a home that is not known; write the path out."
        raise ConfigError(message) from None


def project_at(root: Path, target: str | Path, seeds: list[str]) -> Project:
    """Return the project in the folder `root`, whose other folders are named as dbt names them."""
    root = root.resolve()
    return Project(root, root / target, tuple(root / name for name in seeds))
