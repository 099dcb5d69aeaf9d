"""What a provider is handed, and what becomes of its answer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from assay.core.task import Rejected
from assay.functions import parse_task
from assay.project.suggestions.documents import shape
from assay.project.suggestions.suites import expected, suite
from assay.providers.fake import FakeProvider, answering

from .tables import put, suggested

CANARY = "Canary Wharf 41d7"
ISSUE = {
    "candidate": None,
    "kind": "outliers",
    "severity": "high",
    "expectation": "expect_column_values_to_be_between",
    "columns": ["size"],
    "minimum": 0,
    "maximum": 50,
    "pattern": None,
    "reason": "A size is small.",
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Names, sums and notes; two of the names are the canary's."""
    names = [CANARY, CANARY, *(["Lisbon", "Vienna"] * 29)]
    with duckdb.connect() as opened:
        put(opened, name=names, size=[*range(59), 777_123], note=[None] * 60)
        yield opened


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ab12", "Aa99"),
        (CANARY, "Aaaaaa Aaaaa 99a9"),
        ("x" * 900, "aaaaa"),
        ("José@é.pt", "Aaaa@a.aa"),
        ("二〇\u202e\x1b[31m", "a9¤¤[99a"),
        ("", ""),
        (12.5, "99.9"),
        (None, None),
    ],
)
def test_a_shape_says_nothing_but_classes(value: object, expected: str | None) -> None:
    """Letters, digits and what stands between them."""
    assert shape(value) == expected


def test_no_value_leaves(connection: duckdb.DuckDBPyConnection) -> None:
    """The request has names, types, counts and shapes, and no value of the table."""
    provider = FakeProvider(answering(lambda *_: {"issues": []}))
    suggested(connection, provider)

    (request,) = provider.requests
    sent = request.system + request.user
    assert '\\"size\\"' in sent
    assert "Aaaaaa Aaaaa 99a9" in sent
    for value in (CANARY, "Canary", "41d7", "Lisbon", "Vienna", "777123", "777_123"):
        assert value not in sent


def test_an_issue_of_the_answer_becomes_an_expectation(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """With its reason and severity, and what it counts over the table."""
    provider = FakeProvider(answering(lambda *_: {"issues": [ISSUE]}))
    made = suggested(connection, provider)

    (each,) = expected(made.found)
    assert (each.severity, each.reason) == ("high", "A size is small.")
    assert (each.candidate.judged, each.candidate.wrong) == (60, 9)
    last = suite(made.profile, made.found)["expectations"][-1]
    assert last["kwargs"] == {"column": "size", "min_value": 0.0, "max_value": 50.0}
    assert last["meta"]["severity"] == "high"


FREE: list[tuple[dict[str, Any], int]] = [
    ({"expectation": "expect_column_values_to_not_be_null", "columns": ["note"]}, 60),
    ({"expectation": "expect_column_values_to_be_unique", "columns": ["name"]}, 60),
    (
        {
            "expectation": "expect_column_values_to_match_regex",
            "columns": ["name"],
            "pattern": "[A-Z][a-z]+",
        },
        2,
    ),
    (
        {
            "expectation": "expect_column_pair_values_a_to_be_greater_than_b",
            "columns": ["size", "most"],
        },
        10,
    ),
]


@pytest.mark.parametrize(("changed", "wrong"), FREE)
def test_an_answer_may_add_expectations_of_a_closed_list(
    connection: duckdb.DuckDBPyConnection, changed: dict[str, Any], wrong: int
) -> None:
    """Each of its types, counted over the table."""
    connection.execute("alter table things add column most integer default 49")
    answer = {"issues": [ISSUE | {"minimum": None, "maximum": None} | changed]}
    made = suggested(connection, FakeProvider(answering(lambda *_: answer)))

    assert made.dropped == []
    assert [each.candidate.wrong for each in expected(made.found)] == [wrong]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "oddities"}, "not an issue: kind"),
    ({"severity": "critical"}, "not an issue: severity"),
    ({"columns": ["sise"]}, "names a column that the table does not have"),
    ({"columns": ["size", "name"]}, "reads 1 columns"),
    ({"expectation": "expect_column_kl_divergence_to_be_less_than"}, "not one that can be added"),
    ({"expectation": "expect_column_values_to_be_in_set"}, "not one that can be added"),
    ({"candidate": "c999"}, "names a candidate that the profile does not have"),
    ({"candidate": "c1"}, "are not those of its candidate"),
    ({"minimum": None, "maximum": None}, "has no bound"),
    ({"minimum": 9, "maximum": 1}, "its minimum is above its maximum"),
    ({"minimum": "0"}, "not an issue: minimum"),
    ({"sql": "drop table things"}, "not an issue: wrong shape"),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "(a+)+$"},
        "repeats groups",
    ),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "[a"},
        "no regular expression",
    ),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "[0-9]+"},
        "cannot be counted",
    ),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "a{1,99999999999}"},
        "is no regular expression",
    ),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "[[a]"},
        "too long, or repeats",
    ),
    (
        {"expectation": "expect_column_values_to_match_regex", "pattern": "a\ud800"},
        "holds invisible characters",
    ),
]


@pytest.mark.parametrize(("changed", "told"), BAD, ids=[told for _, told in BAD])
def test_what_is_not_valid_is_dropped_and_told_of(
    connection: duckdb.DuckDBPyConnection, changed: dict[str, Any], told: str
) -> None:
    """Each issue alone: the valid one beside it stays."""
    answer = {"issues": [ISSUE | changed, ISSUE]}
    made = suggested(connection, FakeProvider(answering(lambda *_: answer)))

    assert len(expected(made.found)) == 1
    assert [told in line for line in made.dropped] == [True]


@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_c12_an_infinite_bound_is_dropped(bound: str) -> None:
    """1e999 is infinite for a parser, and no JSON could hold it."""
    text = json.dumps({"columns": [{"name": "size"}], "candidates": []})
    issue: dict[str, Any] = ISSUE | {"candidate": None, bound: math.inf}
    found = parse_task('{"kind": "suggest"}').accept({"issues": [issue]}, text)
    assert found == {"issues": [], "dropped": [{"place": 1, "why": f"not an issue: {bound}"}]}


def test_an_issue_twice_counts_once(connection: duckdb.DuckDBPyConnection) -> None:
    """In other words, too."""
    answer = {"issues": [ISSUE, ISSUE | {"reason": "Again."}]}
    made = suggested(connection, FakeProvider(answering(lambda *_: answer)))

    assert (len(expected(made.found)), made.dropped) == (
        1,
        ["issue 2 of the answer is there twice"],
    )


@pytest.mark.parametrize("raw", [None, [], {}, {"issues": "all"}, {"issues": [{}] * 501}])
def test_what_is_no_list_of_issues_is_no_answer(raw: Any) -> None:
    """It is asked again like any other invalid answer."""
    task = parse_task('{"kind": "suggest"}')
    text = json.dumps({"columns": [], "candidates": []})
    with pytest.raises(Rejected):
        task.accept(raw, text)
