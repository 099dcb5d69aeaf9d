"""What is in a dbt project before Assay is: read, and nothing written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assay.core.errors import ConfigError
from assay.hosts.dbt.package import NAME
from assay.hosts.dbt.profiles import DbtProfile, profile_here
from assay.hosts.dbt.project_folder import FILE
from assay.project.starting.yaml_text import said

PACKAGES = ("dependencies.yml", "packages.yml")
"""Where dbt looks for packages; the last is written where neither has any."""

_LAYERS = ("gold", "marts", "mart", "reporting", "silver", "intermediate", "staging", "bronze")
"""The folders of models that a first gate is for, the best first."""

_EPHEMERAL = re.compile(r"materialized\s*=\s*['\"]ephemeral")
_GATE = re.compile(r"\brun_gate\(")


@dataclass(frozen=True)
class ProjectFolder:
    """A project of somebody else: its folder, what its dbt_project.yml says, its profile."""

    root: Path
    settings: Mapping[str, Any]
    profile: DbtProfile

    @property
    def name(self) -> str:
        """What dbt calls it."""
        return str(self.settings["name"])

    @property
    def packages(self) -> Path:
        """The file that names its packages, or will."""
        named = [self.root / name for name in PACKAGES if "packages" in _mapping(self.root / name)]
        return named[0] if named else self.root / PACKAGES[-1]

    def folder(self, kind: str) -> Path:
        """The first of its folders of a kind: `model`, `macro`."""
        return self.folders(kind)[0]

    def folders(self, kind: str) -> list[Path]:
        """Its folders of a kind."""
        said_so = self.settings.get(f"{kind}-paths")
        named = said_so if isinstance(said_so, list) and said_so else [f"{kind}s"]
        return [self.root / str(name) for name in named]

    def gate(self) -> Path | None:
        """A gate that is there."""
        scripts = [path for one in self.folders("model") for path in sorted(one.rglob("*.py"))]
        return next((path for path in scripts if _GATE.search(read(path))), None)

    def macro(self, name: str) -> Path | None:
        """The file of its own macro of that name."""
        of_name = re.compile(rf"{{%-?\s*macro\s+{name}\s*\(")
        files = [path for one in self.folders("macro") for path in sorted(one.rglob("*.sql"))]
        return next((path for path in files if of_name.search(read(path))), None)

    def models(self) -> dict[str, Path]:
        """Its models by name that a gate can read, those of the last layer first."""
        found = [
            path
            for one in self.folders("model")
            for path in sorted(one.rglob("*.sql"), key=lambda path: (_rank(path, one), path))
        ]
        return {path.stem: path for path in found if not _EPHEMERAL.search(read(path))}


def read(path: Path) -> str:
    """Return the text of a file with its own line ends; blank where there is no such file."""
    if not path.exists():
        return ""
    with path.open(encoding="utf-8-sig" if path.suffix == ".sql" else "utf-8", newline="") as file:
        return file.read()


def project_folder(root: Path, environ: Mapping[str, str] = os.environ) -> ProjectFolder:
    """Return the project in a folder.

    Raises `ConfigError` where there is none, where one of its YAML files cannot be read, and for a
    profile that is not of DuckDB.
    """
    for name in (FILE, *PACKAGES):
        _mapping(root / name)
    settings = _mapping(root / FILE)
    for key in ("name", "profile"):
        if not isinstance(settings.get(key), str) and not (key == "profile" and _told(environ)):
            message = f"{root / FILE} has no `{key}`; write it, as dbt wants it as well."
            raise ConfigError(message)
    if settings["name"] == NAME:
        message = (
            f"The project in {root} is called `{NAME}`, as the package is, and dbt knows one of a "
            f"name; call it otherwise in {FILE}."
        )
        raise ConfigError(message)
    return ProjectFolder(root, settings, _profile(environ))


def _told(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("DBT_PROFILE"))


def _profile(environ: Mapping[str, str]) -> DbtProfile:
    from assay.hosts.dbt.profiles import profiles_file

    _mapping(profiles_file(environ))
    profile = profile_here(environ)
    kind = profile.output.get("type")
    if kind != "duckdb":
        message = (
            f"The output {profile.name} of {profile.file} is of type {kind!r}, and Assay works on "
            "DuckDB; name an output of type duckdb with `--target` or `--profile`."
        )
        raise ConfigError(message)
    return profile


def _mapping(path: Path) -> dict[str, Any]:
    """Return what a YAML file says; raises `ConfigError` with the line that cannot be read."""
    try:
        found = said(read(path))
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        message = f"{path}{line}: this is no YAML ({error.problem}); correct it."
        raise ConfigError(message) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"{path} is no YAML in UTF-8 ({error}); correct it."
        raise ConfigError(message) from None
    if found is not None and not isinstance(found, dict):
        message = f"{path} holds no keys with values; correct it."
        raise ConfigError(message)
    return found or {}


def _rank(path: Path, models: Path) -> int:
    """Return how early a model is taken: those of a known layer first, those of none last."""
    layer = layer_of(path, models)
    return _LAYERS.index(layer) if layer in _LAYERS else len(_LAYERS) + (path.parent == models)


def layer_of(path: Path, models: Path) -> str:
    """Return the folder at the top of `models` that a model lies in; else the name of `models`."""
    return [models.name, *path.relative_to(models).parts[:-1]][:2][-1]


def clashes(folder: ProjectFolder, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the macros of a project that are called as one of `names`, with their file."""
    for name in names:
        if (path := folder.macro(name)) is not None:
            yield f"`{name}` in {path.relative_to(folder.root)}"
