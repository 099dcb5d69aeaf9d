"""Great Expectations counts of every rule what DuckDB counts of it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assay.project.gates.checks import known_expectations, run_suite
from assay.project.gates.frames import frame_of
from assay.project.gates.records import Result
from assay.project.gates.suites import SuiteError, load_suite
from assay.project.suggestions import rules
from assay.project.suggestions.candidates import Candidate, counted
from assay.project.suggestions.profiles import profile
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.rules import SuggestionRule
from assay.project.suggestions.suites import Suggestion, suite

from .tables import TABLE, put_columns

ODD = 'city "of" it\'s; drop table things; --'
RULES = [
    rules.not_null("size"),
    rules.no_markers("note", ["N/A", "", "it's"]),
    rules.no_typos(ODD, ["Lisbun"]),
    rules.matches("note", r"[0-9]{1,2}|N/A", "has a form"),
    rules.between("size", "number", 3.5, 40.0, "lies between"),
    rules.between("note", "text", None, 10.0, "lies below"),
    rules.between("day", "time", 20_100.0, None, "lies above"),
    rules.unique("number"),
    rules.follows(ODD, ["code"]),
    rules.follows(ODD, ["code", "half"]),
    rules.ordered("day", "later"),
    rules.refers("number", Relation("main", "known"), "id"),
    rules.spelled_alike(ODD),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A table in which no rule is met by all rows."""
    day = datetime.date(2025, 1, 1)
    city: list[str | None] = ["Lisbon" if i % 2 else "Vienna" for i in range(60)]
    city[5], city[6], city[7], city[8] = "Lisbun", "VIENNA", None, "Lisbon"
    columns = {
        "number": [*range(58), 3, 4],
        "size": [None if i % 20 == 0 else float(i) for i in range(60)],
        "note": ["N/A", "", "it's", "7 kg", None, *(str(i) for i in range(55))],
        "code": [f"c{i % 2}" for i in range(60)],
        "half": [i < 30 for i in range(60)],
        "day": [day + datetime.timedelta(days=i) for i in range(60)],
        "later": [None if i == 9 else day + datetime.timedelta(days=i * 2 - 3) for i in range(60)],
        ODD: city,
    }
    with duckdb.connect() as opened:
        put_columns(opened, columns)
        put_columns(opened, {"id": range(50)}, Relation("main", "known"))
        yield opened


def run(
    connection: duckdb.DuckDBPyConnection, rule: SuggestionRule, folder: Path
) -> tuple[Result, int]:
    """What the accepted suite of one rule counts, and what the rule itself does."""
    judged, wrong = counted(connection, TABLE, rule)
    found = [Suggestion(Candidate("c1", rule, judged, wrong), "low", "a reason")]
    document = suite(profile(connection, TABLE), found)
    path = folder / "things.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SuiteError, match="only suggested"):
        load_suite(path, known_expectations())
    del document["meta"]["suggested"]
    path.write_text(json.dumps(document), encoding="utf-8")
    accepted = load_suite(path, known_expectations())
    return run_suite(accepted, frame_of(connection.table("things"), accepted))[-1], wrong


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.expectation}-{rule.cell[:5]}")
def test_the_gate_counts_the_same(
    connection: duckdb.DuckDBPyConnection, rule: SuggestionRule, tmp_path: Path
) -> None:
    """As soon as the mark is gone, and something is wrong by each rule."""
    result, wrong = run(connection, rule, tmp_path)

    assert result.error is None
    assert (result.unexpected, result.success) == (wrong, False)
    assert wrong > 0
