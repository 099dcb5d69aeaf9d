"""Finding the project: the folder, target and seeds that dbt takes when it is started here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path

from assay.core.errors import ConfigError
from assay.core.project import Project, project_at
from assay.hosts.dbt.rendering import read_yaml, rendered

FILE = "dbt_project.yml"
TARGET = Path("target")

OPTIONS = {
    "--project-dir": "DBT_PROJECT_DIR",
    "--profiles-dir": "DBT_PROFILES_DIR",
    "--profile": "DBT_PROFILE",
    "--target": "DBT_TARGET",
    "-t": "DBT_TARGET",
    "--target-path": "DBT_TARGET_PATH",
}
"""dbt's options that say which project is meant and how, and the variables that say the same."""


def project_here(environ: Mapping[str, str] = os.environ) -> Project:
    """Return the project that dbt takes when it is started here, by its dbt_project.yml."""
    root = _root(environ)
    said = read_yaml(root / FILE)
    named = None if said is None else said.get("seed-paths")
    seeds = named if isinstance(named, list) else [] if said is None else ["seeds"]
    return project_at(root, target_of(root, environ).absolute(), seeds)


def target_of(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that dbt writes to, for the project in the folder `root`."""
    said = environ.get("DBT_TARGET_PATH") or (read_yaml(root / FILE) or {}).get("target-path")
    return root / str(rendered(said or str(TARGET), environ, FILE))


def take_options(words: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Move `OPTIONS` out of a command line into the variables, which dbt hears of as well.

    Returns the other words; what stands behind `--` is left alone. Raises `ConfigError` for an
    option without its value.
    """
    end = words.index("--") if "--" in words else len(words)
    return [*_others(iter(words[:end]), environ), *words[end:]]


def _others(words: Iterator[str], environ: MutableMapping[str, str]) -> Iterator[str]:
    for word in words:
        option, has_value, value = word.partition("=")
        if option not in OPTIONS:
            yield word
            continue
        value = value if has_value else next(words, "")
        if not value:
            message = f"`{option}` needs a value; see `dbt build --help`."
            raise ConfigError(message)
        environ[OPTIONS[option]] = value


class _Shell:
    """The folder that the shell is in, where it is not the project's; blank where it is."""

    folder = Path()


def typed(name: str) -> Path:
    """Return a file as it was typed: it is one of the shell's folder, and `-` is no file."""
    return Path(name) if name == "-" else _Shell.folder / name


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
            f"`DBT_PROJECT_DIR`, or `--project-dir`, is {root}, which is no folder; name the "
            "project's, or leave it out."
        )
        raise ConfigError(message)
    here = Path.cwd()
    _Shell.folder = Path() if here == root else here
    os.chdir(root)


def _root(environ: Mapping[str, str]) -> Path:
    if said := environ.get("DBT_PROJECT_DIR"):
        return Path(said)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).exists()), here)
