"""An example as a new user has it: in a copy of its folder, with the package above it."""

from __future__ import annotations

import shutil

from ..dbt.project import PARTS, REPOSITORY, Project, _copy

_MADE = ("data", "dbt_packages", "target", "logs", "published", ".assay", "*.duckdb*")


class Example(Project):
    """The example that its folder is called after, with the repository two floors up."""

    def __post_init__(self) -> None:
        for part in (*PARTS, "models", "seeds"):
            _copy(REPOSITORY / part, self.root.parents[1] / part)
        home = REPOSITORY / "examples" / self.root.name
        shutil.copytree(home, self.root, ignore=shutil.ignore_patterns(*_MADE))
        run = self.dbt("deps")
        assert run.code == 0, run.output
