"""Finding the project: the folder, target and seeds that dbt takes when it is started here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from assay.core.errors import ConfigError
from assay.core.project import Project, project_at

FILE = "dbt_project.yml"
TARGET = Path("target")


def project_here(environ: Mapping[str, str] = os.environ) -> Project:
    """Return the project that dbt takes when it is started here, by its dbt_project.yml."""
    root = _root(environ)
    said = _settings(root / FILE)
    named = None if said is None else said.get("seed-paths")
    seeds = named if isinstance(named, list) else [] if said is None else ["seeds"]
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
