"""The five figures as a report shows them."""

from __future__ import annotations

from assay.project.report.facts import Measured
from assay.project.report.kpis import MOST_RUNS, kpis


def measured(run: str, kpi: str, value: float, target: float, met: bool | None = True) -> Measured:
    """A figure of a run."""
    unit = {"processing_hours": "hours", "records_per_hour": "records an hour"}.get(kpi, "share")
    return Measured(run, kpi, unit, value, target, 2_500, met)


def test_each_figure_stands_beside_its_target() -> None:
    """In their order, as people read them."""
    found = kpis(
        [
            measured("a", "error_rate", 0.06, 0.05, False),
            measured("a", "records_per_hour", 120_000.4, 100_000, None),
            measured("a", "processing_hours", 1.51, 2),
        ],
        "a",
    )
    assert [(one.name, one.value, one.target, one.counted, one.colour) for one in found] == [
        ("Processing time", "1:30:36", "at most 2:00:00", "2,500 records", "green"),
        ("Data quality score", None, "", "no rows checked by row gates in this run", "unknown"),
        ("Enrichment rate", None, "", "no questions about rows in this run", "unknown"),
        ("Throughput", "120,000 an hour", "at least 100,000 an hour", "2,500 records", "unknown"),
        ("Error rate", "6.0%", "at most 5.0%", "2,500 requests", "red"),
    ]


def test_the_history_ends_with_the_run() -> None:
    """Later runs are not in it, nor more than fit."""
    runs = [measured(f"run-{place}", "enrichment_rate", place / 100, 0.05) for place in range(20)]
    one = {each.name: each for each in kpis(runs, "run-9")}["Enrichment rate"]
    assert [run and run[0] for run in one.before] == [
        f"{place / 100:.1%}" for place in range(2, 10)
    ]
    assert len(one.before) == MOST_RUNS


def test_a_figure_that_a_run_lacks_leaves_its_place_empty() -> None:
    """What asked nobody has no error rate, and those of before stay under their runs."""
    runs = [
        measured("a", "error_rate", 0.01, 0.05),
        *(measured(run, "processing_hours", 1, 2) for run in "ab"),
        measured("c", "error_rate", 0.02, 0.05),
        measured("c", "processing_hours", 1, 2),
    ]
    found = {one.name: one for one in kpis(runs, "c")}
    assert found["Error rate"].before == [("1.0%", "green"), None, ("2.0%", "green")]
    found = {one.name: one for one in kpis(runs, "b")}
    assert found["Error rate"].value is None
    assert found["Error rate"].before == [("1.0%", "green"), None]


def test_a_run_of_which_nothing_is_known_has_no_figures() -> None:
    """A look, or a project without ops."""
    assert kpis([measured("a", "error_rate", 0, 0.05)], "b") == []
    assert kpis([], "a") == []
