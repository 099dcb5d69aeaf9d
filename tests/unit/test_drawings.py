"""Drawings of the last page: shown again without being drawn again, and made safe each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.project.report.facts import Histogram
from assay.project.report.kept import Drawings

SPREAD = Histogram(0.0, 1.0, (1, 2, 3), 0.5, 0.5)
ASKED = ("histogram", SPREAD, "Score of topic", "score")


def kept(file: Path) -> Any:
    """What a file of drawings says."""
    return json.loads(file.read_text(encoding="utf-8"))


def marked(file: Path, **other: Any) -> None:
    """Keep one drawing, and put a mark and a script into it."""
    first = Drawings(file)
    first(*ASKED)
    first.keep()
    found = kept(file) | other
    (drawing,) = found["drawn"].values()
    drawing[0] = drawing[0].replace("</svg>", "<text>mark</text><script>x()</script></svg>")
    file.write_text(json.dumps(found), encoding="utf-8")


def test_what_shows_the_same_is_not_drawn_again(tmp_path: Path) -> None:
    """It comes from the file, and is made safe as if it had just been drawn."""
    marked(tmp_path / "drawings.json")
    drawn = Drawings(tmp_path / "drawings.json")(*ASKED)
    assert "<text>mark</text>" in drawn
    assert 'aria-label="Score of topic"' in drawn
    assert "script" not in drawn


@pytest.mark.parametrize(
    "asked",
    [
        ("histogram", Histogram(0.0, 1.0, (1, 2, 4), 0.5, 0.5), "Score of topic", "score"),
        ("histogram", SPREAD, "Score of tone", "score"),
    ],
)
def test_what_shows_something_else_is_drawn(tmp_path: Path, asked: tuple[Any, ...]) -> None:
    """Whatever of it is another."""
    marked(tmp_path / "drawings.json")
    assert "mark" not in Drawings(tmp_path / "drawings.json")(*asked)


@pytest.mark.parametrize("text", ['{"by": [], "drawn": {}}', "[]", "{", '{"by": 1}'])
def test_a_file_of_others_is_not_read(tmp_path: Path, text: str) -> None:
    """Another version of the code or of a library draws anew; so does who finds half a file."""
    file = tmp_path / "drawings.json"
    marked(file, by=["other"])
    assert "mark" not in Drawings(file)(*ASKED)
    file.write_text(text, encoding="utf-8")
    assert "<path" in Drawings(file)(*ASKED)


def test_what_is_not_shown_any_more_is_forgotten(tmp_path: Path) -> None:
    """The file has one page's drawings."""
    file = tmp_path / "assay" / "drawings.json"
    for title in ("Score of topic", "Score of tone"):
        page = Drawings(file)
        page("histogram", SPREAD, title, "score")
        page.keep()
    (drawing,) = kept(file)["drawn"].values()
    assert drawing[1] == "Score of tone"
