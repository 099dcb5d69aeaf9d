"""What a build prints last, and the table of a plan; the ledger's part against a real store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.settings import Settings
from assay.core.values import Fate
from assay.engine.estimate import Estimate
from assay.project.counting import failed_in, spend_of
from assay.project.report.summary import (
    PLAN_TITLES,
    failed_lines,
    invocation_of,
    look,
    plan_cells,
    plan_notes,
    run_results,
    stopped_by,
    summary,
)
from assay.store import Landing, Spend, Store, Use, open_store

from .builders import attempt

NOTHING = Spend()
DATABASE = Path("warehouse.duckdb")


def result(unique_id: str, status: str = "success", schema: str = "gold") -> dict[str, Any]:
    """One entry of run_results.json."""
    name = unique_id.rsplit(".", maxsplit=1)[-1]
    relation = f'"warehouse"."{schema}"."{name}"'
    return {"unique_id": unique_id, "status": status, "relation_name": relation}


def printed(
    *results: dict[str, Any], spend: Spend = NOTHING, uses: Sequence[Use] = ()
) -> dict[str, str]:
    """The summary: first word to the rest."""
    run = {"results": list(results)}
    done = summary(run, spend, uses, DATABASE)
    todo = [*failed_lines(failed_in(uses)), *look(run, ["gold.g"])]
    return dict(line.split(maxsplit=1) for line in [*done, *todo])


def use(rows: int, **counts: Any) -> Use:
    """What became of the rows of one question."""
    return Use("run", "2026-03-01 12:00:00.000000", "filter", "p", "m", rows, **counts)


def test_the_summary_counts_what_was_built_and_checked() -> None:
    """By kind, and all statuses by name; what failed or was skipped is neither."""
    said = printed(
        result("model.assay.a"),
        result("model.assay.b", "error"),
        result("seed.assay.s"),
        result("test.assay.t.1", "pass"),
        result("test.assay.t.2", "fail"),
        result("test.assay.t.3", "skipped"),
        result("unit_test.assay.a.u", "fail"),
        result("operation.assay.hook"),
    )

    assert said["Built"] == "1 of 2 models and 1 seed in warehouse.duckdb: 1 error, 2 success"
    assert said["Checked"] == "2 of 3 data tests and 1 unit test: 2 fail, 1 pass, 1 skipped"


def test_of_what_all_failed_nothing_is_called_built() -> None:
    """One model errored, the other hung on it, and so did all tests."""
    said = printed(
        result("model.assay.a", "error"),
        result("model.assay.b", "skipped"),
        *(result(f"test.assay.t.{at}", "skipped") for at in range(34)),
    )

    assert said["Built"].startswith("0 of 2 models and 0 seeds in ")
    assert said["Built"].endswith(": 1 error, 1 skipped")
    assert said["Checked"] == "0 of 34 data tests and 0 unit tests: 34 skipped"


def test_tables_in_another_database_are_said_to_be_there() -> None:
    """The profile names the file, whatever the environment says."""
    elsewhere = result("model.shop.a") | {"relation_name": '"jaffle"."main"."a"'}
    assert printed(elsewhere)["Built"] == "1 model and 0 seeds in jaffle"


@pytest.mark.parametrize(
    ("spend", "asked", "cost"),
    [
        (NOTHING, "nobody: nothing was due", None),
        (
            Spend(1200, 19_000, 1_234_567, 89_012, 1.5, 0, 0),
            "1,200 requests for 19,000 answers (15.8 each: packing and fusion), 1,234,567 tokens "
            "in and 89,012 out",
            "1.5000 US dollars",
        ),
        (
            Spend(2, 9, 1_000, 30, 0.1, cached_tokens=400),
            "2 requests for 9 answers (4.5 each: packing and fusion), 1,000 tokens in (400 "
            "cached) and 30 out",
            "0.1000 US dollars",
        ),
        (
            Spend(3, 9, 0, 0, 0.0, 0, 0),
            "3 requests for 9 answers (3.0 each: packing and fusion)",
            None,
        ),
        (
            Spend(5, 4, 10, 2, 0.25, 2, 1),
            "5 requests for 4 answers, 10 tokens in and 2 out",
            "0.2500 US dollars, and 2 requests of unknown cost; 1 request may have been billed "
            "without an answer",
        ),
        (
            Spend(1, 1, 0, 0, 0.0, 1, 0),
            "1 request for 1 answer",
            "0.0000 US dollars, and 1 request of unknown cost",
        ),
        (Spend(33), "33 requests, none was answered", None),
        (Spend(3, replies=3), "3 requests, none brought an answer", None),
    ],
    ids=["nothing", "much", "cached", "local", "unclear", "one", "refused", "useless"],
)
def test_the_summary_says_what_was_asked_and_paid(
    spend: Spend, asked: str, cost: str | None
) -> None:
    """An unknown cost is not a zero; of nothing that was paid there is no line."""
    said = printed(result("model.assay.a"), spend=spend)

    assert (said["Asked"], said.get("Cost")) == (asked, cost)


def test_the_summary_says_what_was_saved_and_what_failed() -> None:
    """Rows that needed no answer of their own, priced by question; a failed row saved nothing."""
    failed = {"refused": Fate(2), "transport": Fate(0, kept=1)}
    uses = [
        use(100, stored=20, repeated=47, failed=failed, answer_usd=0.01),
        use(10, stored=10, answer_usd=0.0),
    ]
    said = printed(result("model.assay.a"), spend=Spend(2, 31), uses=uses)

    assert said["Saved"] == (
        "77 of 110 values: 30 from the store, 47 with the text of another row, about 0.6700 US "
        "dollars"
    )
    assert said["Failed"] == (
        "3 values without an answer: 2 refused, 1 transport; see assay dead-letters list"
    )


def test_a_run_in_which_nothing_was_spared_says_nothing_of_it() -> None:
    """Every row had a text of its own, and nothing failed."""
    said = printed(result("model.assay.a"), spend=Spend(1, 9), uses=[use(9)])
    assert not {"Saved", "Failed"} & said.keys()


def test_rows_that_failed_are_not_called_answered() -> None:
    """Nobody was asked, and not because every answer was known."""
    said = printed(result("model.assay.a"), uses=[use(3, failed={"invalid": Fate(3)})])
    assert said["Asked"] == "nobody"
    assert "Saved" not in said


@pytest.mark.parametrize(
    ("results", "look"),
    [
        ([result("model.a.g"), result("model.a.s", schema="silver")], "gold.g"),
        ([result("model.a.s", schema="silver"), result("model.a.g")], "gold.g"),
        ([result("model.a.s", schema="silver"), result("model.a.g", "error")], "silver.s"),
    ],
    ids=["gold_first", "gold_last", "gold_failed"],
)
def test_the_summary_names_a_table_to_look_at(results: list[dict[str, Any]], look: str) -> None:
    """One that this run has built, of gold if it can."""
    assert printed(*results)["Look"] == f'assay query "from {look} limit 5"'


def test_where_nothing_was_built_there_is_nothing_to_look_at() -> None:
    """Tests alone, or a model that failed."""
    assert "Look" not in printed(result("test.assay.t.1", "pass"), result("model.a.b", "error"))


def test_whose_rows_were_all_answered_before_asked_nobody() -> None:
    """Which is not the same as a build without a question."""
    said = printed(result("model.assay.a"), uses=[use(3, stored=3)])

    assert said["Asked"] == "nobody: every answer was in the store"


def test_a_model_that_failed_is_not_taken_for_one_without_questions() -> None:
    """A wall of money asks nobody, too."""
    assert printed(result("model.assay.a", "error"))["Asked"] == "nobody"


def test_results_are_read_and_known_by_their_invocation(tmp_path: Path) -> None:
    """A run that left none has a blank id, which is no other run's."""
    assert run_results(tmp_path) is None
    assert invocation_of(None) == ""
    written = {"metadata": {"invocation_id": "run-1"}, "results": []}
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "run_results.json").write_text(json.dumps(written))

    assert run_results(tmp_path) == written
    assert invocation_of(run_results(tmp_path)) == "run-1"


