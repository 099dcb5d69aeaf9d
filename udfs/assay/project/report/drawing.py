"""How charts are drawn: Altair describes, vl-convert draws, and `kept.py` makes it safe.

Colours are CSS variables of the page, so that one drawing serves light and dark. Each chart is as
wide as a phone; the page sets them side by side where there is room.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import altair as alt
import vl_convert

WIDTH = 316
"""Pixels: what a phone of 375 leaves inside a card."""

FEW = 4
"""Up to so many bars are drawn narrow and are named one by one."""

_HEIGHT = 130
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
_MOST_TICKS = 4
_CHARACTER = 6.8
"""Pixels of a character in a wide font: what the drawing reserves, whatever font it is seen in."""

Rows = list[dict[str, Any]]

Drawing = tuple[str, str]
"""An SVG document as the library wrote it, and what it shows, in words."""

_LOOK: dict[str, Any] = {
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "labelFontSize": 11,
        "titleColor": "var(--muted)",
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    },
    "axisY": {"titlePadding": 12, "domain": False, "ticks": False, "labelPadding": 6},
    "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 16},
    "axisQuantitative": {"grid": True, "labelOverlap": False},
    "axisXQuantitative": {"labelOverlap": False},
    "legend": {
        "labelColor": "var(--ink)",
        "labelFontSize": 11,
        "symbolType": "square",
        "symbolSize": 80,
    },
}


def ticks(top: float) -> list[float]:
    """Return where an axis of shares from 0 to `top` is named: few places, all of which fit."""
    step = next((one for one in _STEPS if top / one < _MOST_TICKS), 1.0)
    return [round(place * step, 6) for place in range(int(top / step + 1e-9) + 1)]


def chart_of(rows: Rows) -> alt.Chart:
    """Return a chart of records, without marks yet."""
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


def names_axis(field: str, names: Sequence[str]) -> alt.Y:
    """An axis of names, wide enough for the longest in any font."""
    pixels = min(round(max(map(len, names), default=0) * _CHARACTER) + 8, WIDTH // 2 + 20)
    axis = alt.Axis(labelLimit=0, minExtent=pixels)
    return alt.Y(f"{field}:N", sort=None, title=None, axis=axis)


def bar_size(things: Collection[Any]) -> dict[str, Any]:
    """How wide bars are: a few are not to fill the whole chart."""
    return {"size": 44} if len(things) <= FEW else {}


def drawn(chart: Any, title: str, step: int | None = None) -> Drawing:
    """Return a chart drawn: as high as its rows with `step`, else of the common height."""
    height = alt.Step(step) if step else _HEIGHT
    sized = chart.properties(
        width=WIDTH,
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        background="transparent",
        padding={"left": 2, "right": 12, "top": 6, "bottom": 2},
    )
    spec = sized.to_dict(validate=False) | {"config": _LOOK}
    return vl_convert.vegalite_to_svg(spec), title
