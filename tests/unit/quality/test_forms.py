"""Forms: each type of DuckDB is judged, or a message says what to write."""

from __future__ import annotations

from typing import Any

import duckdb

from assay.project.gates.checks import run_suite
from assay.project.gates.frames import frame_of
from assay.project.gates.records import Expectation, Result, Suite

TABLE = r"""
    select * from (values
        (timestamptz '2026-03-01 10:00:00+02', timestamp '2026-03-01 08:00:00', date '2026-03-01',
         time '10:00', timetz '10:00:00+02', interval '1 day', 18446744073709551616::hugeint,
         12345678901234567890123456789012345.678::decimal(38, 3), 9007199254740993, '\xAA'::blob,
         uuid '11111111-1111-1111-1111-111111111111', 'a'::enum('a', 'b'), {'x': 1}, [1, 2],
         map {'a': 1}, '101'::bit, 'text'),
        (timestamptz 'infinity', timestamp 'infinity', date 'infinity',
         time '23:59:59.999999', timetz '23:00:00-01', interval '40 days',
         18446744073709551617::hugeint, 0.001, 9007199254740992, ''::blob,
         uuid '22222222-2222-2222-2222-222222222222', 'b', {'x': 2}, [3], map {'b': 2}, '1'::bit,
         ''),
        (timestamptz '1000-01-01 00:00:00+00', '1000-01-01', '1000-01-01', null, null, null, null,
         null, null, null, null, null, null, null, null, null, null),
        (timestamptz '9999-12-31 00:00:00+00', '9999-12-31', '9999-12-31', null, null, null, null,
         null, null, null, null, null, null, null, null, null, null),
        (timestamptz '-infinity', '-infinity', '-infinity', null, null, null, null,
         null, null, null, null, null, null, null, null, null, null),
        (timestamptz '0044-03-15 (BC) 00:00:00+00', '0044-03-15 (BC) 00:00:00',
         '5877642-06-25 (BC)', null, null, null, null, null, null, null, null, null, null, null,
         null, null, null)
    ) as t (tz, ts, day, clock, tzclock, span, huge, exact, big, bytes, id, word, pair, list, map,
            bits, name)
"""
"""Six rows; of the columns after `day` the last four are NULL."""

BETWEEN = "column_values_to_be_between"


def judged(*asked: tuple[str, dict[str, Any]]) -> list[Result]:
    """What comes of expectations about the table, in a session that is not in UTC."""
    items = [Expectation(f"expect_{kind}", kwargs, 1) for kind, kwargs in asked]
    suite = Suite("odd", tuple(items), {})
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        frame = frame_of(connection.query(TABLE), suite)
    return list(run_suite(suite, frame))


def bounds(column: str, least: Any, most: Any = None) -> tuple[str, dict[str, Any]]:
    """An expectation of values between two bounds, the second perhaps open."""
    given = {"column": column, "min_value": least, "max_value": most}
    return BETWEEN, {name: value for name, value in given.items() if value is not None}


def within(column: str, *values: Any) -> tuple[str, dict[str, Any]]:
    """An expectation of values in a set."""
    return "column_values_to_be_in_set", {"column": column, "value_set": list(values)}


