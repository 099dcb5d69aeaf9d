"""docs/dashboards.md on the built sample: its queries find something, its alerts do not, and the
sums of the ops models are those of the store."""

from __future__ import annotations

import re

import pytest

from .project import REPOSITORY, Shipped

PAGE = (REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")
QUERIES: list[str] = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.M | re.S)
ALERTS = [query for query in QUERIES if query.startswith("-- alert: ")]
OPS = sorted(path.stem for path in (REPOSITORY / "models" / "ops").glob("*.sql"))


def test_every_ops_model_is_on_the_page() -> None:
    """And none that is not there."""
    assert set(re.findall(r"\bops_\w+", PAGE)) == set(OPS)
    assert len(ALERTS) == 5
    assert len(QUERIES) - len(ALERTS) == 13


@pytest.mark.parametrize("query", [one for one in QUERIES if one not in ALERTS])
def test_a_query_of_the_page_finds_something(shipped: Shipped, query: str) -> None:
    """Rows, and in each column a value."""
    rows = shipped.project.rows(query)

    assert rows
    assert all(any(row[place] is not None for row in rows) for place in range(len(rows[0])))


@pytest.mark.parametrize("query", ALERTS)
def test_an_alert_of_the_page_is_quiet(shipped: Shipped, query: str) -> None:
    """The sample is in order."""
    assert shipped.project.rows(query) == []


@pytest.mark.parametrize(
    ("ops", "store"),
    [
        ("sum(attempts) from ops.ops_spend_by_day", "count(*) from calls"),
        ("sum(answers) from ops.ops_spend_by_day", "sum(answers) from calls"),
        ("sum(answers) from ops.ops_prompts", "count(*) from answers"),
        ("count(*) from ops.ops_prompts where is_in_use", "count(*) from tasks"),
        ("sum(expectations) from ops.ops_gates_by_run", "count(*) from gate_results"),
        ("sum(row_count) from ops.ops_savings", "sum(row_count) from served"),
        ("sum(stored_count) from ops.ops_savings", "0"),
    ],
)
def test_sums_are_those_of_the_store(shipped: Shipped, ops: str, store: str) -> None:
    """Also of what the running build itself had served; a first build finds nothing stored."""
    assert shipped.project.rows(f"select {ops}") == shipped.project.store_rows(f"select {store}")


def test_each_row_of_an_ai_column_was_served(shipped: Shipped) -> None:
    """Rows answered or declined, over all columns, are the rows that the savings count."""
    said = "status in ('ok', 'unsupported')"
    rows = shipped.project.rows(f"select sum(row_count) from ops.ops_answer_statuses where {said}")
    assert rows == shipped.project.rows("select sum(row_count) from ops.ops_savings")


def test_the_figures_of_the_build_are_those_of_its_counts(shipped: Shipped) -> None:
    """Each once, beside its target; what is `unsupported` has no answer."""
    found = shipped.project.rows("select kpi, counted, target from ops.ops_kpis order by kpi")
    rate = "select round(value, 9) from ops.ops_kpis where kpi = 'enrichment_rate'"
    counts = "sum(row_count) filter (where fate = 'ok'), sum(row_count)"
    ((answered, asked),) = shipped.project.store_rows(
        f"select {counts} from fates where fate <> 'repeated'"
    )
    assert [(kpi, target) for kpi, _, target in found] == [
        ("data_quality_score", 0.9),
        ("enrichment_rate", 0.7),
        ("error_rate", 0.05),
        ("processing_hours", 2),
        ("records_per_hour", 100_000),
    ]
    assert {kpi: counted for kpi, counted, _ in found}["enrichment_rate"] == asked
    assert shipped.project.rows(rate) == [(round(answered / asked, 9),)]
