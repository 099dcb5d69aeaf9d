"""Colour for people: on a terminal alone, and not where NO_COLOR says otherwise."""

from __future__ import annotations

import os
import sys
from typing import TextIO

RED, GREEN, YELLOW, BOLD = "31", "32", "33", "1"
"""Codes of SGR (ECMA-48)."""


def is_coloured(stream: TextIO | None = None) -> bool:
    """Whether colour may be written to a stream, standard output unless told."""
    out = sys.stdout if stream is None else stream
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str) -> str:
    """Return `text` in a colour where standard output shows it, else as it is."""
    return f"\x1b[{colour}m{text}\x1b[0m" if is_coloured() else text