CASES = [
    (bounds("tz", "2026-03-01T08:00:00", "2026-03-01T08:00:00"), 5),
    (bounds("tz", "2026-03-01T10:00:00+02:00"), 3),
    (bounds("tz", "2026-03-01", "2027-01-01"), 5),
    (bounds("ts", "2026-03-01T08:00:00", "9999-12-31"), 4),
    (bounds("ts", "2026-03-01T08:00:00Z"), 3),
    (bounds("day", "0001-01-01", "9999-12-31"), 3),
    (bounds("day", "2026-03-01T00:00:01"), 4),
    (bounds("day", "-infinity", "infinity"), 0),
    (bounds("clock", "00:00:00", "12:00:00"), 1),
    (bounds("tzclock", "08:00:00+00", "08:00:00+00"), 1),
    (bounds("span", "0 days", "1 month"), 1),
    (bounds("huge", 0, 100), 2),
    (bounds("exact", 0, "1.5"), 1),
    (within("day", "2026-03-01"), 5),
    (within("day", "infinity", "9999-12-31"), 4),
    (within("ts", "2026-03-01T08:00:00"), 5),
    (within("tz", "2026-03-01T08:00:00Z", "2026-03-01T09:00:00+01:00"), 5),
    (within("clock", "10:00:00"), 1),
    (within("huge", 18446744073709551616), 1),
    (within("exact", 0.001, "12345678901234567890123456789012345.678"), 0),
    (within("id", "11111111-1111-1111-1111-111111111111"), 1),
    (within("word", "a"), 1),
    (within("word", "b", "not in the type today", None), 1),
    (within("bytes", "\\xAA"), 1),
    (within("list", "[1, 2]"), 1),
    *((("column_values_to_be_unique", {"column": name}), 0) for name in ("huge", "big", "exact")),
    *((("column_values_to_be_unique", {"column": name}), 0) for name in ("tz", "span", "bytes")),
    *((("column_values_to_be_unique", {"column": name}), 0) for name in ("pair", "list", "map")),
    *((("column_values_to_not_be_null", {"column": name}), 4) for name in ("pair", "bits", "id")),
    (("column_pair_values_to_be_equal", {"column_A": "tz", "column_B": "ts"}), 0),
    (("column_pair_values_to_be_equal", {"column_A": "huge", "column_B": "big"}), 2),
    (
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "tz", "column_B": "day"}),
        4,
    ),
    (("column_value_lengths_to_be_between", {"column": "day", "max_value": 10}), 1),
    (("column_values_to_match_regex", {"column": "big", "regex": "^9"}), 0),
]
"""Expectations, and how many values are not as expected."""


def test_values_of_every_type_are_judged() -> None:
    """Infinite times and those beyond Python's years, bounds with a zone and without: UTC."""
    results = judged(*(case for case, _ in CASES))
    assert [result.error for result in results] == [None] * len(CASES)
    assert [result.unexpected for result in results] == [wrong for _, wrong in CASES]


REFUSED = [
    (
        ("column_values_to_match_like_pattern", {"column": "name", "like_pattern": "g%"}),
        "use expect_column_values_to_match_regex on 'name'",
    ),
    (
        bounds("tz", 5),
        "'tz' is TIMESTAMP WITH TIME ZONE, and `min_value` 5 is no value of it",
    ),
    (bounds("ts", "yesterday"), "`min_value` 'yesterday' is no value of it; write 2026-03-01T10:"),
    (bounds("day", "2026-02-30"), "'2026-02-30' is no value of it; write 2026-03-01"),
    (
        bounds("huge", "x"),
        "is HUGEINT, and `min_value` 'x' is no value of it; write a whole number",
    ),
    (bounds("span", "2026-01-01"), "write 2 days"),
    (within("day", "2026-03-01T10:00:00"), "`value_set` '2026-03-01T10:00:00' is no value of it"),
    (within("huge", 1.5), "`value_set` 1.5 is no value of it; write a whole number"),
    (within("pair", {"x": 1}), "write text, as DuckDB casts it"),
    *(
        (bounds(name, 0), "under `meta.columns`, such as `try_cast(... as date)`")
        for name in ("bytes", "id", "word", "pair", "list", "map", "bits", "name")
    ),
    *(
        ((f"column_values_to_be_{way}", {"column": "name"}), "under `meta.columns`")
        for way in ("increasing", "decreasing")
    ),
    (("column_stdev_to_be_between", {"column": "day", "max_value": 5}), "under `meta.columns`"),
    (
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "day", "column_B": "big"}),
        "'day' and 'big' are of types that have no one order; cast them to one under",
    ),
]


def test_what_cannot_be_said_of_a_type_is_told_with_what_to_write() -> None:
    """And no expectation beside it is the worse for it."""
    *results, last = judged(*(case for case, _ in REFUSED), bounds("big", 0))
    found = [said in str(result.error) for result, (_, said) in zip(results, REFUSED, strict=True)]
    assert found == [True] * len(REFUSED), [result.error for result in results]
    assert (last.success, last.error) == (True, None)
