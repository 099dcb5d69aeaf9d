"""Where the dbt package is that belongs to the code which runs, as a line of packages.yml."""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assay.core.errors import ConfigError
from assay.hosts.dbt.package import NAME
from assay.hosts.dbt.project_folder import FILE
from assay.hosts.dbt.rendering import read_yaml

FOLDER = "local"
"""dbt's key for a package in a folder of this machine."""

_OPTION = "--package"
_REPOSITORY = re.compile(r"(?P<git>(?:[\w+]+://|[\w.-]+@[\w.-]+:).+?)(?:@(?P<revision>[^@:]+))?")


def package_source(root: Path, given: str | None) -> dict[str, str]:
    """Return the entry of packages.yml for the project in `root`: a folder, or git and revision.

    `given` names a folder, or a repository as `URL@REVISION`; without it pip's own record says
    where the Python package came from (PEP 610). Raises `ConfigError` where neither leads to one.
    """
    if given is None:
        return source_of(_record(), root)
    if found := _REPOSITORY.fullmatch(given):
        if found["revision"]:
            return {"git": found["git"], "revision": found["revision"]}
        message = f"{_OPTION} {given!r} names no revision; write it behind an `@`: {given}@v1.0.0."
        raise ConfigError(message)
    return _local(Path(given), root)


def _path_of(url: str) -> str:
    """Return the path in a `file:` URL; on Windows it begins with the letter of a drive."""
    path = unquote(urlsplit(url).path)
    return re.sub("^/(?=[A-Za-z]:)", "", path)


def source_of(record: str | None, root: Path) -> dict[str, str]:
    """Return the entry that a direct_url.json leads to; raises `ConfigError` where it cannot."""
    said = json.loads(record or "{}")
    if revision := said.get("vcs_info", {}).get("commit_id"):
        return {"git": said["url"], "revision": revision}
    if said.get("url", "").startswith("file:"):
        return _local(Path(_path_of(said["url"])), root)
    message = (
        "pip does not say where Assay came from, so its dbt package cannot be named; give the "
        f"folder of a clone with `{_OPTION} ../assay`, or `{_OPTION} URL@REVISION`."
    )
    raise ConfigError(message)


def _record() -> str | None:
    try:
        return distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return None


def _local(folder: Path, root: Path) -> dict[str, str]:
    if (read_yaml(folder / FILE) or {}).get("name") != NAME:
        message = (
            f"{folder} is no clone of Assay: it has no {FILE} of that name; name another one with "
            f"`{_OPTION}`."
        )
        raise ConfigError(message)
    here = folder.resolve()
    try:
        return {FOLDER: Path(os.path.relpath(here, root.resolve())).as_posix()}
    except ValueError:  # on another drive
        return {FOLDER: here.as_posix()}
