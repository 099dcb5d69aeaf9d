"""What people type to start this program: the one place that messages take its name from."""

from __future__ import annotations

import os

VARIABLE = "_ASSAY_PROGRAM"
"""Set by `./scripts/assay`, and handed on to the dbt that a command starts."""

_SCRIPT, _BUILD_SCRIPT = "./scripts/assay", "./scripts/build"


def program(words: str = "") -> str:
    """Return the command line of `words`, such as `doctor --repair`, as it is typed here."""
    name = os.environ.get(VARIABLE, "assay")
    if name == _SCRIPT and words.split()[:1] == ["build"]:
        return _BUILD_SCRIPT + words.removeprefix("build")
    return f"{name} {words}".rstrip()
