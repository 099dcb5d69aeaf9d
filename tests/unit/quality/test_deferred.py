"""Modules that are loaded when they are first used."""

from __future__ import annotations

import subprocess
import sys

STORY = """
import sys
from assay.project.gates.deferred import defer
defer("colorsys", "xml.dom")
import colorsys
from xml import dom
print(hasattr(colorsys, "__file__"), "xml.dom.domreg" in sys.modules)
print(colorsys.rgb_to_hsv(0, 0, 0), dom.EMPTY_NAMESPACE, "xml.dom.domreg" in sys.modules)
import colorsys
print(hasattr(colorsys, "__file__"))
"""


def said(story: str) -> str:
    """What a Python of its own prints."""
    command = [sys.executable, "-c", story]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_deferred_module_is_loaded_by_its_first_use() -> None:
    """Not by an import of it; afterwards it is the module itself."""
    done = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["False False", "(0.0, 0.0, 0) None True", "True"]


def test_great_expectations_does_without_what_it_seldom_uses() -> None:
    """A third of the time of its import, and 20 MB."""
    story = (
        "import sys; from assay.project.gates.checks import known_expectations; "
        "print(len(known_expectations()) > 40, 'scipy.linalg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", story], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]
