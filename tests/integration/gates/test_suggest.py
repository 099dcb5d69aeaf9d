"""`assay suggest` on a real warehouse: suggested, accepted, then a gate that catches a cell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from assay.faultd import FaultServer

from ..dbt.project import REPOSITORY, Project, asking
from .assay_line import Said, assay
from .story import put_gates

CANARY = "Canary-Wharf-41d7"
HOSTILE = (
    '=cmd|" /C calc"!A0',
    "<script>alert(1)</script>",
    '"; drop table raw.hostile; --',
    "{{ ref('notes') }} \x1b[31mred",
    "it's\nnew",
)
MODELS = {"bronze/notes.sql": "select * from raw.notes"}
N = 120
MOST_SECONDS = 60
"""For a million rows and ten columns; 20 s on a machine with 2 cores that had other work."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A bronze model with its gate, and tables to suggest for."""
    project = Project(tmp_path_factory.mktemp("suggest"), MODELS)
    put_gates(project, {"bronze": ("notes",)})
    load_notes(project)
    project.load("raw.empty", n=pa.array([], pa.int64()))
    project.load("raw.nothing", a=pa.array([None] * 40, pa.string()), b=[None] * 40)
    hostile = {name: [*(["tent", "boot"] * 30), *HOSTILE, name] for name in HOSTILE}
    project.load("raw.hostile", **hostile)
    project.load(
        "raw.wide", **{f"c{i}": [f"k{j % (i + 2)}" for j in range(500)] for i in range(200)}
    )
    return project


def load_notes(project: Project, **at: Any) -> None:
    """Notes whose city follows from a code; `at` replaces the city of rows by number."""
    cities = [at.get(f"p{i}", ("Lisbon", "Vienna", "Bergen", "Malaga")[i % 4]) for i in range(N)]
    project.load(
        "raw.notes",
        id=list(range(N)),
        code=[f"P{i % 4}" for i in range(N)],
        city=cities,
        mail=[f"{CANARY}-{i}@example.org" for i in range(N)],
    )


def suggested(project: Project, relation: str, *more: str, **env: str) -> Said:
    """The command on a table."""
    return assay(project, "suggest", relation, "--force", *more, **env)


def suite_of(project: Project, name: str) -> dict[str, Any]:
    """The suite that was written."""
    path = project.root / "quality" / "suites" / "suggested" / f"{name}.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def accepted(project: Project) -> Iterator[Project]:
    """The suite of the notes, suggested while one city is wrong, and accepted as it is."""
    load_notes(project, p7="Bergen")
    said = suggested(project, "raw.notes")
    assert said.code == 0, said.err
    suite = suite_of(project, "notes")
    del suite["meta"]["suggested"]
    target = project.root / "quality" / "suites" / "bronze" / "notes.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(suite), encoding="utf-8")
    yield project
    target.unlink()


def test_the_accepted_suite_catches_the_cell_and_then_passes(accepted: Project) -> None:
    """The gate of dbt is red on one row of one column, and green when it is put right."""
    caught = accepted.dbt("build")

    assert caught.code == 1
    assert "city follows from 'code': 1 of 120 values unexpected" in caught.output
    load_notes(accepted)
    assert accepted.dbt("build").code == 0


def test_what_is_suggested_gates_nothing(accepted: Project) -> None:
    """The gate refuses the file as it was written."""
    suggestion = suite_of(accepted, "notes")
    target = accepted.root / "quality" / "suites" / "bronze" / "notes.json"
    kept = target.read_text(encoding="utf-8")
    target.write_text(json.dumps(suggestion), encoding="utf-8")
    run = accepted.dbt("build")
    target.write_text(kept, encoding="utf-8")

    assert run.code == 1
    assert "it is only suggested" in run.output


