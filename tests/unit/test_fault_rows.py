"""Every row of groups E, F, G and H06 of the fault matrix has a test by its id, or a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
GROUPS = {"E": 31, "F": 14, "G": 24}
ROWS = [f"{group}{at:02}" for group, count in GROUPS.items() for at in range(1, count + 1)]
TESTED, REASONS = (
    "## Groups E to H by test",
    "## Rows of the fault matrix that are not tested here",
)
FEWEST_WORDS = 6


def cells(heading: str) -> Iterator[list[str]]:
    """The rows of the table below a heading, without its head."""
    section = PAGE.partition(heading)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        yield [cell.strip() for cell in line.strip("|").split(" |")]


def ids_in(text: str) -> set[str]:
    """The ids that a cell names; `F03 to F06` names four."""
    found = set(re.findall(r"\b[A-H]\d\d\b", text))
    for group, first, last in re.findall(r"\b([A-H])(\d\d) to \1(\d\d)\b", text):
        found |= {f"{group}{at:02}" for at in range(int(first), int(last) + 1)}
    return found


def ids_of_tests(file: Path) -> set[str]:
    """The ids in the names of a file's tests: what `-k G05` runs."""
    names = re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    found = [re.findall(r"_([a-h]\d\d)(?=_)", name) for name in names]
    return {id_.upper() for ids in found for id_ in ids}


TESTED_ROWS = {ids: [Path(name) for name in re.findall(r"`(tests/[\w/]+\.py)`", files)]
               for ids, files, *_ in cells(TESTED)}  # fmt: skip
EVERY_TEST = {id_ for file in (ROOT / "tests").rglob("test_*.py") for id_ in ids_of_tests(file)}
WITH_REASON = {
    id_
    for rows, why, *_ in cells(REASONS)
    for id_ in ids_in(rows)
    if len(why.split()) >= FEWEST_WORDS
}


@pytest.mark.parametrize("row", [*ROWS, "H06"])
def test_every_row_has_a_test_or_a_reason(row: str) -> None:
    """Whoever deletes the last test of a row has to say why."""
    message = f"{row}: name a test after it, or give a reason in docs/reliability.md."
    assert row in EVERY_TEST | WITH_REASON, message


@pytest.mark.parametrize("row", [*ROWS, "H06"])
def test_every_row_is_on_the_page(row: str) -> None:
    """The page says where it is tested, or why it is not."""
    listed = {id_ for ids in TESTED_ROWS for id_ in ids_in(ids)}
    assert row in listed | WITH_REASON


@pytest.mark.parametrize("rows", TESTED_ROWS)
def test_the_page_names_tests_that_are_there(rows: str) -> None:
    """Each file has a test of a row of its line, and all of them together of every row."""
    tested = [ids_of_tests(ROOT / file) for file in TESTED_ROWS[rows]]
    assert tested
    assert all(ids & ids_in(rows) for ids in tested)
    assert ids_in(rows) <= set().union(*tested)


def test_the_walk_sees_tests_and_reasons() -> None:
    """A test that finds nothing would find no fault."""
    assert {"D12", "G05", "H06"} <= EVERY_TEST
    assert "A22" in WITH_REASON
    assert ids_in("F03 to F06, G01") == {"F03", "F04", "F05", "F06", "G01"}
