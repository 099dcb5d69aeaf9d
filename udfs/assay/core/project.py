"""The project: where it is, and where things are in it; nobody else asks the shell for a folder.

Relative paths of settings are those of the project's folder, whatever folder dbt is started in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assay.core.errors import ConfigError

FILE = "dbt_project.yml"
TARGET = Path("target")

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


def project_here(environ: Mapping[str, str] = os.environ) -> Project:
    """Return the project that dbt takes when it is started here, by its dbt_project.yml."""
    root = _root(environ)
    said = _settings(root / FILE)
    seeds = [] if said is None else said.get("seed-paths") or ["seeds"]
    return project_at(root, target_of(root, environ).absolute(), seeds)


def target_of(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that dbt writes to, for the project in the folder `root`."""
    said = environ.get("DBT_TARGET_PATH") or (_settings(root / FILE) or {}).get("target-path")
    return root / (said or TARGET)


def enter_project() -> None:
    """Make the project's folder the one of this process: what commands of ours begin with.

    What the environment names for dbt by a relative path means the same afterwards.
    Raises `ConfigError` where it names no folder.
    """
    root = _root(os.environ).resolve()
    for name in ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR"):
        if said := os.environ.get(name):
            os.environ[name] = str(Path(said).absolute())
    if not root.is_dir():
        message = (
            f"`DBT_PROJECT_DIR` is {root}, which is no folder; name the project's, or unset it."
        )
        raise ConfigError(message)
    os.chdir(root)


def _root(environ: Mapping[str, str]) -> Path:
    if said := environ.get("DBT_PROJECT_DIR"):
        return Path(said)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).exists()), here)


def _settings(file: Path) -> dict[str, Any] | None:
    """Return what a dbt_project.yml says; None where dbt cannot read it either."""
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return said if isinstance(said, dict) else None
