"""The made-up town of examples/directory: its files are those that its generator makes."""

from __future__ import annotations

import runpy
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[2] / "examples" / "directory"

ROWS = 800
LEAST_CANCELLED = 20


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the generator defines."""
    monkeypatch.syspath_prepend(str(HOME / "town"))
    made = runpy.run_path(str(HOME / "town" / "make.py"))
    sys.modules.pop("words", None)
    return made


def test_the_files_are_those_that_the_generator_makes(town: dict[str, Any]) -> None:
    """Whoever changes one changes both."""
    for path, text in town["files"]().items():
        assert (HOME / path).read_text(encoding="utf-8") == text, path


def test_the_register_has_eight_hundred_rows_of_all_kinds(town: dict[str, Any]) -> None:
    """Kitchens, shops, services and branches; renewed, cancelled and old licences among them."""
    businesses = town["town"]()
    rows = town["licences"](businesses)

    assert len(rows) == ROWS
    assert Counter(one.kind for one in businesses) == {
        "kitchen": 356,
        "shop": 84,
        "service": 70,
        "chain": 150,
    }
    assert sum(bool(row["cancelled_on"]) for row in rows) > LEAST_CANCELLED
    assert len({row["licence_id"] for row in rows}) == ROWS
