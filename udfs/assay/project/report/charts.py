"""Charts of a report: what each one shows of the records, and as which marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import altair as alt

from assay.project.report.drawing import (
    Drawing,
    Rows,
    bar_size,
    chart_of,
    drawn,
    names_axis,
    ticks,
)
from assay.project.report.drift import previous
from assay.project.report.facts import (
    Histogram,
    Shares,
    State,
    plain,
)

MOST_LABELS = 8
"""How many labels have a colour of their own; the others are one."""

MOST_BARS = 12
"""How many labels have a bar of their own."""

_MOST_STATES = 10
_LABEL = 18
_ONE_PERCENT = 0.01
_OTHERS = "all others"
_PALETTE = tuple(f"var(--c{place})" for place in range(MOST_LABELS))


def when(moment: str) -> str:
    """Return a time as the axes have it: `11-21 16:00`."""
    return moment[5:16].replace("T", " ")


def times(moments: Iterable[str]) -> list[str]:
    """Return times as an axis has them; a later one of the same minute is told apart."""
    seen: Counter[str] = Counter()
    told = []
    for name in map(when, moments):
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return told


def shares(found: Shares) -> Drawing:
    """Bars of the label shares now, with a tick where each stood when last accepted before."""
    kept, labels = previous(found), _commonest([found.now], MOST_BARS)
    rows: Rows = []
    for label, share, _ in _told(found.now, labels):
        before = None if kept is None else _share_of(kept, label, labels)
        said = "<1%" if 0 < share < _ONE_PERCENT else f"{share:.0%}"
        edge = max(share, before or 0)
        rows.append({"label": label, "share": share, "before": before, "said": said, "edge": edge})
    top = max([row["edge"] for row in rows] + [_ONE_PERCENT])
    base = chart_of(rows).encode(
        y=names_axis("label", [row["label"] for row in rows]),
        x=alt.X(
            "share:Q",
            title="share of answers",
            scale=alt.Scale(domain=[0, min(1.15, top * 1.18)], nice=False),
            axis=alt.Axis(format="%", values=ticks(top)),
        ),
    )
    layers = base.mark_bar(height=12, color="var(--accent)") + base.mark_text(
        align="left", dx=4, color="var(--ink)", fontSize=11
    ).encode(x="edge:Q", text="said:N")
    if kept is not None:
        layers += base.mark_tick(color="var(--ink)", thickness=2, height=16).encode(x="before:Q")
    return drawn(layers, f"Label shares of {found.path} now", step=19)


def shares_over_runs(found: Shares) -> Drawing:
    """Label shares as each run left them accepted, stacked."""
    states = list(found.accepted)[-_MOST_STATES:]
    labels = _commonest(states, MOST_LABELS)
    rows = [
        {"run": name, "label": label, "share": share, "order": place}
        for name, state in zip(times(state.accepted_at for state in states), states, strict=True)
        for place, (label, share, _) in enumerate(_told(state, labels))
    ]
    shown = [
        *_distinct(labels),
        *([_OTHERS] if any(row["label"] == _OTHERS for row in rows) else []),
    ]
    chart = (
        chart_of(rows)
        .mark_bar(stroke="var(--card)", strokeWidth=1, **bar_size(states))
        .encode(
            x=alt.X("run:O", sort=None, title="accepted at (UTC)"),
            y=alt.Y(
                "share:Q", title="share of answers", axis=alt.Axis(format="%", values=ticks(1))
            ),
            color=alt.Color(
                "label:N",
                title=None,
                scale=alt.Scale(domain=shown, range=_colours(shown)),
                legend=alt.Legend(orient="bottom", columns=2, columnPadding=24),
            ),
            order="order:Q",
        )
    )
    return drawn(chart, f"Label shares of {found.path} over runs")


def histogram(found: Histogram, what: str, axis: str) -> Drawing:
    """Bars of how a number is spread over ten bins."""
    width = (found.high - found.low) / len(found.counts)
    rows = [
        {"from": found.low + place * width, "to": found.low + (place + 1) * width, "rows": count}
        for place, count in enumerate(found.counts)
    ]
    base = chart_of(rows).mark_bar(color="var(--accent)", stroke="var(--card)", strokeWidth=1)
    chart = base.encode(
        x=alt.X(
            "from:Q",
            title=axis,
            scale=alt.Scale(domain=[found.low, found.high]),
            axis=alt.Axis(tickCount=5),
        ),
        x2="to:Q",
        y=alt.Y("rows:Q", title="rows", axis=alt.Axis(tickCount=4, format=",~s")),
        y2=alt.datum(0),
    )
    return drawn(chart, what)


# Labels


def _commonest(states: Sequence[State], most: int) -> list[str]:
    """The labels with the largest shares over all states, the largest first."""
    sums: Counter[str] = Counter()
    for state in states:
        for label in state.counts:
            sums[label] += round(state.share(label) * 1_000_000)
    # One label that is left over is shown, too: "all others" would not be shorter.
    return [label for label, _ in sums.most_common(most + (len(sums) == most + 1))]


def _told(state: State, labels: Sequence[str]) -> list[tuple[str, float, int]]:
    """Label, share and count of each of `labels`, and of all others together if there are any."""
    told = [
        (name, state.share(label), state.counts.get(label, 0))
        for name, label in zip(_distinct(labels), labels, strict=True)
    ]
    rest = state.total - sum(count for _, _, count in told)
    return [*told, (_OTHERS, rest / state.total, rest)] if rest else told


def _colours(names: Sequence[str]) -> list[str]:
    return [
        "var(--c-rest)" if name == _OTHERS else colour
        for name, colour in zip(names, (*_PALETTE, "var(--c-rest)"), strict=False)
    ]


def _share_of(state: State, name: str, labels: Sequence[str]) -> float:
    shown = {told: share for told, share, _ in _told(state, labels)}
    return shown.get(name, 0.0)


def _short(label: str) -> str:
    return plain(label, _LABEL) or "(blank)"


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels clipped for an axis, and still different from each other."""
    seen: Counter[str] = Counter()
    told = []
    for name in map(_short, labels):
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return told
