"""F01, F14, H08, G13, E27: gold is published whole and green, or not at all."""

from __future__ import annotations

import csv
import json
import random
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.errors import PublishError
from assay.core.locks import lock_on
from assay.core.settings import Settings
from assay.project.publishing import row_counts
from assay.project.publishing.publish import audit, current, measure, publish
from assay.store.sqlite.rows import put_run
from assay.store.sqlite.verbs import SqliteStore

from ..dbt.project import Project, table
from . import publisher
from .assay_line import Said, assay
from .publisher import release

GOLD = "select topic, count(*) as note_count from {{ ref('topics') }} group by 1"
CHECKS = """\
models:
  - name: counts
    data_tests:
      - expression_is_true:
          arguments: {expression: "topic <> 'BROKEN'"}
"""
MODELS = {
    "silver/topics.sql": "{{ config(materialized='table') }}\nselect * from {{ ref('notes') }}",
    "gold/counts.sql": GOLD,
    "gold/counts.yml": CHECKS,
}
GREEN = [(1, "glad"), (2, "cross"), (3, "glad")]


def rows_of(snapshot: Path) -> list[tuple[Any, ...]]:
    """What a consumer reads."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        return connection.execute("from gold.counts order by all").fetchall()


# --- builds --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """A green build; a red one over a warehouse that lost rows; a green one that was watched."""

    project: Project
    green: Said
    first: dict[str, Any]
    red: Said
    after_red: dict[str, Any]
    seen: list[list[tuple[Any, ...]]]
    held: list[tuple[Any, ...]]
    last: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where gold is published."""
        return self.project.root / "published"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Three builds; the last one runs beside readers."""
    project = Project(tmp_path_factory.mktemp("published"), MODELS)
    snapshot = project.root / "published" / "current" / "gold.duckdb"

    def notes(*rows: tuple[Any, ...]) -> None:
        project.write("bronze/notes.sql", table("id, topic", *rows))

    def manifest() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((snapshot.parent / "manifest.json").read_text())
        return found

    notes(*GREEN)
    green, first = assay(project, "build"), manifest()
    notes(*GREEN, (4, "BROKEN"))
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("delete from silver.topics where id = 1")
    red, after_red = assay(project, "build"), manifest()
    notes(*GREEN, (4, "new"))
    with duckdb.connect(str(snapshot), read_only=True) as holder:
        seen = _watched(project, snapshot)
        held = holder.execute("from gold.counts order by all").fetchall()
    return Story(project, green, first, red, after_red, seen, held, manifest())


READER = """
import duckdb, json, sys, threading
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set())).start()
seen = []
while not over.wait(0.05 if seen else 0):
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")  # it would be printed
        rows = connection.execute("from gold.counts order by all").fetchall()
    if rows not in seen:
        seen.append(rows)
        print(json.dumps(rows), flush=True)
"""


def _watched(project: Project, snapshot: Path) -> list[list[tuple[Any, ...]]]:
    """Build, and open the snapshot again and again in another process: all that it held."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(snapshot)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        first = reader.stdout.readline()
        assert assay(project, "build").code == 0
        rest, _ = reader.communicate()
    assert reader.returncode == 0
    return [[tuple(row) for row in json.loads(line)] for line in (first, *rest.splitlines())]


def test_f01_a_green_build_publishes_gold(story: Story) -> None:
    """As a snapshot, as Parquet, and with a line that says so."""
    assert story.green.code == 0, story.green.out
    assert "Published 1 table, 2 rows, in published/current" in story.green.out
    assert story.first["tables"]["counts"]["rows"] == 2


def test_f14_the_manifest_says_what_was_checked_and_by_what(story: Story) -> None:
    """Invocation, code, inputs, and each check with what it counted."""
    first = story.first
    assert len(first["invocation_id"]) == 36
    assert len(first["code_hash"]) == 32
    assert first["inputs"]["silver.topics"]["rows"] == 3
    assert [(one["status"], one["failures"]) for one in first["checks"]] == [("pass", 0)]
    assert {"git_sha", "assay_version", "built_at", "gates", "warehouse_rows"} <= first.keys()


def test_f01_a_red_build_leaves_the_old_gold(story: Story) -> None:
    """The same manifest; and the last lines say which check, and how old what is seen is."""
    assert story.red.code == 1
    assert story.after_red == story.first
    assert "Not published: 1 with status fail: expression_is_true" in story.red.err
    assert "Consumers see the gold of" in story.red.err


def test_e27_a_table_that_lost_rows_is_told_at_the_next_start(story: Story) -> None:
    """Nobody said so when it happened."""
    warning = "Warning: silver.topics holds 2 rows; it held 3 after the last build."
    assert warning in story.red.err
    assert "Warning" not in story.green.err


