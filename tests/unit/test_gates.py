"""A gate: runs the suites of its layer, records what they counted, stops the build when red."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.errors import GateError
from assay.core.project import project_at
from assay.project.gates.gate import DATA_DOCS, Gatekeeper, suites_of, summary
from assay.project.gates.inventory import Inventory
from assay.project.gates.lock import write_lock
from assay.store import Store, open_store
from assay.store.queries import GateRows

INVOCATION = "an-invocation"
ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "meta": {}}
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}, "meta": {}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = open_store(tmp_path / "store.sqlite")
    yield store
    store.close()


@pytest.fixture
def keeper(store: Store, tmp_path: Path) -> Gatekeeper:
    """A gatekeeper of a project in a folder of its own, which promises nothing."""
    write_lock(tmp_path, Inventory())
    return Gatekeeper(store, INVOCATION, project_at(tmp_path, "target", []))


@pytest.fixture
def orders() -> Iterator[dict[str, duckdb.DuckDBPyRelation]]:
    """What a gate reads: one relation of three rows."""
    with duckdb.connect() as connection:
        yield {"orders": connection.query("select range as id, 'canary' as name from range(3)")}


def put(project: Path, gate: str, name: str, *expectations: Any, **columns: str) -> None:
    """Write a suite."""
    path = project / suites_of(gate) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"relation": name, "minimum_evaluated": 1, "columns": columns}
    path.write_text(json.dumps({"name": name, "meta": meta, "expectations": [*expectations]}))


def recorded(store: Store) -> list[tuple[str, str, str, str]]:
    """Gate, suite, expectation and reasons of every result."""
    rows = store.read(GateRows(INVOCATION))
    return [(row.gate, row.suite, row.expectation, row.reasons) for row in rows]


def test_a_green_gate_returns_its_results(
    keeper: Gatekeeper, store: Store, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """One row for each expectation, the same as in the store."""
    put(keeper.project.root, "gate_gold", "orders", ROWS, UNIQUE)
    table = keeper.check("gate_gold", orders)
    assert table.column("evaluated").to_pylist() == [3, 3]
    assert table.column("invocation_id").to_pylist() == [INVOCATION] * 2
    assert [row[3] for row in recorded(store)] == ["", ""]


def test_a_red_gate_records_before_it_raises(
    keeper: Gatekeeper, store: Store, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """And writes its page; the message has a line for each red expectation."""
    put(
        keeper.project.root,
        "gate_gold",
        "orders",
        ROWS,
        UNIQUE | {"meta": {"minimum_evaluated": 4}},
    )
    with pytest.raises(GateError) as caught:
        keeper.check("gate_gold", orders)
    assert len(str(caught.value).splitlines()) == 2
    assert [row[3] for row in recorded(store)] == ["", "too_few"]
    assert "which is below the minimum of" in (
        keeper.project.target / DATA_DOCS / "index.html"
    ).read_text(encoding="utf-8")


def test_a_gate_that_reads_nothing_is_red(keeper: Gatekeeper) -> None:
    """It would let everything through."""
    with pytest.raises(GateError, match="no expectation was run"):
        keeper.check("gate_gold", {})


def test_models_and_suites_must_match(
    keeper: Gatekeeper, store: Store, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """A model without a suite and a suite without a model are both red."""
    put(keeper.project.root, "gate_gold", "bills", ROWS)
    with pytest.raises(GateError, match="no such file"):
        keeper.check("gate_gold", orders)
    assert recorded(store) == [
        ("gate_gold", "bills", "(suite)", "errored"),
        ("gate_gold", "orders", "(suite)", "errored"),
    ]


def test_f09_a_frame_that_cannot_be_read_is_red_and_quotes_nothing(
    keeper: Gatekeeper, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """DuckDB's message has the value in it."""
    odd = UNIQUE | {"kwargs": {"column": "number"}}
    put(keeper.project.root, "gate_gold", "orders", ROWS, odd, number="name::integer")
    with pytest.raises(GateError, match="its frame cannot be read: ConversionException") as caught:
        keeper.check("gate_gold", orders)
    assert "canary" not in str(caught.value)


def test_a_second_check_of_a_run_replaces_the_first(
    keeper: Gatekeeper, store: Store, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """There is one row for each expectation."""
    put(keeper.project.root, "gate_gold", "orders", ROWS)
    keeper.check("gate_gold", orders)
    keeper.check("gate_gold", orders)
    assert len(recorded(store)) == 1


def test_the_summary_counts_and_names_what_is_red(
    keeper: Gatekeeper, store: Store, orders: dict[str, duckdb.DuckDBPyRelation]
) -> None:
    """Of all gates of the run, in their order; the page of all of them is named."""
    assert summary(store, INVOCATION) == ([], [])
    put(keeper.project.root, "gate_silver", "orders", ROWS)
    keeper.check("gate_silver", orders)
    page = "see target/data_docs/index.html"
    (head,), _ = summary(store, INVOCATION)
    assert head == f"Gates   1 expectation in gate_silver: all green; {page}"
    with pytest.raises(GateError):
        keeper.check("gate_gold", orders)
    (head,), (line,) = summary(store, INVOCATION)
    assert head == f"Gates   2 expectations in gate_silver, gate_gold: 1 red; {page}"
    assert line.startswith("Red     gate_gold: suite orders, (suite): errored: ")
