"""A store that a fault server filled, and the commands over it, in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from assay.cli.main import app
from assay.core.errors import AssayError


@dataclass(frozen=True)
class Result:
    """How a command ended: exit code (2 for an error of ours) and what it printed."""

    code: int
    out: str
    error: str = ""

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@dataclass
class Bench:
    """A folder with a store; `env` is what the commands are told."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The file of the store."""
        return self.folder / "store.sqlite"

    @property
    def warehouse(self) -> Path:
        """The file of the warehouse."""
        return self.folder / "warehouse.duckdb"

    def __call__(self, *arguments: str, **env: str) -> Result:
        """Run a command; the working directory is the caller's affair."""
        done = CliRunner().invoke(app, list(arguments), env=dict(self._environment(env)))
        error = done.exception
        if isinstance(error, AssayError):
            return Result(2, done.stdout, str(error))
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Result(done.exit_code, done.stdout)

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        own = {
            "ASSAY_STORE": str(self.store),
            "ASSAY_DATABASE": str(self.warehouse),
            "ASSAY_PUBLISH": str(self.folder / "published"),
        }
        return {**own, **self.env, **env}
