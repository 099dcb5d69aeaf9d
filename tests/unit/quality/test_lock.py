"""The lock: gone and weaker is told, more and stricter is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.project.gates.inventory import Check, Inventory, PromisedSuite, PromisedTable
from assay.project.gates.lock import (
    LOCK,
    LockError,
    breaches,
    kept_from,
    lock_text,
    read_lock,
    unlocked,
    write_lock,
)

NOT_NULL = Check(check="dbt.not_null", on="id")
SHARE = Check(check="shop.ai_answered", on="topic", arguments={"max_unanswered": 0.05})
STARS = Check(
    check="expect_column_values_to_be_between",
    on="stars",
    arguments={"min_value": 1, "max_value": 5, "mostly": 0.98, "minimum_evaluated": 20},
)
ORDERS = PromisedTable(
    layer="silver",
    contract=True,
    waits_for=("gate_bronze",),
    row_gate={"required": ["email"], "labels": {"topic": "topic"}, "quality_score_below": 60},
    checks=(NOT_NULL, SHARE),
)
GATE = PromisedTable(layer="ops", code="abc", reads=("orders",))
EXPECTED = Inventory(
    limits={"rules": ["refusal_text"], "max_quarantined_share": 0.1},
    rules={"refusal_text": {"severity": "quarantine"}},
    macros={"test_ai_answered": "abc"},
    tests={"a_unit_test": "abc"},
    suites={"silver/orders": PromisedSuite(columns={"day": "at::date"}, checks=(STARS,))},
    tables={"orders": ORDERS, "gate_silver": GATE},
)


def changed(part: str, name: str, **values: Any) -> Inventory:
    """The inventory with another value in an entry of a part; no value takes it out."""
    entries = dict(getattr(EXPECTED, part))
    entry = entries.pop(name)
    if values:
        entries[name] = entry.model_copy(update=values)
    return EXPECTED.model_copy(update={part: entries})


def table(**values: Any) -> Inventory:
    """The inventory with another `orders`."""
    return changed("tables", "orders", **values)


def checked(*checks: Check) -> Inventory:
    """The inventory with other tests on `orders`."""
    return table(checks=checks)


def stars(**arguments: Any) -> Inventory:
    """The inventory with other arguments of its expectation; None takes one out."""
    given = STARS.arguments | arguments
    kept = {name: value for name, value in given.items() if value is not None}
    return changed(
        "suites", "silver/orders", checks=(STARS.model_copy(update={"arguments": kept}),)
    )


def row_gate(**settings: Any) -> Inventory:
    """The inventory with other settings of the row gate."""
    return table(row_gate=ORDERS.row_gate | settings)


WARN = SHARE.model_copy(update={"config": {"severity": "warn"}})
WHERE = NOT_NULL.model_copy(update={"config": {"where": "id > 3"}})

WEAKER = {
    "a model is gone": (changed("tables", "orders"), "orders: it is gone"),
    "a contract is off": (table(contract=False), "its contract is not enforced any more"),
    "another layer": (table(layer="ops"), "it is in ops, silver is expected"),
    "no gate before it": (table(waits_for=()), "it does not wait for gate_bronze any more"),
    "a gate reads less": (
        changed("tables", "gate_silver", reads=()),
        "gate_silver: it does not read orders any more",
    ),
    "a gate's code": (
        changed("tables", "gate_silver", code="xyz"),
        "the code of this gate is not the one expected",
    ),
    "a test is gone": (checked(SHARE), "orders: not_null on id is gone"),
    "a test warns": (checked(NOT_NULL, WARN), "`severity` is 'warn', not given is expected"),
    "a test looks away": (checked(WHERE, SHARE), "`where` is 'id > 3', not given is expected"),
    "a share rises": (
        checked(NOT_NULL, SHARE.model_copy(update={"arguments": {"max_unanswered": 0.5}})),
        "`max_unanswered` is 0.5, 0.05 is expected",
    ),
    "a share of the default": (
        checked(NOT_NULL, SHARE.model_copy(update={"arguments": {}})),
        "`max_unanswered` is not given, 0.05 is expected",
    ),
    "a suite is gone": (changed("suites", "silver/orders"), "suite silver/orders: it is gone"),
    "a suite is empty": (
        changed("suites", "silver/orders", checks=()),
        "suite silver/orders: it expects nothing",
    ),
    "another column": (
        changed("suites", "silver/orders", columns={"day": "null"}),
        "the SQL of its column day is not the one expected",
    ),
    "mostly falls": (stars(mostly=0.5), "`mostly` is 0.5, 0.98 is expected"),
    "fewer values": (stars(minimum_evaluated=1), "`minimum_evaluated` is 1, 20 is expected"),
    "a wider range": (stars(max_value=50), "`max_value` is 50, 5 is expected"),
    "an open range": (stars(min_value=None), "`min_value` is not given, 1 is expected"),
    "a condition": (stars(row_condition="false"), "`row_condition` is 'false', not given"),
    "a rule is gone": (EXPECTED.model_copy(update={"rules": {}}), "rule refusal_text: it is gone"),
    "a rule only notes": (
        EXPECTED.model_copy(update={"rules": {"refusal_text": {"severity": "note"}}}),
        "severity is 'note', 'quarantine' is expected",
    ),
    "a limit rises": (
        EXPECTED.model_copy(update={"limits": EXPECTED.limits | {"max_quarantined_share": 1}}),
        "vars ai_gates: `max_quarantined_share` is 1, 0.1 is expected",
    ),
    "a rule is not applied": (
        EXPECTED.model_copy(update={"limits": EXPECTED.limits | {"rules": []}}),
        "vars ai_gates: `rules` is [], ['refusal_text'] is expected",
    ),
    "a threshold is added": (
        EXPECTED.model_copy(update={"limits": EXPECTED.limits | {"quality_score_below": 1}}),
        "vars ai_gates: `quality_score_below` is 1, None is expected",
    ),
    "a field is not required": (row_gate(required=[]), "orders: `required` is []"),
    "a label is not looked at": (row_gate(labels={}), "orders: `labels` is {}"),
    "a rule is noted": (row_gate(notes=["refusal_text"]), "orders: `notes` is ['refusal_text']"),
    "a score falls": (row_gate(quality_score_below=10), "`quality_score_below` is 10"),
    "a test's code": (
        EXPECTED.model_copy(update={"macros": {"test_ai_answered": "xyz"}}),
        "macro test_ai_answered: its code is not the one expected",
    ),
    "a unit test": (EXPECTED.model_copy(update={"tests": {}}), "test a_unit_test: it is gone"),
}
STRICTER = {
    "the same": EXPECTED,
    "one test more": checked(NOT_NULL, SHARE, NOT_NULL),
    "a share falls": checked(
        NOT_NULL, SHARE.model_copy(update={"arguments": {"max_unanswered": 0.01}})
    ),
    "mostly rises": stars(mostly=1.0),
    "a narrower range": stars(min_value=2, max_value=4),
    "a gate reads more": changed("tables", "gate_silver", reads=("bills", "orders")),
    "one model more": EXPECTED.model_copy(
        update={"tables": {**EXPECTED.tables, "mine": PromisedTable(layer="silver")}}
    ),
    "one field more": row_gate(required=["email", "name"], answers=["topic"]),
    "a score rises": row_gate(quality_score_below=98),
}


@pytest.mark.parametrize("change", WEAKER)
def test_f03_what_is_gone_or_weaker_is_one_line(change: str) -> None:
    """That names it, says what is expected, and what to do."""
    present, words = WEAKER[change]
    (breach,) = breaches(EXPECTED, present, [])
    assert words in breach.line
    assert breach.line.endswith("or accept the change with assay checks --accept")


@pytest.mark.parametrize("change", STRICTER)
def test_f03_more_and_stricter_is_fine(change: str) -> None:
    """Whoever adds a model is not asked for anything."""
    assert breaches(EXPECTED, STRICTER[change], []) == []


def test_f03_a_closed_list_may_be_shorter_and_not_longer() -> None:
    """What it lets through is what counts."""

    def offering(*values: str) -> Inventory:
        listed = Check(check="dbt.accepted_values", on="mood", arguments={"values": [*values]})
        return checked(listed)

    assert breaches(offering("glad", "cross"), offering("glad"), []) == []
    assert len(breaches(offering("glad"), offering("glad", "cross"), [])) == 1
    assert len(breaches(offering("glad"), offering(), [])) == 1


def test_f03_a_disabled_model_is_called_so() -> None:
    """It is there, and dbt leaves it out."""
    (breach,) = breaches(EXPECTED, changed("tables", "orders"), ["orders"])
    assert breach.what == "orders: it is disabled"


def test_what_nobody_has_promised_is_counted() -> None:
    """A build is green with it; the lock can take it in."""
    assert unlocked(EXPECTED, STRICTER["one test more"]) == 1
    assert unlocked(EXPECTED, EXPECTED) == 0


def test_a_lock_is_read_as_it_was_written(tmp_path: Path) -> None:
    """And written the same each time, a line for each check."""
    write_lock(tmp_path, EXPECTED)
    assert read_lock(tmp_path) == EXPECTED
    assert lock_text(read_lock(tmp_path)) == (tmp_path / LOCK).read_text(encoding="utf-8")
    assert '        {"check": "dbt.not_null", "on": "id"},\n' in lock_text(EXPECTED)


def test_an_empty_lock_promises_nothing(tmp_path: Path) -> None:
    """A project of one's own begins with it."""
    write_lock(tmp_path, Inventory())
    assert breaches(read_lock(tmp_path), EXPECTED, []) == []


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"tables": 1}', '{"tabels": {}}'])
def test_f03_a_lock_that_is_gone_or_none_is_told(tmp_path: Path, text: str | None) -> None:
    """Whoever deletes the promises does not get rid of them."""
    if text is not None:
        (tmp_path / LOCK).parent.mkdir()
        (tmp_path / LOCK).write_text(text, encoding="utf-8")
    with pytest.raises(LockError):
        read_lock(tmp_path)
    (breach,) = kept_from(tmp_path, None, {})
    assert "quality/expected.json is " in breach.line
