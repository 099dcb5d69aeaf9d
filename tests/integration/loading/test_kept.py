"""Whole or not at all: kills, failures between two tables, a warehouse that is gone or taken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from .conftest import Api, Loading, tickets

pytestmark = pytest.mark.sources

SECONDS = 60


def until(passed: object, what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not passed():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.05)


def started(loading: Loading) -> subprocess.Popen[str]:
    """`assay load` in a process of its own, of which the child is another."""
    return subprocess.Popen(
        [sys.executable, "-m", "assay.cli.main", "load"],
        cwd=loading.root,
        env=loading.project._environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(one) for one in found.split()]


@pytest.mark.parametrize("who", ["child", pytest.param("parent", marks=pytest.mark.whole)])
def test_killed_in_the_middle_nothing_is_doubled_and_nothing_lost(
    shop: Loading, api: Api, who: str
) -> None:
    """Rows are as they were; the next load takes in what is new, once."""
    api.rows = tickets(1, 150)
    assert shop.load().code == 0
    api.rows += tickets(151, 400, day=2)
    api.moods = [200, 200, "hang"]
    asked = len(api.asked)
    process = started(shop)
    until(lambda: len(api.asked) >= asked + 3, "It asks for a third page.")
    (child,) = children(process.pid)
    os.kill(process.pid if who == "parent" else child, signal.SIGKILL)
    said = process.communicate(timeout=SECONDS)[0]
    until(lambda: not Path(f"/proc/{child}").exists() or who == "child", "The child ends, too.")
    killed = shop.count("tickets")
    api.released.set()
    again = shop.loaded()["tickets"]

    assert killed == (150, 150)
    assert (again["status"], again["rows"]) == ("ok", 250)
    assert shop.count("tickets") == (400, 400)
    if who == "child":
        assert process.returncode == 1
        assert "Failed  source tickets: The process that ran it ended" in said


TWO_TABLES = """
import os

import dlt


def source():
    @dlt.resource(write_disposition="append")
    def events(last=dlt.sources.incremental("id", initial_value=0)):
        first = last.last_value + 1
        yield [{"id": i} for i in range(first, first + 10)]

    @dlt.resource(write_disposition="replace", columns={"id": {"nullable": False}})
    def states():
        yield {"id": 1}
        if os.environ.get("ODD"):
            yield {"id": None, "name": "a row with a private name"}

    return [events, states]
"""


def test_a_source_is_whole_or_as_it_was(loading: Loading) -> None:
    """Rows that are appended are not there twice once another table could not be written."""
    loading.source("two", TWO_TABLES)
    loading.load()
    failed = loading.loaded(ODD="yes")["two"]
    anew = loading.loaded("--from-start", ODD="yes")["two"]
    after = loading.count("events"), loading.count("states")
    second = loading.loaded()["two"]

    assert failed["status"] == anew["status"] == "failed"
    assert "private" not in failed["error"]
    assert after == ((10, 10), (1, 1))
    assert second["rows"] == 11
    assert loading.rows("select count(*), max(id) from bronze_raw.events") == [(20, 20)]


def test_a_contract_that_is_broken_is_told_without_the_row(loading: Loading) -> None:
    """Whoever wants no new column says so to dlt; the rows are as they were."""
    loading.source(
        "strict",
        """
        import os

        import dlt


        def source():
            @dlt.resource(primary_key="mail", schema_contract={"columns": "freeze"})
            def people():
                yield {"id": 1, "mail": "a@example.org"}
                if os.environ.get("MORE"):
                    yield {"id": 2, "mail": "canary@example.org", "age": 7}

            return people
        """,
    )
    first = loading.loaded()["strict"]
    second = loading.loaded(MORE="yes")["strict"]

    assert first["status"] == "ok", first
    assert second["status"] == "failed"
    assert "Can't add table column `age` to table `people`" in second["error"]
    assert "canary" not in second["error"]
    assert loading.count("people") == (1, 1)


@pytest.mark.whole
def test_a_commit_that_is_killed_is_none(loading: Loading) -> None:
    """Killed while it writes, at several moments; each time the rows are those of whole loads."""
    loading.source("two", TWO_TABLES.replace("first + 10", "first + 20_000"))
    assert loading.load().code == 0
    for wait in (0.15, 0.4, 0.8):
        _kill_while_it_loads(loading, wait)
        (found,) = loading.rows(
            "select count(*), count(distinct id), max(id) from bronze_raw.events"
        )
        assert found[0] == found[1] == found[2]
        assert found[0] % 20_000 == 0


def _kill_while_it_loads(loading: Loading, wait: float) -> None:
    process, work = started(loading), loading.root / ".assay/load"
    until(lambda: [*work.rglob("*insert_values*")] or process.poll() is not None, "It loads.")
    time.sleep(wait)
    for child in children(process.pid) if process.poll() is None else []:
        os.kill(child, signal.SIGKILL)
    process.communicate(timeout=SECONDS)


def test_what_was_loaded_is_remembered_in_the_warehouse_alone(shop: Loading, api: Api) -> None:
    """Without it everything is loaded again: no cursor elsewhere is ahead of the rows."""
    api.rows = tickets(1, 20)
    shop.load()
    shop.project.warehouse.unlink()
    again = shop.loaded()["tickets"]
    from_start = shop.loaded("--from-start", "tickets")["tickets"]
    work = [path for path in shop.root.rglob("*") if "load" in path.parts[-1]]

    assert again["rows"] == 20
    assert from_start["rows"] == 20
    assert shop.count("tickets") == (20, 20)
    assert [path.name for path in work if path.suffix != ".pyc"] == []
    assert not (shop.root / ".dlt").exists()


def test_a_warehouse_that_is_taken_is_told(shop: Loading) -> None:
    """One line; DuckDB lets only one process in."""
    with duckdb.connect(str(shop.project.warehouse)):
        done = shop.load()

    assert done.code == 2
    assert "is open in process" in done.err
    assert done.err.count("\n") == 1
