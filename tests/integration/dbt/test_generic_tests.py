"""The generic tests of dbt: each passes where it must and catches what it must."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from .conftest import NewProject
from .project import Run

SOURCE = "select unnest([1, 2, 3]) as id"
OK = "{'value': 'x', 'status': 'ok'}"
SKIPPED = "{'value': null, 'status': 'skipped'}"
FAILED = "{'value': null, 'status': 'transport'}"


@dataclass(frozen=True)
class Fixture:
    """A model of these rows, and the test that must accept or catch it."""

    test: str
    columns: str
    rows: list[str]
    arguments: dict[str, Any] = field(default_factory=dict)
    column: str = ""

    @property
    def sql(self) -> str:
        """The model."""
        rows = ", ".join(f"({row})" for row in self.rows)
        return f"select * from (values {rows}) as given ({self.columns})"

    def yaml(self, name: str) -> dict[str, Any]:
        """The model's entry, with the test called as the model."""
        test = [{self.test: {"name": f"check_{name}", "arguments": self.arguments}}]
        if self.column:
            return {"name": name, "columns": [{"name": self.column, "data_tests": test}]}
        return {"name": name, "data_tests": test}


def accounted(*rows: str) -> Fixture:
    """A silver model of three source rows."""
    arguments = {"compare_to": "ref('source')", "key": "id", "answers": ["topic", "mood"]}
    return Fixture("rows_accounted", "id, topic, mood", list(rows), arguments)


def grounded(*rows: str, many: bool = False) -> Fixture:
    """Texts with what was extracted from them."""
    arguments = {"text": "body", "value": "found"} | ({"many": True} if many else {})
    return Fixture("ai_grounded", "body, found", list(rows), arguments)


def labelled(*rows: str, labels: Any, value: str | None = None) -> Fixture:
    """Labels out of a set."""
    arguments = {"labels": labels} | ({"value": value} if value else {})
    return Fixture("ai_labels_in", "id, label", list(rows), arguments, "label")


def prompted(*rows: str, **arguments: bool) -> Fixture:
    """Envelopes by prompt, model and status."""
    packed = [
        "{{'prompt_hash': {}, 'model': {}, 'status': {}}}".format(*row.split(", ")) for row in rows
    ]
    return Fixture("ai_one_prompt", "answer", packed, arguments, "answer")


def holds(expression: str, *rows: str, column: str = "") -> Fixture:
    """Rows of two numbers."""
    return Fixture("expression_is_true", "a, b", list(rows), {"expression": expression}, column)


def together(*rows: str) -> Fixture:
    """Rows of two keys."""
    return Fixture("unique_together", "a, b", list(rows), {"columns": ["a", "b"]})


def ruled(*rows: str, **rules: Any) -> Fixture:
    """Rows of two numbers under the rules of a table."""
    return Fixture("table_rules", "a, b", list(rows), rules)


