"""The lines of a build about dbt tests that are red."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.project.gates.red_tests import Place, red_tests

COMPILED = "target/compiled/shop/models/orders.yml/unique_orders_id.sql"


def told(
    status: str,
    failures: int | None,
    evaluations: Mapping[Place, str] | None = None,
    **node: Any,
) -> list[str]:
    """The lines for a run of one test."""
    given = {
        "resource_type": "test",
        "name": "unique_orders_id",
        "attached_node": "model.shop.orders",
        "column_name": "id",
        "compiled_path": COMPILED,
        "test_metadata": {"name": "unique"},
    }
    results = [{"unique_id": "test.shop.a", "status": status, "failures": failures}]
    nodes = {"test.shop.a": given | node}
    return list(red_tests({"results": results}, {"nodes": nodes}, evaluations))


def test_a_red_test_is_named_with_model_count_and_what_to_do() -> None:
    """And the command that shows its rows."""
    expected = (
        "unique on orders.id: 1,200 rows found. Correct orders or what feeds it; "
        f'what it found: assay query "$(cat {COMPILED})".'
    )
    assert told("fail", 1200) == [expected]


def test_a_full_quarantine_says_where_the_rules_are_counted() -> None:
    """Its one row is no row of the data."""
    (line,) = told("fail", 1, column_name=None, test_metadata={"name": "rows_passed"})
    assert line.startswith("rows_passed on orders: 1 row found. Too many rows are in quarantine: ")


def test_a_row_gate_that_stopped_says_so_in_its_own_words() -> None:
    """Out of what dbt says around it; another error of a model may quote a row."""
    said = "row_gate: orders: 5 of 40 rows are in quarantine; allow more."
    message = f"Compilation Error in model orders_passed (a.sql)\n  {said}\n  > in macro x"
    results = [
        {"unique_id": "model.shop.a", "status": "error", "message": message},
        {"unique_id": "model.shop.a", "status": "error", "message": "Runtime Error"},
    ]
    node = {"resource_type": "model", "name": "orders_passed", "original_file_path": "a.sql"}
    told = list(red_tests({"results": results}, {"nodes": {"model.shop.a": node}}))
    assert told == [said, "orders_passed errored, as said above. Correct a.sql."]


def test_the_broken_rules_of_a_table_are_named() -> None:
    """In place of how many they are."""
    results = [{"unique_id": "test.shop.a", "status": "fail", "failures": 2}]
    node = {"resource_type": "test", "attached_node": "model.shop.orders", "name": "rules"}
    nodes = {"test.shop.a": node | {"test_metadata": {"name": "table_rules"}}}
    broken = {"test.shop.a": "not_null on id (3 rows), unique on id (1 row)"}
    (line,) = red_tests({"results": results}, {"nodes": nodes}, broken=broken)
    assert line.startswith("table_rules on orders: not_null on id (3 rows), unique on id (1 row).")


def test_a_golden_test_tells_its_figures() -> None:
    """Those of its own golden rows; its SQL runs in dbt only."""
    evaluations = {
        ("orders", "id.value", "gold_a"): "accuracy 0.5 of 40 golden rows",
        ("orders", "id.value", "gold_b"): "accuracy 0.6 of 40 golden rows",
        ("other", "id.value", "gold_b"): "accuracy 0.7 of 40 golden rows",
    }
    kwargs = {"golden": "ref('gold_b')", "key": "id"}
    metadata = {"name": "ai_accuracy", "kwargs": kwargs}
    (line,) = told("fail", 1, evaluations, test_metadata=metadata)
    assert line.startswith("ai_accuracy on orders.id: accuracy 0.6 of 40 golden rows. Correct ")
    assert "`ops.ops_golden`" in line
    assert "assay query" not in line
    (unmeasured,) = told("fail", 1, {}, test_metadata=metadata)
    assert "1 row found" in unmeasured


def test_a_test_that_errored_has_no_rows_to_show() -> None:
    """dbt has said why."""
    expected = "unique on orders.id: errored, as said above. Correct the test or orders."
    assert told("error", None) == [expected]


def test_a_test_that_is_written_out_goes_by_its_name() -> None:
    """It belongs to no model."""
    (line,) = told("warn", 2, column_name=None, attached_node=None, test_metadata=None)
    assert line.startswith("unique_orders_id: 2 rows found. Correct what it reads or what feeds")


def test_what_passed_is_not_told() -> None:
    """Nor a gate, whose results say more."""
    assert told("pass", 0) == []
    assert told("error", None, resource_type="model", name="gate_gold") == []
