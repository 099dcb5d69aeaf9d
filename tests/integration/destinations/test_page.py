"""The page about vector stores taken at its word, in a fresh clone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ..clone import fresh_clone
from ..dbt.project import REPOSITORY
from ..test_pages import PORT, unkept

pytestmark = [pytest.mark.destinations, pytest.mark.whole]

PAGE = REPOSITORY / "docs/how-to/deliver-to-a-vector-store.md"


def test_the_page_keeps_what_it_says(tmp_path: Path) -> None:
    """A green build, a table with vectors, and LanceDB twice."""
    project = fresh_clone(tmp_path / "clone")
    project.env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    for name, command in {"build": "build ", "assay": ""}.items():
        line = f'exec {sys.executable} -m assay.cli.main {command}"$@"'
        (project.root / "scripts" / name).write_text(f"#!/bin/sh\n{line}\n")
    lost = unkept(project, PAGE, PORT)

    assert lost == [], "\n".join(lost)
