"""The contract of the store: its verbs and queries; nothing of a driver leaves its room."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from assay.core.errors import StoreError
from assay.core.settings import Settings
from assay.core.store_place import StorePlace
from assay.core.values import Attempt, Failure, Outcome
from assay.store import TABLES, Landing, Selection, Spend, Store, open_store, queries
from assay.store.sqlite.queries import READERS
from assay.store.sqlite.verbs import SqliteStore

ROOT = Path(__file__).parents[2] / "udfs" / "assay"
OUTSIDE = [path for path in sorted(ROOT.rglob("*.py")) if "store" not in path.parts[:-1]]
DRIVERS = {"sqlite3", "psycopg"}
BACK_ENDS = ("assay.store.sqlite", "assay.store.postgres")
PRIVATE = ("leases", "looks", "rungs", "statements", "migrations")
STATEMENT = re.compile(r"\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
TABLE = re.compile(rf"\b(from|join|into|update)\s+({'|'.join([*TABLES, *PRIVATE])})\b")
GIVEN: dict[str, Any] = {
    "part": Selection(),
    "which": "last",
    "prefix": "0a",
    "keys": (b"k" * 16,),
    "key": b"k" * 16,
    "most": 1,
    "last": 1,
}
LATER = "2999-01-01 00:00:00.000000"
SOON, LATE = "2026-01-01 01:00:00.000000", "2026-01-02 00:00:00.000000"


@pytest.fixture
def store(either_store: StorePlace) -> Iterator[Store]:
    """A store of its own."""
    store = open_store(either_store)
    yield store
    store.close()


def attempt(number: int) -> Attempt:
    """An attempt that ended well."""
    return Attempt(
        attempt_id=f"{number:032x}",
        owner="me",
        invocation_id="a-run",
        started_at="2026-01-01 00:00:00.000000",
        provider="openai",
        host="h",
        model="m",
        prompt_hashes="p",
        attempt=1,
        records=1,
        asks=1,
        ended_at="2026-01-01 00:00:01.000000",
        outcome="ok",
    )


def answer(key: bytes) -> tuple[Any, ...]:
    """A row of `answers`, but for its checksum."""
    return (key, "filter", "m", "h", "p", "true", None, "m", "2026-01-01 00:00:01.000000")


def failure(key: bytes) -> Failure:
    """An ask that is given up."""
    return Failure(key, "filter", "m", "h", "p", "invalid", "no", 1, "2026-01-01", None)


# The seam


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_driver_and_no_sql_of_the_store_outside_its_room(path: Path) -> None:
    """No SQLite, no back end by name, no function of a connection, no SQL over its tables."""
    assert list(breaches(path.read_text(encoding="utf-8"))) == []


def breaches(code: str) -> Iterator[str]:
    """What of a module belongs in the store."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in DRIVERS)
            case ast.ImportFrom(module=str(module)) if module.startswith(BACK_ENDS):
                yield module
            case ast.Attribute(attr="transact"):
                yield "transact"
            case ast.Constant(value=str(text)) if STATEMENT.match(text) and TABLE.search(text):
                yield text


@pytest.mark.parametrize(
    "code",
    [
        "import sqlite3",
        "import psycopg",
        "from assay.store.postgres.store import PostgresStore",
        "from assay.store.sqlite.rows import put_run",
        "(found,) = store.transact([steps])",
        "query = f'select count(*) from calls where {condition}'",
    ],
)
def test_the_seam_can_be_broken(code: str) -> None:
    """A test that sees no breach would find no fault."""
    assert len(list(breaches(code))) == 1


# What can be read


def test_sqlite_answers_every_query() -> None:
    """A query that nobody answers would be found by its user."""
    assert set(READERS) == set(queries.Query.__subclasses__())


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.__name__)
def test_every_query_can_be_put_to_an_empty_store(store: Store, kind: type[Any]) -> None:
    """Its SQL fits the schema, and nothing is found."""
    given = {field.name: GIVEN.get(field.name, "none") for field in fields(kind)}
    found = store.read(kind(**given))
    assert found == Spend() if kind is queries.Spent else not found


def test_who_reads_waits_for_no_writer(either_store: StorePlace) -> None:
    """What another one is about to write is not seen before it is done."""
    store, other = (open_store(either_store) for _ in range(2))
    with other.transaction():
        other.land([Landing(attempt(1))])
        seen = store.read(queries.Spent()).requests
    found = store.read(queries.Spent()).requests
    store.close()
    other.close()
    assert (seen, found) == (0, 1)


