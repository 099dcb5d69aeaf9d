"""Running a suite: counts for every expectation, and an error where it could not be told."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from assay.project.gates import checks
from assay.project.gates.checks import broken, known_expectations, run_suite
from assay.project.gates.frames import Frame
from assay.project.gates.records import Expectation, Result, Suite

DATA = {
    "id": list(range(10)),
    "state": [*["open"] * 6, *["canary"] * 2, None, None],
    "nothing": pa.nulls(10, pa.string()),
    "price": [float(number) for number in range(10)],
}


def run(kind: str, *, columns: Mapping[str, Any] = DATA, **kwargs: Any) -> Result:
    """The result of one expectation over the data."""
    item = Expectation(f"expect_{kind}", kwargs, 1)
    frame = Frame(pa.table(dict(columns)), {"gone": "BinderException"})
    (result,) = run_suite(Suite("orders", (item,), {}), frame)
    return result


def counts(result: Result) -> tuple[int | None, int | None, float | None, bool]:
    """Evaluated, unexpected, share, success."""
    return result.evaluated, result.unexpected, result.unexpected_share, result.success


@pytest.mark.parametrize(
    ("kind", "kwargs", "expected"),
    [
        ("table_row_count_to_be_between", {"min_value": 1}, (10, None, None, True)),
        ("column_values_to_be_in_set", {"value_set": ["open"]}, (8, 2, 0.25, False)),
        ("column_values_to_be_in_set", {"value_set": ["open"], "mostly": 0.7}, (8, 2, 0.25, True)),
        ("column_values_to_not_be_null", {"mostly": 0.5}, (10, 2, 0.2, True)),
        (
            "column_proportion_of_non_null_values_to_be_between",
            {"min_value": 0.5},
            (10, None, None, True),
        ),
        ("column_unique_value_count_to_be_between", {"min_value": 3}, (8, None, None, False)),
        ("column_distinct_values_to_be_in_set", {"value_set": ["open"]}, (8, 1, None, False)),
        ("column_to_exist", {}, (10, None, None, True)),
    ],
)
def test_counts(kind: str, kwargs: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """How many values were looked at, and how many of them are not as expected."""
    column: dict[str, Any] = {} if kind.startswith("table") else {"column": "state"}
    assert counts(run(kind, **column, **kwargs)) == expected


def test_f06_great_expectations_passes_an_all_null_column() -> None:
    """So the number that it looked at is what decides."""
    result = run("column_values_to_be_in_set", column="nothing", value_set=["open"])
    assert counts(result) == (0, 0, None, True)


def test_f05_an_empty_table_has_no_rows_to_look_at() -> None:
    """The verdict makes it red."""
    columns = {"state": pa.nulls(0, pa.string())}
    result = run("column_values_to_be_in_set", columns=columns, column="state", value_set=["open"])
    assert (result.row_count, result.evaluated) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "kwargs", "error"),
    [
        ("column_values_to_be_unique", {"column": "gone"}, "column 'gone': BinderException"),
        ("column_values_to_be_between", {"column": "state", "min_value": 1}, "TypeError while it"),
        ("column_max_to_be_between", {"column": "state", "min_value": 1}, "TypeError while it"),
        ("column_values_to_be_unique", {"column": "id", "mostley": 1}, "wrong arguments: mostley"),
        ("column_values_to_be_unique", {"column": "other"}, "while it was computed"),
    ],
)
def test_f08_an_error_is_a_result(kind: str, kwargs: dict[str, Any], error: str) -> None:
    """It names the class of the exception, never its words."""
    result = run(kind, **kwargs)
    assert error in str(result.error)
    assert (result.success, result.row_count) == (False, 10)
    assert "canary" not in str(result)


def test_an_unknown_expectation_is_an_error_here_too() -> None:
    """Great Expectations itself would drop it without a word."""
    assert "wrong arguments: expect_magic not found" in str(run("magic").error)


def test_an_expectation_that_was_lost_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of it inside, silence is not success."""
    monkeypatch.setattr(checks, "_answers", lambda *_: [])
    assert run("column_values_to_be_unique", column="id").error == "it was not run"


def test_results_keep_the_order_of_the_suite() -> None:
    """Also beside one that could not be set up."""
    items = tuple(
        Expectation(f"expect_column_values_to_be_{kind}", {"column": "id"}, 1)
        for kind in ("unique", "magic", "null")
    )
    results = run_suite(Suite("orders", items, {}), Frame(pa.table(dict(DATA))))
    assert [(result.place, result.expectation) for result in results] == list(
        enumerate(item.type for item in items)
    )


def test_an_exception_without_a_class_is_an_error_still() -> None:
    """Great Expectations writes tracebacks as text; one day they may look otherwise."""
    info = {"raised_exception": True, "exception_traceback": None}
    assert "an error while it was computed" in str(checks._error(info))


def test_a_broken_suite_is_a_result() -> None:
    """Red, as it has an error."""
    assert broken("orders", "it is not JSON").error == "it is not JSON"


def test_f04_known_expectations() -> None:
    """Those of the library, by the names that suites use."""
    assert {"expect_column_values_to_be_in_set", "expect_column_to_exist"} <= known_expectations()


def test_f13_nothing_is_imported_early_and_nothing_goes_out() -> None:
    """A process that runs a suite resolves no name and opens no connection to anywhere."""
    code = """
import json, sys
seen = []
sys.addaudithook(lambda event, args: event in ("socket.connect", "socket.getaddrinfo")
                 and seen.append(str(args)))
import pyarrow as pa
from assay.project.gates import checks, records
from assay.project.gates.frames import Frame
early = "great_expectations" in sys.modules
item = records.Expectation("expect_column_values_to_be_unique", {"column": "id"}, 1)
frame = Frame(pa.table({"id": [1, 2]}))
(result,) = checks.run_suite(records.Suite("orders", (item,), {}), frame)
print(json.dumps([early, result.success, seen]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == [False, True, []]
    assert done.stderr == ""


def test_the_frame_of_a_suite_is_let_go() -> None:
    """A table of a million rows stays in memory no longer than its suite runs."""
    frame = Frame(pa.table(DATA))
    here = weakref.ref(frame.data)
    item = Expectation("expect_column_values_to_be_unique", {"column": "id"}, 1)
    run_suite(Suite("orders", (item,), {}), frame)
    del frame
    gc.collect()
    assert here() is None