ACCEPTED = {
    "all_statuses": accounted(
        f"1, {OK}, {SKIPPED}", f"2, {FAILED}, {OK}", f"3, {SKIPPED}, {FAILED}"
    ),
    "ok_without_value": accounted(
        f"1, {{'value': null, 'status': 'ok'}}, {OK}", f"2, {OK}, {OK}", f"3, {OK}, {OK}"
    ),
    "said_so": grounded("'the red tent leaks', 'red tent'", "'a rope', null", "null, null"),
    "said_so_in_other_case": grounded(
        "'The Red  Tent', 'red tent'", "'re' || chr(173) || 'd', 'red'"
    ),
    "all_said_so": grounded("'rope and axe', ['axe', 'rope']", "'rope', []", many=True),
    "of_a_list": labelled("1, 'good'", "2, null", labels=["good", "it's"]),
    "of_a_list_with_a_quote": labelled("1, 'it''s'", labels=["good", "it's"]),
    "of_a_set": labelled("1, 'alpinist'", labels="segment"),
    "of_an_envelope": labelled(
        f"1, {SKIPPED}", "2, {'value': 'good', 'status': 'ok'}", labels=["good", "bad"],
        value="label.value",
    ),
    "one_prompt": prompted("'p1', 'm', 'ok'", "'p1', 'm', 'ok'", "'p0', null, 'transport'"),
    "one_prompt_two_models": prompted("'p', 'm', 'ok'", "'p', 'n', 'ok'", one_model=False),
    "true_sum": holds("a + b = 3", "1, 2", "2, 1"),
    "true_column": holds("> 0", "1, 2", column="a"),
    "different_pairs": together("1, 1", "1, 2", "2, 1"),
    "all_rules": ruled("1, 1", "2, null", "3, null", not_null=["a"], unique=["a", "b", ["a", "b"]],
        accepted_values={"b": [1], "a::varchar": ["1", "2", "3"]}, expressions=["a > 0"]),
}  # fmt: skip
CAUGHT = {
    "lost": accounted(f"1, {OK}, {OK}", f"2, {OK}, {OK}"),
    "lost_behind_a_null_key": accounted(f"1, {OK}, {OK}", f"null, {OK}, {OK}"),
    "invented": accounted(*(f"{at}, {OK}, {OK}" for at in range(1, 5))),
    "doubled": accounted(*(f"{at}, {OK}, {OK}" for at in (1, 2, 3, 3))),
    "no_envelope": accounted(f"1, {OK}, {OK}", f"2, {OK}, null", f"3, {OK}, {OK}"),
    "no_status": accounted(
        f"1, {OK}, {OK}", f"2, {OK}, {OK}", f"3, {{'value': 'x', 'status': null}}, {OK}"
    ),
    "value_of_a_failure": accounted(
        f"1, {OK}, {OK}", f"2, {OK}, {OK}", f"3, {{'value': 'x', 'status': 'transport'}}, {OK}"
    ),
    "not_said": grounded("'the red tent leaks', 'blue tent'"),
    "said_by_nobody": grounded("null, 'tent'"),
    "not_all_said": grounded("'rope and axe', ['axe', 'stove']", many=True),
    "two_prompts": prompted("'p1', 'm', 'ok'", "'p0', 'm', 'ok'"),
    "two_prompts_by_question": prompted("'p1', 'm', 'ok'", "'p0', 'm', 'ok'", one_model=False),
    "two_models": prompted("'p', 'm', 'ok'", "'p', 'n', 'ok'"),
    "of_no_list": labelled("1, 'good'", "2, 'Good'", labels=["good", "bad"]),
    "of_no_set": labelled("1, 'diver'", labels="segment"),
    "of_no_envelope": labelled(
        "1, {'value': 'odd', 'status': 'ok'}", labels=["good", "bad"], value="label.value"
    ),
    "false_sum": holds("a + b = 3", "1, 2", "2, 2"),
    "unknown_sum": holds("a + b = 3", "1, 2", "2, null"),
    "false_column": holds("> 0", "1, 2", "0, 2", column="a"),
    "same_pairs": together("1, 1", "1, 2", "1, 1"),
    "a_null": ruled("1, 1", "null, 2", not_null=["b", "a"]),
    "a_key_twice": ruled("1, 1", "1, 2", unique=["a"]),
    "a_pair_twice": ruled("1, null", "1, null", unique=[["a", "b"]]),
    "a_foreign_value": ruled("1, 1", "1, 2", accepted_values={"b": [1]}),
    "a_false_expression": ruled("1, 1", "1, 2", expressions=["a = b"]),
    "an_unknown_expression": ruled("1, null", expressions=["a = b"]),
    "the_last_of_many_rules": ruled("1, 1", "1, 2", not_null=["a"], unique=["b", "a"]),
}


@pytest.fixture(scope="module")
def checked(new_project: NewProject) -> Run:
    """One build of all fixtures, each with its test."""
    fixtures = ACCEPTED | CAUGHT
    models = {f"bronze/{name}.sql": fixture.sql for name, fixture in fixtures.items()}
    yaml = {"models": [fixture.yaml(name) for name, fixture in fixtures.items()]}
    models |= {"bronze/source.sql": SOURCE, "bronze/fixtures.yml": json.dumps(yaml)}
    return new_project(models).dbt("build")


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_right_passes(checked: Run, name: str) -> None:
    """No false alarm."""
    assert checked.statuses()[f"check_{name}"] == "pass", checked.message(f"check_{name}")


@pytest.mark.parametrize("name", CAUGHT)
def test_what_is_wrong_is_caught(checked: Run, name: str) -> None:
    """The test fails, and it fails for its rows and not for an error of its own."""
    assert checked.statuses()[f"check_{name}"] == "fail", checked.message(f"check_{name}")


def test_a_caught_fixture_fails_the_build(checked: Run) -> None:
    """A failing test is not a warning."""
    assert checked.code == 1