def test_each_issue_has_kind_severity_reason_and_rows_by_hash(project: Project) -> None:
    """In the suite, in the JSON that is printed, and in the file of cells."""
    load_notes(project, p7="Bergen")
    cells = project.root / "cells.jsonl"
    said = suggested(project, "notes", "--json", "--cells", str(cells))
    shown = said.json

    wrong = {each["columns"][0]: each for each in shown["issues"] if each["wrong"]}
    assert set(wrong) == {"city", "code"}  # either may be the wrong one
    assert (wrong["city"]["kind"], wrong["city"]["columns"]) == (
        "logical_errors",
        ["city", "code"],
    )
    cell, other = [json.loads(line) for line in cells.read_text().splitlines()]
    assert cell["row_key"] == other["row_key"]
    assert {cell["column"], other["column"]} == {"city", "code"}
    key = "left(sha256(to_json([id::varchar])), 32)"
    assert project.rows(f"select id from raw.notes where {key} = '{cell['row_key']}'") == [(7,)]
    metas = [each["meta"] for each in suite_of(project, "notes")["expectations"]]
    assert all(meta["reason"] for meta in metas)
    assert {meta.get("severity") for meta in metas} >= {"medium", "low"}


def test_a_suite_of_a_person_is_never_replaced(project: Project, tmp_path: Path) -> None:
    """And a suggested one only when asked to."""
    target = tmp_path / "notes.json"
    first = assay(project, "suggest", "notes", "--out", str(target))
    again = assay(project, "suggest", "notes", "--out", str(target))
    suite = json.loads(target.read_text())
    del suite["meta"]["suggested"]
    target.write_text(json.dumps(suite))
    forced = suggested(project, "notes", "--out", str(target))

    assert (first.code, again.code, forced.code) == (0, 2, 2)
    assert "replace it with --force" in again.err
    assert "is an accepted suite" in forced.err
    assert json.loads(target.read_text()) == suite


@pytest.mark.parametrize(
    ("relation", "told"),
    [("raw.empty", "is empty"), ("raw.note", "did you mean"), ("nobody", "There is no table")],
)
def test_a_table_that_tells_nothing_is_told_of(project: Project, relation: str, told: str) -> None:
    """In one line, with exit code 2, and no file."""
    said = suggested(project, relation)

    assert (said.code, said.err.count("\n")) == (2, 1)
    assert told in said.err


def test_a_table_of_nulls_gets_what_is_missing(project: Project) -> None:
    """All columns in one issue, of which no gate is red."""
    (issue,) = suggested(project, "nothing", "--json").json["issues"]

    assert (issue["kind"], issue["columns"], issue["wrong"]) == ("missing_values", ["a", "b"], 40)
    assert (issue["severity"], issue["expectation"]) == ("low", None)
    assert len(suite_of(project, "nothing")["expectations"]) == 1


def test_names_and_values_are_data(project: Project) -> None:
    """Neither SQL nor a terminal nor JSON does anything with them; the suite loads and runs."""
    said = suggested(project, "hostile")

    assert said.code == 0, said.err
    assert "\x1b" not in said.out
    assert project.rows("select count(*) from raw.hostile") == [(66,)]
    suite = suite_of(project, "hostile")
    named = {each["kwargs"].get("column") for each in suite["expectations"]}
    assert named <= {None, *HOSTILE, *suite["meta"]["columns"]}


def test_two_hundred_columns(project: Project) -> None:
    """All of them are looked at, within a minute."""
    began = time.monotonic()
    said = suggested(project, "wide", "--json")

    assert len({each["columns"][0] for each in said.json["issues"]}) == 200
    assert time.monotonic() - began < MOST_SECONDS


