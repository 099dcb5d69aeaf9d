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
    "axisQuantitative": {"grid": True},
    "legend": {
        "labelColor": "var(--ink)",
        "labelFontSize": 11,
        "symbolType": "square",
        "symbolSize": 80,
    },
}


def stacked(
    rows: Rows,
    field: str,
    axis: str,
    colours: tuple[Sequence[str], Sequence[str]],
    title: str,
) -> Drawing:
    """Return bars by run, each stacked of parts: `colours` are the parts' names and colours."""
    domain, range_ = colours
    chart = (
        chart_of(rows)
        .mark_bar(stroke="var(--card)", strokeWidth=1, **bar_size({row["run"] for row in rows}))
        .encode(
            x=alt.X("run:O", sort=None, title="run began (UTC)"),
            y=alt.Y(f"{field}:Q", title=axis, axis=alt.Axis(tickCount=4, format=",~s")),
            color=alt.Color(
                "from:N",
                title=None,
                scale=alt.Scale(domain=list(domain), range=list(range_)),
                legend=alt.Legend(orient="bottom", columnPadding=16),
            ),
            order="order:Q",
        )
    )
    return drawn(chart, title)


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
