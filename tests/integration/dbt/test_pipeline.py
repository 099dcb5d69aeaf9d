"""The shipped project as a whole: what `dbt build` makes, and that doing it again is free."""

from __future__ import annotations

import pytest

from assay.faultd import FaultServer

from .conftest import NewProject
from .project import Shipped, asking

SILVER_AND_GOLD = {
    "gold.customer_360",
    "gold.feedback_by_topic_week",
    "gold.feedback_to_review",
    "gold.product_complaints",
    "silver.silver_customers",
    "silver.silver_feedback",
    "silver.silver_products",
}


def test_a_first_build_passes_every_check(shipped: Shipped) -> None:
    """Every model is built and every test ran and passed; exposures are no-ops."""
    assert shipped.run.code == 0, shipped.run.output
    assert set(shipped.run.statuses().values()) == {"success", "pass", "no-op"}
    assert set(shipped.state) >= SILVER_AND_GOLD


def test_every_customer_has_every_answer_or_a_reason(shipped: Shipped) -> None:
    """The embedded models leave no row of the sample data without a status."""
    found = shipped.project.rows(
        "select distinct status from ops.ops_answer_statuses where row_count > 0"
    )
    assert {"ok"} <= {status for (status,) in found} <= {"ok", "skipped", "unsupported"}


@pytest.mark.parametrize(
    ("judged", "right", "golden", "least"),
    [
        ("f.topic.status = 'ok'", "f.topic.value = g.topic", "g.topic is not null", 0.72),
        (
            "f.sentiment.value is not null",
            "g.sentiment = case when f.sentiment.value >= 0.05 then 'positive' "
            "when f.sentiment.value <= -0.05 then 'negative' else 'neutral' end",
            "g.sentiment <> 'mixed'",
            0.60,
        ),
    ],
    ids=["topic", "sentiment"],
)
def test_three_quarters_are_judged_and_mostly_right(
    shipped: Shipped, judged: str, right: str, golden: str, least: float
) -> None:
    """The embedded models leave out what they are least sure of, and not too much of it."""
    ((share, accuracy),) = shipped.project.rows(
        f"select avg(({judged})::int), avg(({right})::int) filter ({judged}) "
        "from silver.silver_feedback as f join bronze.bronze_shop__golden_feedback as g "
        f"using (feedback_id) where {golden}"
    )
    assert share >= 0.75
    assert accuracy >= least


def test_the_ledger_is_served_as_it_stands_in_the_store(shipped: Shipped) -> None:
    """The ops model of calls has one row for each row of the store."""
    assert shipped.project.rows("select count(*) from ops.ops_calls") == [(shipped.calls,)]


@pytest.mark.parametrize("arguments", [("build",), ("build", "--full-refresh")], ids=" ".join)
def test_p10_e18_building_again_changes_nothing_and_asks_nothing(
    shipped: Shipped, arguments: tuple[str, ...]
) -> None:
    """A second build, even from scratch, finds every answer in the store."""
    run = shipped.project.dbt(*arguments)
    assert run.code == 0, run.output
    assert shipped.project.calls() == shipped.calls
    assert shipped.project.state("silver", "gold") == shipped.state


def test_p10_the_number_of_threads_makes_no_difference(shipped: Shipped) -> None:
    """One thread from scratch gives the tables that four gave."""
    run = shipped.project.dbt("run", "--full-refresh", ASSAY_THREADS="1")
    assert run.code == 0, run.output
    assert shipped.project.state("silver", "gold") == shipped.state


@pytest.mark.parametrize(
    "arguments",
    [
        ("parse", "--no-partial-parse"),
        ("compile",),
        ("ls",),
        ("docs", "generate"),
        ("run", "--empty", "--full-refresh", "--select", "silver", "--exclude", "gate_silver"),
    ],
    ids=" ".join,
)
def test_e04_nothing_is_asked_but_by_a_build(
    shipped: Shipped, server: FaultServer, arguments: tuple[str, ...]
) -> None:
    """Looking at the project costs nothing, even with an empty store and a paid endpoint."""
    run = shipped.project.dbt(*arguments, **asking(server, ASSAY_STORE="empty.sqlite"))
    assert run.code == 0, run.output
    assert server.summary()["requests"] == 0


def test_e17_a_doubled_key_stops_the_build_before_anything_is_asked(
    new_project: NewProject, server: FaultServer
) -> None:
    """Tests of bronze run before the silver model that would pay for its rows."""
    project = new_project().add_shipped()
    path = project.root / "seeds" / "shop_products.csv"
    head, first, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([head, first, first, *others]), encoding="utf-8")
    run = project.dbt("build", "--select", "+silver_products", **asking(server))
    assert run.code == 1
    (failed,) = [name for name, status in run.statuses().items() if status == "fail"]
    assert failed.startswith("table_rules_bronze_shop__prod")
    assert run.statuses()["silver_products"] == "skipped"
    assert server.summary()["requests"] == 0
