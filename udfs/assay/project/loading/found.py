"""Which sources a project has: the Python files of its folder `sources/`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from assay.core.errors import ConfigError

_NAME = re.compile("[a-z][a-z0-9_]*")


def sources_in(folder: Path) -> dict[str, Path]:
    """Return the sources of a folder by their names, in the order of these; none without it.

    A file that begins with `_` is shared by others, and no source. Raises `ConfigError` for a name
    that no schema can have.
    """
    if not folder.is_dir():
        return {}
    files = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    for path in files:
        if _NAME.fullmatch(path.stem) is None:
            message = (
                f"{path} cannot be a source by its name; rename it to small letters, digits and "
                "`_`, a letter first, such as tickets.py."
            )
            raise ConfigError(message)
    return {path.stem: path for path in files}


def chosen(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the sources that are named, all where none is; `ConfigError` for an unknown one."""
    known = sources_in(folder)
    if not known:
        message = (
            f"There is no source in {folder}; write one, such as {folder.name}/tickets.py "
            "(docs/how-to/load-sources.md), or name another folder in `ASSAY_SOURCES`."
        )
        raise ConfigError(message)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
            message = f"There is no source called {name!r} in {folder}; {meant}"
            raise ConfigError(message)
    return {name: known[name] for name in known if name in names} if names else known