def test_a_plan_is_a_row_for_each_model() -> None:
    """Thousands marked, an unknown price said to be unknown."""
    first, total = plan_cells(
        {
            "first": Estimate(1_000_000, 950, 900, 100, 50, 12_345, 678, 0.12345, 1.5),
            "total": Estimate(1, 2, 3, 4, 5, 6, 7, None),
        }
    )

    assert first == [
        *("first", "1,000,000", "950", "900", "100", "50", "12,345", "678", "0.1235", "1.5")
    ]
    assert total[-2:] == ["unknown", "unknown"]
    assert len(first) == len(PLAN_TITLES)


def test_a_plan_says_what_it_assumes_and_what_it_lacks() -> None:
    """A time that was not measured, a price that nobody told."""
    known = Estimate(1, 1, 1, 0, 1, 9, 9, 0.5, minutes=1.0, latency_seconds=2.0)

    assert len(plan_notes(known)) == 1
    assert (
        "Minutes assume 50 tokens a second" in plan_notes(replace(known, latency_seconds=None))[1]
    )
    assert "ASSAY_PRICE_INPUT_USD" in plan_notes(replace(known, cost_usd=None))[1]
    assert "+ is at least" in plan_notes(replace(known, at_least=True))[1]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A store with the attempts of two runs, the second of which was stopped."""
    store = open_store(tmp_path / "store.sqlite")
    attempts = [
        attempt(1, "first"),
        attempt(2, "second"),
        attempt(3, "second", cost_usd=None, maybe_paid=1, answers=0, input_tokens=None),
    ]
    settings = Settings()
    store.land([Landing(one) for one in attempts])
    for name in ("first", "second"):
        store.begin_run(name, settings)
    store.stop_run("second", "budget", "Used up.")
    yield store
    store.close()


def test_the_spend_is_that_of_one_run(store: Store) -> None:
    """What another run sent is not counted; unknown costs are counted apart."""
    assert spend_of(store, "first") == Spend(1, 3, 100, 10, 0.01, 0, 0, 0, 3)
    assert spend_of(store, "second") == Spend(2, 3, 100, 20, 0.01, 1, 1, 0, 6)
    assert spend_of(store, "none") == NOTHING


def test_what_stopped_a_run_is_told(store: Store) -> None:
    """And of a run that was not stopped, nothing."""
    assert stopped_by(store, "second") == ("budget", "Used up.")
    assert stopped_by(store, "first") is None