def test_h08_the_snapshot_is_read_while_a_build_writes(story: Story) -> None:
    """Every reader saw the old gold or the new, whole; one that held on saw the old to the end."""
    old, new = [("cross", 1), ("glad", 2)], [("cross", 1), ("glad", 2), ("new", 1)]
    assert old in story.seen
    assert [rows for rows in story.seen if rows not in (old, new)] == []
    assert story.held == old
    assert rows_of(story.folder / "current" / "gold.duckdb") == new


def test_f14_each_manifest_seals_the_one_before(story: Story) -> None:
    """History cannot be edited unseen."""
    assert story.first["previous"] is None
    assert story.last["previous"]["name"].endswith(story.first["invocation_id"][:8])
    assert audit(story.folder) == []


def test_f01_another_command_since_the_build_is_not_published(story: Story) -> None:
    """`publish` by hand looks at what built last: looks are none, and an operation is anything."""
    runs = story.project.store_rows("select count(*) from runs")
    for looking in (("docs", "generate"), ("compile",), ("parse",), ("list",)):
        assert story.project.dbt(*looking).code == 0
    assert assay(story.project, "plan").code == 0
    assert story.project.store_rows("select count(*) from runs") == runs
    again = assay(story.project, "publish", "--csv")
    assert (again.code, (story.folder / "current" / "csv" / "counts.csv").exists()) == (0, True)
    published = current(story.folder)
    macro = story.project.root / "macros" / "clean_up.sql"
    macro.write_text("{% macro clean_up() %}{% do run_query('select 1') %}{% endmacro %}")
    assert story.project.dbt("run-operation", "clean_up").code == 0
    said = assay(story.project, "publish")
    assert said.code == 1
    assert "Not published: another dbt command has run since the build" in said.err
    assert current(story.folder) == published


def test_f01_a_build_that_was_killed_is_not_published(story: Story) -> None:
    """It has changed tables, and the results on disk are those of the build before it."""
    store = SqliteStore(story.project.store)
    store.transact([lambda connection: put_run(connection, "killed", Settings())])
    store.close()
    said = assay(story.project, "publish")
    assert (said.code, "a later run has not ended" in said.err) == (1, True)


# --- the files -----------------------------------------------------------------------------------


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A warehouse with gold in it."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema gold")
        connection.execute(
            "create table gold.counts as select * from (values ('=1+1', -5, 0.5), "
            "('plain', 7, null), (null, -1, 1.5)) as given (topic, note_count, share)"
        )
    return path


def test_f01_a_snapshot_is_read_only_and_holds_what_the_warehouse_holds(gold: Path) -> None:
    """By its hash, which the order of the rows does not change; nobody can write to it."""
    done = publish(gold, gold.parent / "out", release("run", "counts"))
    snapshot = done.folder / "gold.duckdb"
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        sorted_ = measure(connection, "(from gold.counts order by note_count)")
        assert sorted_.content_hash == done.manifest["tables"]["counts"]["content_hash"]
        parquet = f"'{done.folder / 'gold' / 'counts.parquet'}'"
        assert measure(connection, parquet) == sorted_
        assert measure(connection, "(from gold.counts limit 2)") != sorted_
    assert stat.S_IMODE(snapshot.stat().st_mode) & 0o222 == 0