@pytest.mark.whole
def test_a_million_rows(tmp_path: Path) -> None:
    """Profiled from a sample, counted over all rows: the one wrong town is found."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table million as select range as id, range % 5000 as customer_id, "
            "'town ' || range % 300 as town, 'c' || range % 300 as town_code, "
            "(range % 97) / 2 as amount, date '2024-01-01' + (range % 700)::int as opened, "
            "date '2024-01-01' + (range % 730)::int as closed, 'v' || range % 7 as status, "
            "'user' || range || '@example.org' as mail, range % 13 = 0 as sure "
            "from range(1000000)"
        )
        connection.execute("update million set town = 'town 7' where id = 123456")
    project = Project(tmp_path)
    began = time.monotonic()
    said = suggested(project, "million", "--json")

    assert (said.json["rows"], said.json["sampled"]) == (1_000_000, 100_000)
    assert (1, ["town", "town_code"]) in [
        (each["wrong"], each["columns"]) for each in said.json["issues"]
    ]
    assert time.monotonic() - began < MOST_SECONDS


ISSUE = {
    "candidate": None,
    "kind": "logical_errors",
    "severity": "medium",
    "expectation": "expect_column_values_to_be_between",
    "columns": ["id"],
    "minimum": 0,
    "maximum": 100,
    "pattern": None,
    "reason": "An id is small.",
}


def test_an_endpoint_gets_no_value_and_its_issues_are_checked(project: Project) -> None:
    """One request, on the ledger; of two issues the one about no column is dropped."""
    answer = {"issues": [ISSUE, ISSUE | {"columns": ["ide"]}]}
    with FaultServer(answer=lambda *_: answer, keep_texts=True) as server:
        said = suggested(project, "notes", "--json", **asking(server))
        again = suggested(project, "notes", "--json", **asking(server))
        (entry,) = server.ledger.entries

    (issue,) = said.json["issues"]
    assert (issue["wrong"], issue["severity"], issue["reason"]) == (
        19,
        "medium",
        "An id is small.",
    )
    assert said.json["dropped"] == [
        "issue 2 of the answer names a column that the table does not have"
    ]
    assert (said.json["requests"], again.json["requests"]) == (1, 0)
    assert again.json["issues"] == said.json["issues"]
    (text,) = entry.texts
    assert '"city"' in text
    assert not [value for value in (CANARY, "Lisbon", "Bergen", "example.org") if value in text]


def test_an_endpoint_that_makes_things_up_suggests_nothing(project: Project) -> None:
    """The stub answers by the schema alone: all of it is dropped and told of."""
    with FaultServer() as server:
        said = suggested(project, "wide", "--json", **asking(server))

    assert said.code == 0, said.err
    assert said.json["dropped"]
    assert not said.json["issues"]
    assert len(suite_of(project, "wide")["expectations"]) == 1


def test_an_endpoint_that_fails_costs_no_file(project: Project, tmp_path: Path) -> None:
    """The error says what to do."""
    target = tmp_path / "hostile.json"
    with FaultServer() as server:
        said = suggested(project, "hostile", "--out", str(target), **asking(server, "s401"))

    assert (said.code, target.exists()) == (2, False)
    assert said.err.startswith("assay: ")


def test_the_measurement_skips_without_data(tmp_path: Path) -> None:
    """And measures a pair of tables of our own."""
    command = [sys.executable, "-m", "measure.measure", str(tmp_path)]
    scripts = REPOSITORY / "scripts"
    skipped = subprocess.run(command, capture_output=True, text=True, check=True, cwd=scripts)
    folder = tmp_path / "towns"
    folder.mkdir()
    clean = [f"{i},P{i % 4},{('Lisbon', 'Vienna', 'Bergen', 'Malaga')[i % 4]}" for i in range(80)]
    dirty = [*clean[:-1], "79,P3,Malagu"]
    for name, rows in (("clean", clean), ("dirty", dirty)):
        (folder / f"{name}.csv").write_text("\n".join(["id,code,city", *rows]) + "\n")
    measured = subprocess.run(command, capture_output=True, text=True, check=True, cwd=scripts)

    assert skipped.stdout.startswith("Skipped: ")
    assert "| towns | 80 × 3 | 1 (0.4%) | 1 | **1.000**" in measured.stdout
    assert measured.stdout.strip().endswith("| agree |")
