"""Small drawings within a line of text or a cell, of our own making: bars and histories."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assay.project.report.golden import Version
from assay.project.report.history import Checks

WIDTH, _HEIGHT = 100, 10
_STEP, _TALL, _LOW = 8, 14, 6
_MARKS = {
    "pass": ("var(--good)", _LOW),
    "warn": ("var(--warn)", _TALL - 3),
    "fail": ("var(--bad)", _TALL),
    "error": ("var(--bad)", _TALL),
    "skipped": ("var(--c-rest)", 2),
}
"""By state, a colour and how tall its stroke is: red is told by more than its colour."""


def bar(said: str, parts: Sequence[tuple[float, str]], whole: float) -> Markup:
    """Return a bar as long as `parts` are of `whole`, each in its colour; `said` names it.

    A part is a number and the name of a colour of the page, `c1`.
    """
    drawn, at = [], 0.0
    for size, colour in parts:
        length = WIDTH * size / whole if whole else 0.0
        if length > 0:
            rect = Markup('<rect x="{:.1f}" width="{:.1f}" height="{}" fill="var(--{})"></rect>')
            drawn.append(rect.format(at, max(length, 0.6), _HEIGHT, colour))
        at += length
    return _svg("bar", WIDTH, _HEIGHT, said, drawn)


def interval(one: Version, least: float | None) -> Markup:
    """Return where an accuracy is between 0 and 1, its interval, and a line at `least`."""
    rect = Markup('<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill="var(--{})"></rect>')
    length = max(WIDTH * (one.high - one.low), 0.6)
    drawn = [rect.format(WIDTH * one.low, 3, length, 4, "accent")]
    drawn.append(rect.format(WIDTH * one.accuracy - 0.3, 0, 0.6, _HEIGHT, "ink"))
    asked = ""
    if least is not None:
        drawn.append(rect.format(WIDTH * least - 0.3, 0, 0.6, _HEIGHT, "bad"))
        asked = f", at least {least:.1%} asked for"
    said = f"{one.accuracy:.1%}, {one.low:.1%} to {one.high:.1%}{asked}"
    return _svg("interval", WIDTH, _HEIGHT, said, drawn)


def spark(row: Checks) -> Markup:
    """Return a stroke for each build, the last on the right: low for a pass, tall for red."""
    drawn = []
    for state, (colour, height) in _MARKS.items():
        places = [place for place, found in enumerate(row.states) if found == state]
        path = "".join(f"M{place * _STEP + 3} {_TALL}v-{height}" for place in places)
        if path:
            made = Markup('<path d="{}" stroke="{}" stroke-width="5"></path>')
            drawn.append(made.format(path, colour))
    return _svg("spark", len(row.states) * _STEP, _TALL, row.said, drawn)


def _svg(kind: str, width: int, height: int, said: str, drawn: Sequence[Markup]) -> Markup:
    made = Markup(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    )
    return made.format(kind, width, height, width, height, said, Markup("").join(drawn))
