"""Charts of a report: what each one shows of the records, and as which marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from assay.project.report.drawing import (
    FEW,
    Drawing,
    Rows,
    bar_size,
    chart_of,
    drawn,
    names_axis,
    stacked,
)
from assay.project.report.drift import previous
from assay.project.report.facts import (
    Histogram,
    Prompt,
    RunFacts,
    Shares,
    State,
    SuiteState,
    plain,
)
from assay.store import Evaluation

MOST_LABELS = 8
"""How many labels have a colour of their own; the others are one."""

MOST_BARS = 12
"""How many labels have a bar of their own."""

_MOST_STATES = 10
_LABEL = 18
_CROSS = "M-.8,-1L0,-.25 .8,-1 1,-.8 .25,0 1,.8 .8,1 0,.25 -.8,1 -1,.8 -.25,0 -1,-.8Z"
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
            axis=alt.Axis(format="%", tickCount=4),
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
            y=alt.Y("share:Q", title="share of answers", axis=alt.Axis(format="%", tickCount=4)),
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


def served(history: Sequence[RunFacts]) -> Drawing:
    """Where the answers of each run came from."""
    parts = ("bought", "from the store", "repeated", "without an answer")
    rows = [
        {"run": name, "from": part, "rows": count, "order": place}
        for name, run in _named(history)
        for place, (part, count) in enumerate(
            zip(parts, (run.bought, run.stored, run.repeated, run.failed), strict=True)
        )
    ]
    colours = ["var(--c1)", "var(--c0)", "var(--c2)", "var(--c3)"]
    return stacked(rows, "rows", "rows with a text", (parts, colours), "Answers by run")


def tokens(history: Sequence[RunFacts]) -> Drawing:
    """Tokens that each run sent and got."""
    parts = ("in", "out")
    rows = [
        {"run": name, "from": part, "tokens": count, "order": place}
        for name, run in _named(history)
        for place, (part, count) in enumerate(
            zip(parts, (run.input_tokens, run.output_tokens), strict=True)
        )
    ]
    range_ = ["var(--c0)", "var(--c1)"]
    return stacked(rows, "tokens", "tokens", (parts, range_), "Tokens by run")


def cost(history: Sequence[RunFacts]) -> Drawing:
    """Known US dollars that each run cost."""
    rows = [
        {"run": name, "usd": run.cost_usd, "said": f"{run.cost_usd:,.4f}"}
        for name, run in _named(history)
    ]
    base = chart_of(rows).encode(
        x=alt.X("run:O", sort=None, title="run began (UTC)"),
        y=alt.Y("usd:Q", title="US dollars", axis=alt.Axis(tickCount=4)),
    )
    chart: Any = base.mark_bar(color="var(--accent)", **bar_size(history))
    if len(history) <= FEW:
        chart += base.mark_text(dy=-6, color="var(--ink)", fontSize=10).encode(text="said:N")
    return drawn(chart, "Known cost by run")


def latency(prompts: Sequence[Prompt]) -> Drawing:
    """From the median to the 95th percentile of each prompt's requests."""
    rows = [
        {"prompt": _prompt_name(one), "p50": one.p50_seconds, "p95": one.p95_seconds}
        for one in prompts[:MOST_LABELS]
        if one.p50_seconds is not None
    ]
    base = chart_of(rows).encode(y=names_axis("prompt", [str(row["prompt"]) for row in rows]))
    seconds = alt.X("p50:Q", title="seconds a request: ● median, | 95 %")
    chart = (
        base.mark_rule(color="var(--accent)", strokeWidth=3).encode(x=seconds, x2="p95:Q")
        + base.mark_circle(color="var(--accent)", size=70, opacity=1).encode(x=seconds)
        + base.mark_tick(color="var(--ink)", thickness=2, height=12).encode(x="p95:Q")
    )
    return drawn(chart, "Seconds a request by prompt", step=22)


def suites(history: Sequence[RunFacts], states: Sequence[SuiteState]) -> Drawing:
    """Each suite in each run: a filled circle for green, a cross for red."""
    names = {run.invocation_id: name for name, run in _named(history)}
    rows = [
        {
            "run": names[state.invocation_id],
            "suite": plain(state.suite, 26),
            "verdict": "red" if state.red else "green",
        }
        for state in sorted(states, key=lambda state: (state.gate, state.suite))
    ]
    verdict = ["green", "red"]
    chart = (
        chart_of(rows)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            x=alt.X("run:O", sort=list(names.values()), title="run began (UTC)"),
            y=names_axis("suite", [row["suite"] for row in rows]),
            color=alt.Color(
                "verdict:N",
                title=None,
                scale=alt.Scale(domain=verdict, range=["var(--good)", "var(--bad)"]),
                legend=alt.Legend(orient="bottom", columnPadding=24),
            ),
            shape=alt.Shape(
                "verdict:N", title=None, scale=alt.Scale(domain=verdict, range=["circle", _CROSS])
            ),
        )
    )
    return drawn(chart, "Gates by run", step=19)


def golden(found: Sequence[Evaluation], name: str) -> Drawing:
    """Accuracy of each prompt version with its interval, in the order in which they came."""
    rows = [
        {
            "version": version,
            "accuracy": one.accuracy,
            "low": one.accuracy_low,
            "high": one.accuracy_high,
            "said": f"{one.accuracy:.1%}",
        }
        for version, one in _versions(found).items()
    ]
    base = chart_of(rows).encode(y=names_axis("version", [str(row["version"]) for row in rows]))
    exact = alt.X(
        "low:Q",
        title="accuracy with 95 % interval",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    chart = (
        base.mark_rule(color="var(--accent)", strokeWidth=3).encode(x=exact, x2="high:Q")
        + base.mark_circle(color="var(--accent)", size=70, opacity=1).encode(x="accuracy:Q")
        + base.mark_text(dy=-10, color="var(--ink)", fontSize=10).encode(
            x="accuracy:Q", text="said:N"
        )
    )
    return drawn(chart, name, step=28)


def _versions(found: Sequence[Evaluation]) -> Mapping[str, Evaluation]:
    """The last evaluation of each prompt and model, the oldest version first."""
    return {
        f"{one.prompt_hash[:6]} {plain(one.model, 14)}": one for one in found[-MOST_LABELS * 4 :]
    }


def _named(history: Sequence[RunFacts]) -> list[tuple[str, RunFacts]]:
    return list(zip(times(run.started_at for run in history), history, strict=True))


def _prompt_name(one: Prompt) -> str:
    return f"{plain(one.kind, 12)} {one.prompt_hash[:6]}"


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
