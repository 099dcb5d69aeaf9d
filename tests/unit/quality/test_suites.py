"""Suite files: what is refused, and that each refusal says what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from assay.project.gates.checks import known_expectations
from assay.project.gates.records import Expectation
from assay.project.gates.suites import NOT_NULL, SETS, SuiteError, load_suite

ROOT = Path(__file__).parents[3]
GATES_PAGE = ROOT / "docs" / "gates.md"
IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
COUNT = "expect_table_row_count_to_be_between"
KNOWN = {
    COUNT,
    BETWEEN,
    *SETS,
    *NOT_NULL,
    "expect_table_row_count_to_equal",
    "expect_table_columns_to_match_set",
}


def item(kind: str, meta: Any = None, **kwargs: Any) -> dict[str, Any]:
    """An expectation as a file has it."""
    return {"type": kind, "kwargs": kwargs} | ({} if meta is None else {"meta": meta})


ROWS = item(COUNT, min_value=1)


def suite(*expectations: Any, **meta: Any) -> dict[str, Any]:
    """A suite for the relation `orders`."""
    meta = {"relation": "orders", "minimum_evaluated": 5} | meta
    return {"name": "orders", "meta": meta, "expectations": list(expectations)}


def loaded(folder: Path, document: Any) -> Any:
    """What comes of a file with this in it."""
    path = folder / "orders.json"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return load_suite(path, KNOWN)


def test_a_suite_is_loaded_as_it_stands(tmp_path: Path) -> None:
    """With the suite's minimum wherever an expectation has none of its own."""
    document = suite(ROWS, item(BETWEEN, {"minimum_evaluated": 2}, column="n", max_value=3))
    found = loaded(tmp_path, document | {"meta": document["meta"] | {"columns": {"n": "a + b"}}})
    assert found.name == "orders"
    assert found.columns == {"n": "a + b"}
    assert found.expectations == (
        Expectation(COUNT, {"min_value": 1}, 5),
        Expectation(BETWEEN, {"column": "n", "max_value": 3}, 2),
    )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "it is not JSON"),
        ([], "it is no suite"),
        ({"name": "orders"}, "it is no suite"),
        ({"name": "orders", "expectations": [ROWS]}, "`meta` holds NoneType"),
        (suite(ROWS) | {"name": "bills"}, "its `name` is 'bills'"),
        (suite(ROWS, relation="bills"), "its `meta.relation` is 'bills'"),
        (suite(ROWS, suggested=True), "it is only suggested"),
        (suite(ROWS, minimum_evaluated=0), "`minimum_evaluated` in `meta` is 0"),
        (suite(ROWS, minimum_evaluated=True), "`minimum_evaluated` in `meta` is True"),
        (suite(ROWS, minimum_evaluated=None), "`minimum_evaluated` in `meta` is None"),
        (suite(ROWS, columns=[]), "`columns` holds list"),
        (suite(), "it expects nothing"),
        (suite("x"), "`expectations` holds str"),
        (suite({"type": COUNT}), "`kwargs` holds NoneType"),
        (suite(item("expect_magic")), "'expect_magic' is no expectation"),
        (suite(ROWS, item("expect_table_columns_to_match_set")), "use a contract or a dbt test"),
        (suite(ROWS, item(BETWEEN, column="n", row_condition="a > 1")), "has a `row_condition`"),
        (suite(item(BETWEEN, column="n"), ROWS), f"it begins with {BETWEEN}"),
        (suite(item(COUNT, max_value=9)), "`min_value` from 1"),
        (suite(item(COUNT, min_value=0)), "`min_value` from 1"),
        (suite(item("expect_table_row_count_to_equal", value=0)), "`min_value` from 1"),
        (suite(ROWS, item(BETWEEN, column="n", mostly=0)), "has `mostly` 0, which nothing fails"),
        (suite(ROWS, item(IN_SET, column="n", value_set=[])), "has no `value_set`"),
        (suite(ROWS, item(IN_SET, column="n", value_set=[1])), "passes where all is NULL"),
        (suite(ROWS, item(BETWEEN, {"minimum_evaluated": "x"}, column="n")), "is 'x'"),
        (suite(ROWS, item(BETWEEN, [1], column="n")), "`meta` holds list"),
    ],
)
def test_what_could_pass_unchecked_is_refused(tmp_path: Path, document: Any, told: str) -> None:
    """With the file, what is wrong with it, and what to do."""
    with pytest.raises(SuiteError) as caught:
        loaded(tmp_path, document)
    message = str(caught.value)
    assert message.startswith("orders.json: ")
    assert told in message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A model without a suite is not checked."""
    with pytest.raises(SuiteError, match=r"orders\.json: there is no such file"):
        load_suite(tmp_path / "orders.json", KNOWN)


@pytest.mark.parametrize("guard", NOT_NULL)
def test_either_guard_may_stand_beside_a_set(tmp_path: Path, guard: str) -> None:
    """On the same column."""
    document = suite(ROWS, item(guard, column="n"), item(IN_SET, column="n", value_set=[1]))
    assert len(loaded(tmp_path, document).expectations) == 3


def test_a_guard_on_another_column_does_not_count(tmp_path: Path) -> None:
    """It says nothing about this one."""
    document = suite(ROWS, item(NOT_NULL[0], column="m"), item(IN_SET, column="n", value_set=[1]))
    with pytest.raises(SuiteError, match="'n' passes where all is NULL"):
        loaded(tmp_path, document)


def test_the_example_of_the_docs_is_a_suite(tmp_path: Path) -> None:
    """What people copy from docs/gates.md can be loaded."""
    (example,) = re.findall(r"^```json\n(.*?)^```$", GATES_PAGE.read_text("utf-8"), re.M | re.S)
    assert loaded(tmp_path, example).columns["topic_value"] == "topic.value"


def test_every_shipped_suite_is_one() -> None:
    """And expects what Great Expectations knows."""
    known = known_expectations()
    found = [load_suite(path, known) for path in sorted((ROOT / "quality/suites").rglob("*.json"))]
    assert len(found) >= 15
