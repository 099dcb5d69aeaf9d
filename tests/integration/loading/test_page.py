"""The page about sources taken at its word, in a fresh clone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ..clone import fresh_clone
from ..test_pages import PORT, unkept
from .conftest import PAGE_OF_SOURCES

pytestmark = [pytest.mark.sources, pytest.mark.whole]


def test_the_page_keeps_what_it_says(tmp_path: Path) -> None:
    """Files twice, a build with its freshness, a source that fails."""
    project = fresh_clone(tmp_path / "clone")
    project.env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    for name, command in {"build": "build ", "assay": ""}.items():
        line = f'exec {sys.executable} -m assay.cli.main {command}"$@"'
        (project.root / "scripts" / name).write_text(f"#!/bin/sh\n{line}\n")
    lost = unkept(project, PAGE_OF_SOURCES, PORT)

    assert lost == [], "\n".join(lost)
