"""Figures of the tests: each is printed and kept as a line of `target/promises.jsonl`."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FIGURES = Path(__file__).parents[2] / "target" / "promises.jsonl"

Figure = Callable[..., None]


def keep(test: str, numbers: dict[str, Any]) -> None:
    """Print the figures of a test and append them to the file that the docs are made from."""
    line = {
        "test": test,
        "measured_at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M}",
        "cores": os.cpu_count(),
        **numbers,
    }
    FIGURES.parent.mkdir(exist_ok=True)
    with FIGURES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"\n{test}: " + ", ".join(f"{name}={said}" for name, said in numbers.items()))  # noqa: T201 - the figure is the point


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[..., None]) -> Figure:
    """Say what was measured, as the last act of a test."""

    def said(**numbers: Any) -> None:
        for name, number in numbers.items():
            record_property(name, number)
        keep(request.node.name, numbers)

    return said
