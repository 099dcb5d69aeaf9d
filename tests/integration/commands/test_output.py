"""What the commands print: tables that fit a terminal, plain lines in a pipe, documented JSON."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.cli.commands import COMMANDS, load

from ..gates.assay_line import command
from .bench import Bench

DOCS = Path(__file__).parents[3] / "docs" / "commands.md"
WIDTH = 70


def keys(value: Any) -> set[str]:
    """The names of a value's objects, and of the objects in its lists."""
    if isinstance(value, list):
        return {name for one in value for name in keys(one)}
    if not isinstance(value, dict):
        return set()
    nested = [one for name, one in value.items() if name in ("findings", "lines", "questions")]
    return {*value} | {name for one in nested for name in keys(one)}


def section(command: str) -> str:
    """What the page says of a command."""
    found = re.search(rf"^## `{command}`\n(.*?)(?=^## |\Z)", DOCS.read_text(), re.M | re.S)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--offline"),
        ("calls",),
        ("spend", "--by", "prompt"),
        ("backup", "copy.sqlite"),
        ("prune", "--older-than", "0s"),
        ("forget", "--key", "0000", "--dry-run"),
        ("restore", "made.sqlite"),
    ],
)
def test_every_key_of_the_json_is_documented(bench: Bench, arguments: tuple[str, ...]) -> None:
    """In the command's section."""
    if arguments[0] == "restore":
        assert bench("backup", "made.sqlite").code == 0
    done = bench(*arguments, "--json")
    assert done.code == 0
    text = section(arguments[0])
    assert {key for key in keys(done.json) if f"`{key}`" not in text} == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("dead-letters", "list"),
        ("dead-letters", "show", "KEY", "--text"),
        ("dead-letters", "replay", "--all"),
        ("dead-letters", "replay", "--all", "--in-next-build"),
        ("dead-letters", "discard", "--all", "--reason", "no help"),
        ("report", "--run", "a-run"),
        ("publish", "--check"),
    ],
)
def test_every_key_of_a_letter_a_report_a_publication_is_documented(
    bench: Bench, arguments: tuple[str, ...]
) -> None:
    """Nothing but JSON is printed, whatever the exit code."""
    ((key,),) = _rows(bench, "select hex(key) from failures")
    done = bench(*(key if word == "KEY" else word for word in arguments), "--json")
    assert done.error == ""
    assert {name for name in keys(done.json) if f"`{name}`" not in section(arguments[0])} == set()


def test_rows_of_a_query_are_objects(bench: Bench) -> None:
    """With what JSON has no name for as text, and what is no number as null."""
    with duckdb.connect(str(bench.warehouse)):
        pass
    done = bench("query", "select 1 as n, date '2026-03-01' as d, 'nan'::double as x", "--json")
    assert done.json == [{"n": 1, "d": "2026-03-01", "x": None}]
    assert "write a SELECT" in bench("query", " ").error


EXACT = [
    ("1", 1),
    ("2", 2),
    ("date 'infinity'", "infinity"),
    ("date '0044-03-15 (BC)'", "0044-03-15 (BC)"),
    ("timestamptz '-infinity'", "-infinity"),
    ("timestamp_ns '2026-01-01 00:00:00.123456789'", "2026-01-01 00:00:00.123456789"),
    ("timetz '10:00:00+02'", "10:00:00+02"),
    ("interval '1 month 1 day'", "1 month 1 day"),
    ("'\\xAA'::blob", "\\xAA"),
    ("170141183460469231731687303715884105727::hugeint", 2**127 - 1),
    (
        "12345678901234567890123456789012345.10::decimal(38, 2)",
        "12345678901234567890123456789012345.10",
    ),
    ("'-inf'::double", "-inf"),
    ("'nan'::float", None),
    ("uuid '11111111-1111-1111-1111-111111111111'", "11111111-1111-1111-1111-111111111111"),
    ("[date 'infinity', null]", ["infinity", None]),
    ("{'a b': [{'c': 'inf'::double}], 'd': 1.50}", {"a b": [{"c": "inf"}], "d": "1.50"}),
    ("map {date '2026-01-01': interval '1 month'}", {"2026-01-01": "1 month"}),
    ("array_value(1, 2)", [1, 2]),
    ("""'{"a": 1}'::json""", '{"a": 1}'),
    ("'a'::enum('a')", "a"),
    ("[row('a, b', date '2026-01-01', null)]", [["a, b", "2026-01-01", None]]),
]
"""SQL, and what JSON says of it."""


