"""The generic tests of the gates: each passes where it must and catches what it must."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from ..dbt.project import Project, Run


@dataclass(frozen=True)
class Case:
    """A model, and the test that must accept or catch it."""

    test: str
    sql: str
    arguments: dict[str, Any] = field(default_factory=dict)
    column: str = "answer"
    where: str = ""

    def entry(self, name: str) -> dict[str, Any]:
        """The model's entry, with the test called as the model."""
        config = {"config": {"where": self.where}} if self.where else {}
        test = {self.test: {"name": f"check_{name}", "arguments": self.arguments} | config}
        if not self.column:
            return {"name": name, "data_tests": [test]}
        return {"name": name, "columns": [{"name": self.column, "data_tests": [test]}]}


def answers(test: str, *values: str, status: str = "ok", where: str = "", **given: Any) -> Case:
    """Envelopes with these values, `?` for NULL, each from a prompt of its own after a colon."""
    rows = []
    for value in values:
        label, _, prompt = value.partition(":")
        label = "null::varchar" if label == "?" else f"'{label}'"
        rows.append(
            f"({{'value': {label}, 'status': '{status}', 'prompt_hash': '{prompt}', "
            f"'model': 'm{prompt}'}})"
        )
    sql = f"select * from (values {', '.join(rows)}) as given (answer)"
    return Case(test, sql, given, where=where)


def drift(counts: dict[str, int], accepted: str = "accepted", **given: Any) -> Case:
    """So many answers of each label, against a baseline of a hundred."""
    unions = " union all ".join(
        f"select {{'value': '{label}', 'status': 'ok', 'prompt_hash': ''}} as answer "
        f"from range({n})"
        for label, n in counts.items()
    )
    return Case("ai_label_drift", unions, {"baseline": f"ref('{accepted}')"} | given)


def agreement(*pairs: str, **given: Any) -> Case:
    """Rows of two labels, `?` for NULL."""
    rows = ", ".join(
        "("
        + ", ".join([str(at), *("null" if one == "?" else f"'{one}'" for one in pair.split("/"))])
        + ")"
        for at, pair in enumerate(pairs)
    )
    sql = f"select * from (values {rows}) as given (id, one, two)"
    return Case("ai_agreement", sql, {"value": "one", "other": "two"} | given, column="")


def newer(newest: str, **given: Any) -> Case:
    """A table with one row of this time."""
    sql = f"select cast({newest} as timestamp) as answer"
    return Case("newer_than", sql, given)


def split(mine: str, other: str) -> Case:
    """Keys of the model; the other part and the whole are relations of their own."""
    sql = f"select unnest({mine}::integer[]) as id"
    arguments = {"compare_to": "ref('whole')", "other": f"ref('{other}')", "key": "id"}
    return Case("rows_split", sql, arguments, column="")


def passed(count: int, **given: Any) -> Case:
    """So many rows in quarantine out of four."""
    arguments = {"compare_to": "ref('whole')"} | given
    return Case("rows_passed", f"select * from range({count})", arguments, column="")


