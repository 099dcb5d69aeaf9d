"""What a suite found in rows that are still the same is not asked again; anything else is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from assay.project.gates.frames import Frame
from assay.project.gates.records import Expectation, Suite
from assay.project.gates.unchanged import FILE, Unchanged, fingerprint

UNIQUE = Expectation("expect_column_values_to_be_unique", {"column": "id"}, 1)
LEAST = Expectation("expect_column_values_to_be_between", {"column": "id", "min_value": 0}, 1)
SUITE = Suite("orders", (UNIQUE, LEAST), {})
ROWS = {"id": [1, 2, 3], "name": ["a", None, "c"]}


def frame(**columns: Any) -> Frame:
    """A frame of the rows, with these columns in place of theirs."""
    return Frame(pa.table(ROWS | columns))


IN_A_NEW_PROCESS = """
import json, sys
from pathlib import Path
import pyarrow as pa
from assay.project.gates.frames import Frame
from assay.project.gates.records import Expectation, Suite
from assay.project.gates.unchanged import Unchanged
unchanged = Unchanged(Path(sys.argv[1]))
assert "expect_column_values_to_be_unique" in unchanged.known
item = Expectation("expect_column_values_to_be_unique", {"column": "id"}, 1)
frame = Frame(pa.table({"id": json.loads(sys.argv[2])}))
(result,) = unchanged.run("gate_silver", Suite("orders", (item,), {}), frame)
unchanged.save()
print(json.dumps([result.success, result.evaluated, "great_expectations" in sys.modules]))
"""


def in_a_new_process(folder: Path, *ids: int) -> list[object]:
    """Whether the ids are unique, how many were looked at, and whether the library was there."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS, str(folder), json.dumps(ids)],
        capture_output=True,
        check=True,
        text=True,
    )
    answer: list[object] = json.loads(done.stdout)
    return answer


def test_the_same_rows_need_no_library_and_others_do(tmp_path: Path) -> None:
    """A build with nothing due does not import Great Expectations; one row more is looked at."""
    assert in_a_new_process(tmp_path, 1, 2) == [True, 2, True]
    assert in_a_new_process(tmp_path, 1, 2) == [True, 2, False]
    assert in_a_new_process(tmp_path, 1, 1) == [False, 2, True]
    assert in_a_new_process(tmp_path, 1, 1) == [False, 2, True], "what is red is never kept"
    assert in_a_new_process(tmp_path, 1, 2) == [True, 2, True]


@pytest.mark.parametrize(
    ("suite", "other"),
    [
        (SUITE, frame(id=[1, 2, 4])),
        (SUITE, frame(id=[1, 3, 2])),
        (SUITE, frame(id=[1, 2, None])),
        (SUITE, frame(id=["1", "2", "3"])),
        (SUITE, frame(id=[1.0, 2.0, 3.0])),
        (SUITE, frame(name=["a", "", "c"])),
        (SUITE, frame(other=[1, 1, 1])),
        (SUITE, Frame(pa.table(ROWS).slice(1))),
        (SUITE, Frame(pa.table(ROWS), {"gone": "BinderException"})),
        (SUITE, Frame(pa.table(ROWS), {}, {0: LEAST})),
        (Suite("orders", (UNIQUE,), {}), frame()),
        (Suite("orders", (LEAST, UNIQUE), {}), frame()),
        (Suite("orders", (UNIQUE, Expectation(LEAST.type, LEAST.kwargs, 2)), {}), frame()),
    ],
)
def test_whatever_is_another_has_another_hash(suite: Suite, other: Frame) -> None:
    """A value, its type, their order, a NULL, a row less, a word of the suite."""
    assert fingerprint(suite, other) != fingerprint(SUITE, frame())


def test_the_same_rows_in_other_chunks_have_the_same_hash() -> None:
    """DuckDB hands them over in as many as it likes."""
    whole = pa.table(ROWS)
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    assert fingerprint(SUITE, Frame(pieces)) == fingerprint(SUITE, Frame(whole))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"found": 3}', '{"found": {}, "known": []}'])
def test_a_broken_file_is_none(tmp_path: Path, content: str) -> None:
    """The suite runs, and the file is written anew."""
    (tmp_path / FILE).write_text(content)
    unchanged = Unchanged(tmp_path)
    assert UNIQUE.type in unchanged.known
    assert all(result.success for result in unchanged.run("gate_silver", SUITE, frame()))
    unchanged.save()
    assert "gate_silver/orders" in json.loads((tmp_path / FILE).read_text())["found"]


def test_another_version_of_the_library_asks_again(tmp_path: Path) -> None:
    """What an older one found is let go, with what it knew."""
    unchanged = Unchanged(tmp_path)
    assert unchanged.known
    unchanged.run("gate_silver", SUITE, frame())
    unchanged.save()
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps(kept | {"made_by": ["0.1", "", ""]}))
    later = Unchanged(tmp_path)
    assert later.known == unchanged.known
    later.save()
    assert json.loads((tmp_path / FILE).read_text())["found"] == {}