def test_g13_no_cell_of_a_csv_is_live(tmp_path: Path) -> None:
    """Texts are made harmless, in cells and headers; numbers stay numbers, Parquet stays as is."""
    live = ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "\uff1d1"]
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema gold")
        connection.execute(
            'create table gold.cells as select unnest(?) as "=text", -1.5 as number, '
            "[unnest(?)] as texts",
            [[*live, "fine", ""], [*live, "fine", ""]],
        )
    done = publish(path, tmp_path / "out", release("run", "cells"), csv=True)
    with (done.folder / "csv" / "cells.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["'=text", "number", "texts"]
    assert {row[1] for row in rows} == {"-1.5"}
    assert [row[0] for row in rows] == [
        *(f"'{text}" for text in live[:7]),
        "'=1",
        "'\uff1d1",
        "fine",
        "",
    ]
    assert [row[2] for row in rows if row[2][0] in "=+-@\t\r\n\uff1d"] == []
    parquet = duckdb.execute(f"select \"=text\" from '{done.folder / 'gold' / 'cells.parquet'}'")
    assert parquet.fetchall() == [(text,) for text in [*live, "fine", ""]]


def test_f01_the_last_three_publications_stay(gold: Path) -> None:
    """Names sort by time; the current one is the last."""
    out = gold.parent / "out"
    names = [publish(gold, out, release(f"run{at}", "counts")).folder.name for at in range(5)]
    kept = sorted(path.name for path in out.iterdir() if path.is_dir() and not path.is_symlink())
    assert kept == names[2:]
    assert (out / "current").resolve().name == names[-1]


@pytest.mark.parametrize("broken", ["gold.duckdb", "manifest.json"])
def test_f14_an_edited_file_is_found(gold: Path, broken: str) -> None:
    """Of the publication before the last one, too."""
    out = gold.parent / "out"
    first, _ = (publish(gold, out, release(f"run{at}", "counts")) for at in range(2))
    file = first.folder / broken
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[content.index(b"run0") if broken == "manifest.json" else 5000] ^= 1
    file.write_bytes(content)
    assert audit(out) == [f"{first.folder.name}/{broken} was changed"]


@pytest.mark.parametrize("trouble", ["no table", "no warehouse", "a file in the way"])
def test_f01_what_cannot_be_published_leaves_the_old_gold(gold: Path, trouble: str) -> None:
    """One line says why; nothing half-written can be reached."""
    out = gold.parent / "out"
    before = publish(gold, out, release("run", "counts"))
    wanted, path, folder = release("next", "counts"), gold, out
    if trouble == "no table":
        wanted = release("next", "counts", "gone")
    elif trouble == "no warehouse":
        path = gold.with_name("gone.duckdb")
    else:
        folder = gold
    with pytest.raises(PublishError, match="Gold cannot be published"):
        publish(path, folder, wanted)
    assert current(out) == before


@pytest.mark.parametrize("name", ["../../pwned", "/pwned", ".hidden", "a\0b", "..", ""])
def test_g16_a_name_that_leads_elsewhere_is_not_published(gold: Path, name: str) -> None:
    """The alias of a gold model is the name of a file; nothing is written for this one."""
    before = sorted(gold.parent.rglob("*"))
    with pytest.raises(PublishError, match="give its model an alias"):
        publish(gold, gold.parent / "out", release("run", name))
    assert sorted(gold.parent.rglob("*")) == before


def test_g07_views_of_gold_read_no_further_than_models(gold: Path) -> None:
    """What a view would read when it is copied is within the fence, or nothing is published."""
    with duckdb.connect(str(gold)) as connection:
        connection.execute("create view gold.leak as select * from read_text('/etc/hostname')")
    with pytest.raises(PublishError, match="Permission Error"):
        publish(gold, gold.parent / "out", release("run", "leak"))
    assert current(gold.parent / "out") is None


def test_f01_two_processes_do_not_publish_at_once(gold: Path) -> None:
    """The second one says so."""
    out = gold.parent / "out"
    out.mkdir()
    with (
        lock_on(out / ".lock"),
        pytest.raises(PublishError, match="Another process is publishing"),
    ):
        publish(gold, out, release("run", "counts"))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A warehouse whose publication takes a while."""
    folder = tmp_path_factory.mktemp("big")
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema gold")
        connection.execute(
            "create table gold.big as select i, 'row ' || i as name from range(200000) as t(i)"
        )
    yield path
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("seed", range(5))
def test_f01_a_kill_leaves_the_old_gold_whole(big: Path, seed: int) -> None:
    """Killed at a random moment, what is current is whole, and the next publication cleans up."""
    out = big.parent / f"out{seed}"
    worker = subprocess.Popen(
        [sys.executable, publisher.__file__, str(big), str(out)], stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(random.Random(seed).random() * 0.6)  # noqa: S311 - repeatable on purpose
    worker.kill()
    worker.communicate()
    found = current(out)
    assert found is not None
    assert (audit(out), found.rows) == ([], 200_000)
    publish(big, out, release("after", "big"))
    assert [path for path in out.iterdir() if path.name.endswith(".new")] == []
    assert audit(out) == []


# --- the warehouse between runs ------------------------------------------------------------------


def test_e27_a_wal_that_is_lost_takes_nothing_with_it(gold: Path) -> None:
    """After a run all is in the file."""
    other = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute(sys.argv[2]); "
        "os._exit(0)"
    )
    added = "insert into gold.counts values ('late', 1, 1)"
    subprocess.run([sys.executable, "-c", other, str(gold), added], check=True)
    wal = gold.with_name(gold.name + ".wal")
    assert wal.exists()
    row_counts.checkpoint(gold, "run")
    assert not wal.exists()
    assert row_counts.losses(gold) == []


def test_e27_an_older_file_is_noticed(gold: Path) -> None:
    """Rows that were there when the last run ended are missing, tables too."""
    older = gold.with_name("older.duckdb")
    shutil.copy(gold, older)
    with duckdb.connect(str(gold)) as connection:
        connection.execute("insert into gold.counts values ('late', 1, 1)")
        connection.execute("create table gold.more as select 1 as one")
    row_counts.checkpoint(gold, "run")
    shutil.copy(older, gold)
    assert row_counts.losses(gold) == [
        "gold.counts holds 3 rows; it held 4",
        "gold.more is gone; it held 1 row",
    ]


def test_e27_without_a_note_there_is_nothing_to_say(gold: Path) -> None:
    """Nor of a file that is no warehouse: dbt says what is wrong with it."""
    assert row_counts.losses(gold) == []
    row_counts.checkpoint(gold, "run")
    gold.write_bytes(b"no database" * 1000)
    assert row_counts.losses(gold) == []
    row_counts.checkpoint(gold, "run")
