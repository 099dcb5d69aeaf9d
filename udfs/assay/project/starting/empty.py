"""A new project with one small chain from a seed to gold, before Assay is added to it."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from assay.core.errors import ConfigError
from assay.hosts.dbt.package import NAME
from assay.project.starting.steps import TEMPLATES

_EMPTY = TEMPLATES / "empty"
_SUFFIX = ".tmpl"


def empty_project(root: Path) -> dict[Path, str]:
    """Return the files of a new project in the folder `root`, which names it.

    Raises `ConfigError` for a folder that holds anything, and for a name that dbt does not take.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        message = f"{root} is not empty, and nothing of yours is written over; name a new folder."
        raise ConfigError(message)
    name = re.sub(r"\W", "_", root.resolve().name.lower(), flags=re.ASCII)
    if not re.match("[a-z_]", name) or name == NAME:
        message = f"A project cannot be called {name!r}; begin with a letter, and not as `{NAME}`."
        raise ConfigError(message)
    templates = sorted(_EMPTY.rglob(f"*{_SUFFIX}"))
    return {root / _place(path): _filled(path, name) for path in templates}


def _place(path: Path) -> Path:
    """Return where the file of a template belongs; `dot-` stands for the dot of a hidden one."""
    place = path.relative_to(_EMPTY)
    return place.with_name(place.name.removesuffix(_SUFFIX).replace("dot-", "."))


def _filled(path: Path, name: str) -> str:
    return Template(path.read_text(encoding="utf-8")).substitute(name=name)