def test_a_snapshot_is_of_one_moment(either_store: StorePlace) -> None:
    """Who writes waits for its end, where the store is a file."""
    store, other = (open_store(either_store) for _ in range(2))
    writer = Thread(target=other.land, args=([Landing(attempt(1))],))
    with store.snapshot():
        seen = [store.read(queries.Spent()).requests]
        writer.start()
        writer.join(timeout=0.3)
        seen += [store.read(queries.Spent()).requests, int(writer.is_alive())]
    writer.join()
    seen.append(store.read(queries.Spent()).requests)
    store.close()
    other.close()
    assert seen == [0, 0, int(isinstance(either_store, Path)), 1]


# What can be written


def test_verbs_in_a_transaction_are_done_together_or_not_at_all(store: Store) -> None:
    """What is read within sees what was written; an error takes all of it back."""
    seen: list[int] = []
    with pytest.raises(StoreError, match="Unknown table"):
        write_and_fail(store, seen)
    assert (seen, store.read(queries.Spent()).requests) == ([1], 0)
    assert store.read(queries.RunSums()) == []


def write_and_fail(store: Store, seen: list[int]) -> None:
    """Put a request on record, count it, and do what cannot be done."""
    with store.transaction():
        store.begin_run("a-run", Settings())
        store.land([Landing(attempt(1))])
        seen.append(store.read(queries.Spent()).requests)
        store.rows("none")


def test_a_landing_answers_counts_failed_runs_and_gives_leases_back(store: Store) -> None:
    """A failure is due as its landing says for so many runs, and an answer clears it."""
    key = b"k" * 16
    due, failed = [], Landing(attempt(1), failures=[failure(key)], due={"invalid": [SOON, LATE]})
    for _ in range(3):
        (granted,) = store.claim([[key]])
        ((left,),) = store.land([failed])
        due.append((len(granted.ours), left.failed_runs, left.next_try_at))
    assert due == [(1, 1, SOON), (1, 2, LATE), (1, 3, None)]
    assert store.fetch([key], LATER)[key].status == "invalid"
    assert store.land([Landing(attempt(2), [answer(key)])]) == [[]]
    assert store.fetch([key], LATER) == {
        key: Outcome("ok", "true", None, None, "m", "2026-01-01 00:00:01.000000")
    }
    assert store.read(queries.AllLetters()) == []


def test_a_lease_holds_others_off_until_it_is_released(either_store: StorePlace) -> None:
    """Two stores on one file, as two processes have them."""
    one, other = (open_store(either_store) for _ in range(2))
    first, again = b"1" * 16, b"2" * 16
    (ours,), (theirs,) = one.claim([[first]]), other.claim([[first, again]])
    one.release()
    (free,) = other.claim([[first]])
    one.close()
    other.close()
    assert (ours.ours, theirs.ours, free.ours) == ({first}, {again}, {first})


def test_a_run_is_stopped_once_and_a_look_is_no_build(store: Store) -> None:
    """The first cause stays, and the last build is none that only looked."""
    store.begin_run("a-run", Settings(), "2026-01-01")
    store.begin_run("a-look", Settings(), "2026-01-02", builds=False)
    store.stop_run("a-run", "budget", "Used up.")
    store.stop_run("a-run", "cancelled", "Ctrl-C.")
    assert store.read(queries.StopOf("a-run")) == ("budget", "Used up.")
    assert store.read(queries.LastBuild()) == "a-run"
    assert [row["builds"] for row in store.read(queries.RunSums())] == [1, 0]


def test_what_is_forgotten_is_rehearsed_first(store: Store) -> None:
    """The same numbers, once without effect."""
    store.land([Landing(attempt(1), [answer(b"\x0a" * 16), answer(b"\x0b" * 16)])])
    gone = store.forget([], "0a", rehearse=True)
    kept = store.read(queries.KeysLike(""))
    assert gone == store.forget([], "0a")
    assert (gone["answers"], len(kept)) == (1, 2)
    assert store.read(queries.KeysLike("")) == [b"\x0b" * 16]


def test_a_table_that_is_not_served_is_refused(store: Store) -> None:
    """Leases are the store's own affair."""
    with pytest.raises(StoreError, match="Unknown table 'leases'"):
        store.rows("leases")


def test_who_writes_runs_as_few_statements_as_ever(tmp_path: Path) -> None:
    """Eight texts that are claimed are six statements, and so are their replies, commits included.

    A statement lets go of the GIL, and to get it back beside a busy loop takes milliseconds.
    """
    store, ran = SqliteStore(tmp_path / "store.sqlite"), list[str]()
    keys = [bytes([place]) * 16 for place in range(8)]
    store._connection.set_trace_callback(ran.append)
    store.claim([keys])
    claimed = len(ran)
    store.land([Landing(attempt(place), [answer(key)]) for place, key in enumerate(keys)])
    landed = len(ran) - claimed
    store._connection.set_trace_callback(None)
    store.close()
    assert (claimed, landed) == (6, 6), ran
