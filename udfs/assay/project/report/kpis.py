"""The five figures of the business as a report shows them: of a run, and of those before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.clock import stopwatch
from assay.project.report.facts import Measured

NAMES = {
    "processing_hours": "Processing time",
    "data_quality_score": "Data quality score",
    "enrichment_rate": "Enrichment rate",
    "records_per_hour": "Throughput",
    "error_rate": "Error rate",
}
"""The figures by name, in their order."""

AT_MOST = frozenset({"processing_hours", "error_rate"})
"""Those whose target is the most; of the others it is the least."""

MOST_RUNS = 8

_COUNTED = {
    "processing_hours": "records",
    "data_quality_score": "rows checked by row gates",
    "enrichment_rate": "questions about rows",
    "records_per_hour": "records",
    "error_rate": "requests",
}
_COLOURS = {True: "green", False: "red", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure as people read it: `colour` is green where its target is met, red where not, and
    unknown where there is too little to tell. `value` is None where the run had nothing to
    measure; then `counted` says what there was none of. `before` are the values of the runs up to
    this one, oldest first, each with its colour; None for a run without."""

    name: str
    value: str | None
    target: str
    counted: str
    colour: str
    before: Sequence[tuple[str, str] | None]


def kpis(measured: Sequence[Measured], invocation_id: str) -> list[Kpi]:
    """Return all figures of a run, in their order; `measured` are those of runs, oldest first.

    Nothing where nothing was measured of the run. All have the same runs before.
    """
    runs = list(dict.fromkeys(one.invocation_id for one in measured))
    if invocation_id not in runs:
        return []
    shown = runs[: runs.index(invocation_id) + 1][-MOST_RUNS:]
    found = {(one.kpi, one.invocation_id): one for one in measured}
    return [_kpi(name, [found.get((name, run)) for run in shown]) for name in NAMES]


def _kpi(name: str, series: Sequence[Measured | None]) -> Kpi:
    last = series[-1]
    before = [
        None if one is None else (_spelled(one.unit, one.value), _COLOURS[one.is_met])
        for one in series
    ]
    if last is None:
        return Kpi(NAMES[name], None, "", f"no {_COUNTED[name]} in this run", "unknown", before)
    bound = "at most" if name in AT_MOST else "at least"
    return Kpi(
        name=NAMES[name],
        value=_spelled(last.unit, last.value),
        target=f"{bound} {_spelled(last.unit, last.target)}",
        counted=f"{last.counted:,} {_COUNTED[name]}",
        colour=_COLOURS[last.is_met],
        before=before,
    )


def _spelled(unit: str, value: float) -> str:
    if unit == "hours":
        return stopwatch(value * 3600)
    return f"{value:.1%}" if unit == "share" else f"{value:,.0f} an hour"
