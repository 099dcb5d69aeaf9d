"""Line ends: a text is the same text however the file that holds it ends its lines."""

from __future__ import annotations

from typing import Any


def unix(value: Any) -> Any:
    """Return a value with LF for each CR LF and CR in its texts, however deep they are."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, dict):
        return {unix(name): unix(one) for name, one in value.items()}
    return [unix(one) for one in value] if isinstance(value, list | tuple) else value