def test_no_column_and_no_value_of_a_query_is_lost(bench: Bench) -> None:
    """All of one name: the second is counted on, past a name that is there."""
    with duckdb.connect(str(bench.warehouse)):
        pass
    sql = f"select {', '.join(f'{value} as a' for value, _ in EXACT)}, 3 as a_2"
    (row,) = bench("query", sql, "--json").json
    names = ["a", "a_1", *(f"a_{place + 1}" for place in range(2, len(EXACT))), "a_2"]
    assert list(row.items()) == list(zip(names, [*(said for _, said in EXACT), 3], strict=True))
    plain = bench("query", f"{sql}, '{'x' * 500}' as long, 7 as last;").out
    shown = ("infinity", "\\xAA", "1 month 1 day", str(2**127 - 1), "x" * 500, " last ", "NULL")
    assert [word for word in shown if word not in plain] == []
    assert bench("query", "show tables", "--json").json == []


def test_one_query_is_one_statement(bench: Bench) -> None:
    """Of several only the last would be answered; one in a text or a comment parts nothing."""
    with duckdb.connect(str(bench.warehouse)):
        pass
    for sql in ("select 1; select 2", "select 1; create table x (i int);"):
        assert "These are 2 statements" in bench("query", sql).error
    sql = "select 'ü;' as a; -- ; b\n/* ;c */;"
    assert bench("query", sql, "--json").json == [{"a": "ü;"}]
    assert "ü;" in bench("query", sql).out


def test_every_command_but_build_prints_json() -> None:
    """Build passes on what dbt prints."""
    commands = {name: load(name) for name in COMMANDS}
    commands |= {
        f"dead-letters {name}": one for name, one in commands["dead-letters"].commands.items()
    }
    without = {
        name for name, one in commands.items() if all("--json" not in p.opts for p in one.params)
    }
    groups = {"ask", "batch", "golden", "dead-letters", "store"}  # each of their commands says it
    assert without == {"init", "build", *groups}


def test_every_key_of_an_explanation_is_documented(bench: Bench) -> None:
    """Of answers and of failures."""
    text = DOCS.read_text()
    for prefix in _prefixes(bench):
        (found,) = bench("explain", prefix, "--json").json
        assert {key for key in found if f"`{key}`" not in text} == set()


def _prefixes(bench: Bench) -> list[str]:
    query = "select hex(key) from answers union all select hex(key) from failures"
    return [key for (key,) in _rows(bench, query)]


def _rows(bench: Bench, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(bench.store)) as connection:
        return connection.execute(query).fetchall()


def run_on(bench: Bench, output: int, *arguments: str) -> None:
    """Run a command as a process of its own that prints to a file descriptor."""
    env = {**os.environ, **dict(bench._environment({})), "COLUMNS": str(WIDTH), "TERM": "xterm"}
    subprocess.run(command(*arguments), stdout=output, env=env, check=True)


def test_a_table_fits_the_terminal(bench: Bench) -> None:
    """Words wrap, numbers stay whole."""
    main, side = pty.openpty()
    run_on(bench, side, "spend", "--by", "prompt")
    os.close(side)
    shown = os.read(main, 1_000_000).decode()
    os.close(main)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines()]
    table = lines[: next(at for at, line in enumerate(lines) if line.startswith("Saved is"))]
    assert max(map(len, table)) <= WIDTH
    assert len(table) > 3


def test_a_pipe_gets_whole_lines(bench: Bench, tmp_path: Path) -> None:
    """One for each row, however long."""
    file = tmp_path / "piped"
    with file.open("wb") as output:
        run_on(bench, output.fileno(), "calls")
    head, *rows, last = file.read_text().splitlines()
    assert head.startswith("started (UTC)")
    assert last == f"{len(rows)} of {len(rows)} attempts."
    assert all(re.match(r"\d{4}-\d\d-\d\d ", row) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("calls", "--outcome", "bad"), "--outcome 'bad' is not known"),
        (("calls", "--limit", "0"), "'--limit': Input should be greater than or equal to 1"),
        (("calls", "--nosuch"), "No such option: --nosuch; see `assay calls --help`."),
        (("plan", "--max-requests", "-1"), "see `assay plan --help`."),
        (("dead-letters", "discard"), "Missing option '--reason'"),
        (("query",), "Missing argument 'SQL'"),
        (("query", "select 1"), "There is no warehouse at"),
        (("report", "--out", "/proc/none/page.html"), "/proc/none"),
        (("report", "--out", "."), "--out '.' is a folder; name a file in it"),
        (("nosuch",), "No such command 'nosuch'"),
        (("golden", "dif"), "'dif'; did you mean 'diff'? See `assay golden --help`."),
    ],
)
def test_wrong_input_ends_with_exit_code_2_and_one_line(
    bench: Bench, arguments: tuple[str, ...], words: str
) -> None:
    """As a process; no usage, no box, no traceback."""
    env = {**os.environ, **dict(bench._environment({}))}
    done = subprocess.run(
        command(*arguments), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("assay: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
