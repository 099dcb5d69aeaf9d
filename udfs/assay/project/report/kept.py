"""The drawings of the last page: what shows the same again is not drawn again.

The library that describes charts and the one that draws them take a second to be there, and most
pages show what the page before showed.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup

from assay.core.extras import extra
from assay.project.report.svg import safe_svg

_HERE = Path(__file__).parent
_DRAWN_BY = ("charts.py", "drawing.py")
_LIBRARIES = ("altair", "vl-convert-python")


class Drawings:
    """Charts by name and by what they show; `file` has those of the last page."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last = _read(file)
        self._shown: dict[str, list[str]] = {}

    def __call__(self, chart: str, *shown: Any) -> Markup:
        """Return what the function `chart` of `charts.py` draws of `shown`, safe for a page.

        Raises `ConfigError` where it must be drawn and the extra `report` is not installed.
        """
        key = hashlib.sha256(repr((chart, *shown)).encode()).hexdigest()
        svg, title = self._last.get(key) or self._shown.get(key) or _drawn(chart, shown)
        self._shown[key] = [svg, title]
        return safe_svg(svg, title)

    def keep(self) -> None:
        """Write what was shown; what was not is forgotten."""
        unborn = self._file.with_name(f"{self._file.name}.new")
        unborn.parent.mkdir(parents=True, exist_ok=True)
        unborn.write_text(json.dumps({"by": _makers(), "drawn": self._shown}), encoding="utf-8")
        unborn.replace(self._file)


def _drawn(chart: str, shown: tuple[Any, ...]) -> tuple[str, str]:
    with extra("report", "A report"):
        from assay.project.report import charts
    svg, title = getattr(charts, chart)(*shown)
    return svg, title


def _read(file: Path) -> dict[str, list[str]]:
    """Return what a file keeps; nothing where it cannot be read or others have drawn it."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return dict(kept["drawn"]) if kept["by"] == _makers() else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _makers() -> list[str]:
    """Return what a drawing depends on beside what it shows: our code and the two libraries."""
    code = b"".join((_HERE / name).read_bytes() for name in _DRAWN_BY)
    with extra("report", "A report"):
        return [hashlib.sha256(code).hexdigest(), *map(version, _LIBRARIES)]
