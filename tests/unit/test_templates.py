"""Templates of pages: compiled once, and as well where nothing can be kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assay.project.templates import templates_in


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a template, under a Python that writes bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.j2").write_text("<p>{{ said }}</p>")
    return tmp_path


def page(folder: Path) -> str:
    """What the template makes of markup."""
    return templates_in(folder).get_template("page.j2").render(said="<b>")


def kept(folder: Path) -> list[Path]:
    """What lies beside it."""
    return list(folder.glob("__pycache__/*.jinja"))


def test_a_template_is_kept_beside_and_compiled_anew_once_it_changes(folder: Path) -> None:
    """What is kept is of this text alone."""
    (folder / "__pycache__").mkdir()
    assert (page(folder), len(kept(folder))) == ("<p>&lt;b&gt;</p>", 1)
    assert page(folder) == "<p>&lt;b&gt;</p>"
    (folder / "page.j2").write_text("<i>{{ said }}</i>")
    assert page(folder) == "<i>&lt;b&gt;</i>"


def test_where_nothing_can_be_kept_the_page_is_the_same(folder: Path) -> None:
    """As in a folder that is not ours to write to."""
    assert (page(folder), kept(folder)) == ("<p>&lt;b&gt;</p>", [])


def test_where_python_keeps_nothing_nothing_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PYTHONDONTWRITEBYTECODE` holds for templates, too."""
    (folder / "__pycache__").mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert (page(folder), kept(folder)) == ("<p>&lt;b&gt;</p>", [])
