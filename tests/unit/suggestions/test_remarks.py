"""What is told of a table and expected of none, and what is looked at in columns of any type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.cli.suggest import _table
from assay.project.suggestions.documents import document
from assay.project.suggestions.profiles import profile
from assay.project.suggestions.suggest import Suggestions
from assay.project.suggestions.suites import suite

from .tables import TABLE, put, put_columns, suggested

N = 200
STATES = ", ".join(f"'s{i}'" for i in range(300))
TYPES = {
    "enum": "('s' || i % 3)::enum('s0', 's1', 's2')",
    "enum_with_nulls": "case when i % 7 <> 0 then ('s' || i % 3)::enum('s0', 's1', 's2') end",
    "enum_of_many": f"('s' || i % 290)::enum({STATES})",
    "decimal": "(i % 20)::decimal(18, 3)",
    "hugeint": "(i % 20) * 100000000000000000000::hugeint",
    "uuid": "md5((i % 9)::varchar)::uuid",
    "blob": "('a' || i % 5)::blob",
    "time": "time '10:00:00' + to_minutes((i % 50)::int)",
    "interval": "to_days((i % 9)::int)",
    "timestamptz": "timestamptz '2024-01-01' + to_days((i % 9)::int)",
    "infinite": "case when i = 3 then 'infinity'::date else date '2024-01-01' + (i % 30)::int end",
    "struct": "{'e': 'secret'::enum('public', 'secret')}",
    "list": "[i % 3]",
    "map": "map {'k': i % 3}",
    "json": "('{\"a\": ' || i % 3 || '}')::json",
    "bit": "(i % 3)::int::bit",
    "nested": "[{'a': [map {1: 'x'}]}]",
    "nothing": "null",
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory."""
    with duckdb.connect() as opened:
        yield opened


def told(made: Suggestions) -> list[tuple[str, int, bool]]:
    """What is said of a table with something to say, and whether it is expected."""
    return [
        (each.candidate.rule.claim, each.candidate.wrong, bool(each.candidate.rule.expectation))
        for each in made.found
        if each.candidate.wrong
    ]


def test_no_type_stops_it(connection: duckdb.DuckDBPyConnection) -> None:
    """What cannot be looked into is named, with its type; no value of an ENUM leaves."""
    columns = ", ".join(f"{value} as {name}" for name, value in TYPES.items())
    connection.execute(
        f"create table things as select {columns}, i % 6 as grp from range({N}) t(i)"
    )
    made = suggested(connection)

    named = {column.name for column in made.profile.unread}
    assert named == {"blob", "time", "interval", "struct", "list", "map", "json", "bit", "nested"}
    assert "Not looked into: blob (BLOB), time (TIME)," in _table(made, Path("x.json"))
    assert "secret" not in document(connection, profile(connection, TABLE), [])


def test_empty_columns_are_one_remark(connection: duckdb.DuckDBPyConnection) -> None:
    """Of low severity, in one line, and no expectation is red for ever; blanks are no values."""
    empty: dict[str, Any] = {f"custom_{i}": [None] * N for i in range(11)} | {"blank": [" "] * N}
    put_columns(connection, {"id": range(N)} | empty)
    made = suggested(connection)

    assert told(made) == [("12 columns are empty", N, False)]
    assert "custom_0, custom_1, custom_2 and 9 more" in _table(made, Path("x.json"))
    assert [each["severity"] for each in suite(made.profile, made.found)["meta"]["remarks"]] == [
        "low"
    ]


def test_rows_that_repeat_are_told(connection: duckdb.DuckDBPyConnection) -> None:
    """And nothing follows from anything because of them; nested columns are compared, too."""
    put(connection, number=[i // 40 for i in range(N)], tags=[[i // 40] for i in range(N)])

    assert told(suggested(connection)) == [("195 of 200 rows repeat another", 195, False)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Gravy"] * 90 + ["Jam"] * 40 + ["None"] * 20, False),
        (["Yes"] * 90 + ["No"] * 40 + ["N/A"] * 20, False),
        (["Yes"] * 90 + ["No"] * 59 + ["N/A"], True),
        ([f"sauce {i}" for i in range(130)] + ["None"] * 20, True),
        (["Gravy"] * 90 + ["Jam"] * 40 + ["null"] * 20, True),
    ],
)
def test_none_may_be_an_answer(
    connection: duckdb.DuckDBPyConnection, values: list[str], expected: bool
) -> None:
    """Where it is one of the few frequent values of a closed set, and no program wrote it."""
    put(connection, id=range(len(values)), sauce=values)

    ((claim, _, is_expected),) = [
        each for each in told(suggested(connection)) if "no value" in each[0] or "NULL" in each[0]
    ]
    assert is_expected is expected, claim


@pytest.mark.parametrize(
    "values",
    [
        ["10 or younger", "21 or older", "12", "13"] * 50,
        ["65+", "12", "13", "15"] * 50,
        ["5 mg", "5 ml", "10 mg", "2 g"] * 50,
        ["1 year", "2 years", "3 years", "4 years"] * 50,
        ["01-Mar-2024"] * 110 + ["02-Mar-2024"] * 86 + ["01-May-2024"] * 2 + ["09-Sep-2024"] * 2,
        ["Cola 330 ml"] * 100 + ["Cola 500 ml"] * 97 + ["Water 500 ml"] * 2 + ["Juice 100 ml"],
    ],
)
def test_what_is_no_number_or_has_other_words_in_it_is_right(
    connection: duckdb.DuckDBPyConnection, values: list[str]
) -> None:
    """Bands, units of different things, counts of years, months and products that are rare."""
    put(connection, id=range(len(values)), value=values)

    assert told(suggested(connection)) == []


def test_issues_that_say_the_same_are_one_line(connection: duckdb.DuckDBPyConnection) -> None:
    """And a misspelling is told with its pair and both counts, to people alone."""
    towns = ["Chicago"] * 150 + ["Boston"] * 49 + ["Chcago"]
    put(connection, id=range(N), code=[f"k{i}" for i in range(N)], town=towns)
    made = suggested(connection)
    lines = _table(made, Path("x.json")).splitlines()

    assert [line.split()[:2] for line in lines if "has each value once" in line] == [
        ["2-3", "low"]
    ]
    assert any(line.endswith("'Chcago' (1) beside 'Chicago' (150)") for line in lines)
    known = [each.candidate for each in made.found]
    assert "hcago" not in document(connection, made.profile, known)