RELATIONS = {
    "accepted": "select * from (values ('a', 50), ('b', 30), ('c', 20)) as g (label, row_count)",
    "accepted_many": "select * from (values ('a', 50000), ('b', 50000)) as g (label, row_count)",
    "accepted_few": "select * from (values ('a', 3), ('b', 2)) as given (label, row_count)",
    "whole": "select unnest([1, 2, 3, 4]) as id",
    "none": "select 1 as id where false",
    "last_two": "select unnest([3, 4]) as id",
    "last_three": "select unnest([2, 3, 4]) as id",
    "march": "select timestamp '2026-03-10' as written_at",
    "golden": "select * from (values (0, 'a'), (1, 'b'), (9, 'a')) as given (id, right_label)",
}
ACCEPTED = {
    "answered": answers("ai_answered", "a", "b"),
    "not_asked_but_allowed": answers("ai_answered", "?", status="skipped", min_asked=0),
    "one_is_known": answers("ai_known", "a", "?", "b", "c", max_unknown=0.25),
    "failures_are_not_unknown": answers("ai_known", "?", "?", status="transport"),
    "known_where": answers("ai_known", "?", "a", where="answer.value = 'a'"),
    "one_prompt": answers("ai_one_prompt", "a:1", "b:1"),
    "same_shares": drift({"a": 500, "b": 300, "c": 200}),
    "shares_moved_a_little": drift({"a": 55, "b": 28, "c": 17}),
    "few_rows_by_chance": drift({"a": 1, "b": 4}, accepted="accepted_few"),
    "moved_but_allowed": drift({"a": 20, "b": 60, "c": 20}, max_psi=0.6),
    "many_rows_by_a_trifle": drift({"a": 51000, "b": 49000}, accepted="accepted_many"),
    "no_baseline_yet": answers("ai_label_drift", "a:1"),
    "agreed": agreement("a/a", "b/b", "a/a", "b/b", "a/b", min_agreement=0.8, min_kappa=0.6),
    "both_unknown": agreement("a/a", "b/b", "?/?"),
    "one_label_only": agreement("a/a", "a/a"),
    "golden_agreed": agreement(
        "a/x", "b/x", "c/x", compare_to="ref('golden')", key="id", other="right_label"
    ),
    "as_new": newer("'2026-03-10'", compare_to="ref('march')", compare_column="written_at"),
    "old_within_lag": newer(
        "'2026-03-08'", compare_to="ref('march')", compare_column="written_at", max_lag="2 days"
    ),
    "fresh": newer("current_timestamp", max_lag="1 hour"),
    "split": split("[1, 2]", "last_two"),
    "nothing_in_quarantine": split("[1, 2, 3, 4]", "none"),
    "passed": passed(1, max_quarantined=0.25),
}
CAUGHT = {
    "never_asked": answers("ai_answered", "?", "?", status="skipped"),
    "unanswered": answers("ai_answered", "?", status="transport"),
    "unknown": answers("ai_known", "a", "?", "?", max_unknown=0.5),
    "all_null": answers("ai_known", "?", "?"),
    "unknown_labels": answers("ai_known", "a", "other", "unknown", unknown=["other", "unknown"]),
    "unknown_where": answers("ai_known", "?", "a", where="answer.value is null"),
    "two_prompts": answers("ai_one_prompt", "a:1", "b:2"),
    "shares_moved": drift({"a": 20, "b": 60, "c": 20}),
    "a_label_is_gone": drift({"a": 60, "b": 40}),
    "a_new_label": drift({"a": 40, "b": 25, "c": 15, "d": 20}),
    "few_rows_without_chance": drift({"b": 5}, accepted="accepted_few", max_z=None),
    "many_rows_without_size": drift(
        {"a": 51000, "b": 49000}, accepted="accepted_many", max_psi=None
    ),
    "no_answers_any_more": drift({"a": 0}),
    "disagreed": agreement("a/a", "b/a", min_kappa=None),
    "by_chance": agreement(*["a/a"] * 8, "a/b", "b/a", min_agreement=0.8),
    "one_unknown": agreement("a/?", "?/a"),
    "nothing_compared": agreement("?/?"),
    "golden_disagreed": agreement(
        "b/x", "a/x", compare_to="ref('golden')", key="id", other="right_label"
    ),
    "old": newer("'2026-03-09'", compare_to="ref('march')", compare_column="written_at"),
    "stale": newer("'2026-03-09'", max_lag="1 hour"),
    "no_time": newer("null", compare_to="ref('march')", compare_column="written_at"),
    "lost": split("[1]", "last_two"),
    "in_both": split("[1, 2]", "last_three"),
    "invented": split("[1, 2, 5]", "last_two"),
    "doubled": split("[1, 2, 2]", "last_two"),
    "too_many": passed(2, max_quarantined=0.25),
    "too_many_by_default": passed(1),
    "nothing_checked": passed(0, compare_to="ref('none')"),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One build of all cases, each with its test."""
    cases = ACCEPTED | CAUGHT
    models = {f"bronze/{name}.sql": sql for name, sql in RELATIONS.items()}
    models |= {f"bronze/{name}.sql": case.sql for name, case in cases.items()}
    entries = [case.entry(name) for name, case in cases.items()]
    models["bronze/cases.yml"] = json.dumps({"models": entries})
    return Project(tmp_path_factory.mktemp("tests"), models).dbt("build")


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_right_passes(checked: Run, name: str) -> None:
    """No false alarm."""
    assert checked.statuses()[f"check_{name}"] == "pass", checked.message(f"check_{name}")


@pytest.mark.parametrize("name", CAUGHT)
def test_what_is_wrong_is_caught(checked: Run, name: str) -> None:
    """The test fails, and it fails for its rows and not for an error of its own."""
    assert checked.statuses()[f"check_{name}"] == "fail", checked.message(f"check_{name}")


def test_a_drift_without_baseline_says_so(checked: Run) -> None:
    """It passes, but not in silence."""
    said = "ai_label_drift: no accepted shares of no_baseline_yet answer.value for this prompt yet"
    assert said in checked.output
