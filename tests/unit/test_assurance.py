"""Green means checked: what a run that dbt calls a success did not do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from assay.project.gates.green import (
    INDIRECT,
    buildable,
    left_out,
    only_warning,
    selects,
    too_many_dead,
    unchecked,
    unrecorded,
    unsaid,
    warn_level,
)
from assay.project.gates.inventory import Check, Inventory, PromisedSuite
from assay.project.gates.lock import Breach
from assay.store import GateRow


def node(name: str, kind: str = "model", *macros: str, **config: Any) -> dict[str, Any]:
    """A node of dbt's manifest."""
    return {
        "unique_id": f"{kind}.shop.{name}",
        "name": name,
        "resource_type": kind,
        "original_file_path": f"models/{name}.yml",
        "config": {"materialized": "table", "severity": "ERROR"} | config,
        "depends_on": {"macros": [f"macro.shop.{macro}" for macro in macros], "nodes": []},
    }


def check(name: str, model: str = "orders", **config: Any) -> dict[str, Any]:
    """A generic test of the manifest."""
    made = node(f"{name}_{model}", "test", **config)
    made["test_metadata"] = {"name": name}
    made["depends_on"]["nodes"] = [f"model.shop.{model}"]
    return made


def manifest(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A manifest of given nodes, and a unit test."""
    named = {each["unique_id"]: each for each in nodes}
    return {"nodes": named, "unit_tests": {"unit_test.shop.orders.counts": {}}}


def results(*unique_ids: str, status: str = "success", **arguments: Any) -> dict[str, Any]:
    """What dbt writes down of a run."""
    found = [{"unique_id": name, "status": status, "failures": 7} for name in unique_ids]
    return {"results": found, "args": {"which": "build"} | arguments}


SHOP = manifest(node("orders"), node("part", materialized="ephemeral"), check("not_null"))
ALL = ("model.shop.orders", "test.shop.not_null_orders", "unit_test.shop.orders.counts")


def told(ran: dict[str, Any], *, deliberate: bool = False) -> list[str]:
    """The lines about what did not run."""
    return list(unchecked(ran, SHOP, deliberate=deliberate))


def test_e28_a_run_of_nothing_is_told() -> None:
    """By what it was selected, and what to do."""
    (line,) = told(results(exclude=["fqn:*"]), deliberate=True)
    assert line == (
        "nothing was selected by `--exclude fqn:*`, so nothing was checked; correct the selection"
    )


def test_e28_a_project_without_nodes_is_told() -> None:
    """The same, without a selection."""
    assert told(results()) == [
        "nothing was selected, so nothing was checked; correct the selection"
    ]


def test_a_whole_run_says_nothing() -> None:
    """Ephemeral models are in no result."""
    assert told(results(*ALL)) == []


@pytest.mark.parametrize("absent", ALL)
def test_e28_what_did_not_run_is_named(absent: str) -> None:
    """A model, a test, a unit test."""
    (line,) = told(results(*(set(ALL) - {absent})))
    assert line == f"1 did not run: {absent.split('.')[-1]}; find out why and build again"


def test_a_partial_run_is_what_was_asked_for() -> None:
    """Where the command line says so."""
    assert told(results(ALL[0], select=["orders"]), deliberate=True) == []


def test_a_run_that_the_environment_limits_is_told() -> None:
    """Nobody who reads the command would know."""
    (line,) = told(results(ALL[0], exclude_resource_types=["test"]))
    assert "the environment limits the build by `--exclude-resource-type test`" in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "x"], True),
        (["-s", "x"], True),
        (["--exclude=x"], True),
        (["--selector", "x"], True),
        (["--threads", "8"], False),
        (["--full-refresh"], False),
        ([], False),
    ],
)
def test_what_selects(arguments: list[str], expected: bool) -> None:
    """The arguments of dbt that choose a part."""
    assert selects(arguments) is expected


ASKING = node("orders", "model", "ai_classify")


@pytest.mark.parametrize(
    "test",
    [
        check("ai_answered", severity="WARN"),
        check("rows_split", severity="warn"),
        check("not_null", severity="warn"),
        check("ai_known", warn_if="!= 0", error_if="> 100"),
    ],
)
def test_f02_an_ai_gate_that_only_warns_is_told(test: dict[str, Any]) -> None:
    """One of ours, or any test on a model that asks; by its severity or by two limits."""
    (line,) = only_warning(results(), manifest(ASKING, test))
    assert line.startswith(f"the AI gate {test['name']} only warns; take `severity`")
    assert line.endswith(test["original_file_path"])


def test_f02_a_warning_that_fired_says_how_often() -> None:
    """With the number of rows."""
    test = check("ai_answered", severity="warn")
    ran = results(test["unique_id"], status="warn")
    (line,) = only_warning(ran, manifest(ASKING, test))
    assert "only warns and found 7 rows; take" in line


def test_f02_other_tests_may_warn_and_are_listed() -> None:
    """A test of a model that asks nobody is the project's own affair."""
    shop = manifest(node("orders"), check("not_null", severity="warn"), check("unique"))
    assert list(only_warning(results(), shop)) == []
    assert warn_level(shop) == ["not_null_orders"]


def test_f02_tests_that_fail_are_not_listed() -> None:
    """Also those that expect a number of rows."""
    assert warn_level(manifest(check("ai_known", warn_if="!= 2", error_if="!= 2"))) == []


def row(gate: str, error: str | None = None) -> GateRow:
    """A result on record."""
    counted = (1, 1, 0, 0.0, error is None)
    return GateRow("run", gate, "orders", 0, "expect_x", "", "", 1, *counted, error, "", "now")


EXPECTED = Inventory(
    suites={
        "gold/orders": PromisedSuite(checks=(Check(check="expect_x"), Check(check="expect_y"))),
        "silver/orders": PromisedSuite(checks=(Check(check="expect_z"),)),
    }
)


def test_f12_a_gate_that_ran_and_recorded_less_is_told() -> None:
    """Somebody has taken its heart out."""
    ran = results("model.shop.gate_gold", "model.shop.orders")
    (line,) = unrecorded(ran, EXPECTED, [row("gate_gold"), row("gate_silver")])
    assert line.startswith("gate_gold recorded 1 of 2 expectations; let its model end with")


def test_f12_a_gate_that_recorded_all_says_nothing() -> None:
    """Nor does one that failed, as dbt has said so."""
    ran = results("model.shop.gate_gold")
    assert list(unrecorded(ran, EXPECTED, [row("gate_gold"), row("gate_gold")])) == []
    failed = results("model.shop.gate_gold", status="error")
    assert list(unrecorded(failed, EXPECTED, [])) == []


def test_dead_letters_over_the_limit_are_told() -> None:
    """With both numbers and what to do."""
    assert list(too_many_dead(100, 100)) == []
    (line,) = too_many_dead(1101, 1100)
    assert line.startswith("1,101 dead letters, over the limit of 1,100; see")


def test_a_breach_that_a_gate_has_told_is_not_told_again() -> None:
    """One line for each."""
    breaches = [Breach("gold", "", "orders: it is gone"), Breach("ops", "", "x: it is gone")]
    lines = unsaid(breaches, [row("gate_gold", breaches[0].line)])
    assert lines == [breaches[1].line]


def test_a_suite_that_is_broken_was_told_by_its_gate() -> None:
    """Whatever the lock misses of it."""
    breach = Breach("gold", "gold/orders", "suite gold/orders: it expects nothing")
    told = dataclasses.replace(row("gate_gold", "it expects nothing"), expectation="(suite)")
    assert unsaid([breach], [told]) == []
    assert unsaid([breach], [row("gate_gold")]) == [breach.line]


PART = ["--select", "orders"]


@pytest.mark.parametrize(
    "arguments",
    [PART, ["-s", "orders"], ["--exclude", "orders"], ["--selector=nightly"], ["-m", "orders"]],
)
def test_a_part_runs_the_tests_that_it_can_run(arguments: list[str]) -> None:
    """Unless somebody says otherwise, in one of dbt's three ways."""
    said = [*arguments, INDIRECT, "eager"]

    assert buildable(arguments, {}, {}) == [*arguments, INDIRECT, "buildable"]
    assert buildable(said, {}, {}) == said
    assert buildable([*arguments, f"{INDIRECT}=eager"], {}, {}) == [
        *arguments,
        f"{INDIRECT}=eager",
    ]
    assert buildable(arguments, {"indirect_selection": "eager"}, {}) == arguments
    assert buildable(arguments, {}, {"DBT_INDIRECT_SELECTION": "eager"}) == arguments


@pytest.mark.parametrize("arguments", [[], ["--full-refresh"], ["--vars", "{a: 1}"]])
def test_a_whole_build_runs_every_test(arguments: list[str]) -> None:
    """Nothing is added to it."""
    assert buildable(arguments, {}, {}) == arguments


def test_tests_that_look_elsewhere_as_well_are_named() -> None:
    """Not those that ran, that look at what was built alone, or at nothing of it."""
    both, own, other = (check(name) for name in ("relationships", "unique", "accepted"))
    both["depends_on"]["nodes"] = ["model.shop.orders", "model.shop.customers"]
    other["depends_on"]["nodes"] = ["model.shop.customers"]
    manifest = {"nodes": {one["unique_id"]: one for one in (both, own, other)}}
    built = {"results": [{"unique_id": "model.shop.orders"}]}

    assert left_out(built | {"args": {}}, manifest) == ["relationships_orders"]
    assert left_out(built | {"args": {"indirect_selection": "eager"}}, manifest) == []
