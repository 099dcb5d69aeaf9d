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
    unknown where there is too little to tell. `before` are the values of the runs up to this one,
    oldest first, each with its colour."""

    name: str
    value: str
    target: str
    counted: str
    colour: str
    before: Sequence[tuple[str, str]]


def kpis(measured: Sequence[Measured], invocation_id: str) -> list[Kpi]:
    """Return the figures of a run, in their order; `measured` are those of runs, oldest first.

    A figure of which the run knows nothing is left out.
    """
    return [_kpi(series) for name in NAMES if (series := _up_to(measured, name, invocation_id))]


def _up_to(measured: Sequence[Measured], name: str, invocation_id: str) -> list[Measured]:
    """Return a figure over the runs up to one; nothing where that has none."""
    series = [one for one in measured if one.kpi == name]
    places = [at for at, one in enumerate(series) if one.invocation_id == invocation_id]
    return series[: places[-1] + 1] if places else []


def _kpi(series: Sequence[Measured]) -> Kpi:
    last = series[-1]
    bound = "at most" if last.kpi in AT_MOST else "at least"
    return Kpi(
        name=NAMES[last.kpi],
        value=_spelled(last.unit, last.value),
        target=f"{bound} {_spelled(last.unit, last.target)}",
        counted=f"{last.counted:,} {_COUNTED[last.kpi]}",
        colour=_COLOURS[last.is_met],
        before=[(_spelled(one.unit, one.value), _COLOURS[one.is_met]) for one in series][
            -MOST_RUNS:
        ],
    )


def _spelled(unit: str, value: float) -> str:
    if unit == "hours":
        return stopwatch(value * 3600)
    return f"{value:.1%}" if unit == "share" else f"{value:,.0f} an hour"
