"""E03 to E05, E20 to E22: what DuckDB does with our functions, and what the server sees of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from assay.core.settings import Settings
from assay.core.values import Reply, Request
from assay.engine.session import Session, open_session
from assay.faultd import FaultServer, Latency
from assay.hosts.duckdb.udfs import Udfs
from assay.providers.fake import FakeProvider, answering
from assay.store import open_store

from ..figures import Figure, figure
from .project import KEY, REPOSITORY

__all__ = ["figure"]

TEXTS = 3000
"""More than one chunk of DuckDB's, of which every text stands in two rows."""


@dataclass(frozen=True)
class Desk:
    """A connection with our functions on it, and the session behind them."""

    connection: duckdb.DuckDBPyConnection
    session: Session
    udfs: Udfs

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.execute(sql).fetchall()


NewDesk = Callable[..., Desk]


def in_form(sql: str, form: str) -> str:
    """SQL with our calls in another form, as the macros write it."""
    return re.sub(r"assay_ask_(?=(value|envelope)\(assay_task\()", f"assay_{form}_", sql)


@pytest.fixture
def new_desk(tmp_path: Path) -> Iterator[NewDesk]:
    """Put a table of notes and our functions on a connection; all is closed in the end."""
    opened: list[Desk] = []

    def made(fake: FakeProvider | None = None, **changed: Any) -> Desk:
        given = {"provider": "local", "store": tmp_path / "store.sqlite"} | changed
        settings = Settings.model_validate(given)
        session = open_session(settings, fake)
        connection = duckdb.connect()
        udfs = Udfs(session.begin("a-run"))
        udfs.register(connection)
        connection.execute(
            "create table notes as select i as id, "
            f"case when i % 100 = 99 then null else 'note ' || (i % {TEXTS}) end as body "
            f"from range({2 * TEXTS}) as r(i)"
        )
        opened.append(Desk(connection, session, udfs))
        return opened[-1]

    yield made
    for desk in opened:
        desk.connection.close()
        desk.session.close()


@pytest.fixture
def desk(new_desk: NewDesk, server: FaultServer) -> Desk:
    """A desk whose questions go to the server."""
    server.reset()
    asked = {"provider": "openai", "base_url": server.url(), "api_key": KEY, "model": "stub"}
    return new_desk(**asked, pack_records=64)


def ask(text: str = "body", question: str = "Is it glad?") -> str:
    """A call in the asking form, as a macro writes it."""
    task = json.dumps({"kind": "filter", "asked": question})
    return f"cast(assay_ask_value(assay_task('{task}'), {text}) as boolean)"


# --- E03: however often it is evaluated

SHAPES = {
    "select_and_where": "select id, {ask} as x from notes where {ask}",
    "view_twice": "create view v as select id, {ask} as x from notes; "
    "select count(a.x), count(b.x) from v as a inner join v as b using (id)",
    "cte_twice": "with a as (select id, {ask} as x from notes) "
    "select count(a.x), count(b.x) from a inner join a as b using (id)",
    "cte_materialized": "with a as materialized (select id, {ask} as x from notes) "
    "select count(a.x), count(b.x) from a inner join a as b using (id)",
    "order_by": "select id, {ask} as x from notes order by {ask}, id",
    "union": "select {ask} as x from notes union select not {ask} from notes",
    "same_call_twice": "select {ask} as x, not {ask} as y from notes",
    "join_condition": "select count(*) from notes as n inner join (values (true)) as t(x) "
    "on {ask} = t.x",
    "window": "select count(*) over (partition by x) from (select {ask} as x from notes) as t",
    "window_argument": "select max({ask}) over (partition by id) as x from notes",
    "having": "select body, bool_or({ask}) as x from notes group by body having bool_or({ask})",
    "group_by": "select {ask} as x, count(*) from notes group by {ask}",
    "case": "select case when {ask} then 'yes' when not {ask} then 'no' end as x from notes",
    "correlated": "select id, (select {ask_n}) as x from notes as n",
    "exists": "select count(*) from notes as n where exists (select 1 where {ask_n})",
    "aggregate_filter": "select count(*) filter (where {ask}) as x from notes",
    "qualify": "select id, {ask} as x from notes qualify row_number() over (order by id) > 1",
    "lateral": "select n.id, l.x from notes as n, lateral (select {ask_n} as x) as l",
    "unnested_list": "select [{ask}, {ask}] as x from notes",
    "insert": "create table t as select id, {ask} as x from notes",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_e03_each_text_is_asked_once_in_every_shape(
    desk: Desk, server: FaultServer, shape: str
) -> None:
    """As many answers are paid for as there are different texts, and a second look is free."""
    sql = SHAPES[shape].format(ask=ask(), ask_n=ask("n.body"))
    desk.rows(sql)
    different = desk.rows("select count(distinct body) from notes")[0][0]
    assert server.summary()["paid_answers"] == different
    assert server.summary()["paid_more_than_once"] == 0
    sent = server.summary()["requests"]
    desk.rows(f"select {ask()} from notes")
    assert server.summary()["requests"] == sent


@pytest.mark.parametrize(
    ("sql", "most"),
    [
        ("select id, {ask} as x from notes limit 5", 2048),
        ("select count(*) from (select {ask} as x from notes) as pruned", 0),
        ("select {ask} as x from notes where id < 0", 0),
        ("select {ask_constant} as x from notes", 1),
        ("select {ask_constant} as x", 1),
    ],
    ids=["limit", "count_of_a_subquery", "no_rows", "constant_over_rows", "constant"],
)
def test_e03_what_is_not_needed_is_not_bought(
    desk: Desk, server: FaultServer, sql: str, most: int
) -> None:
    """Pruned, empty and constant calls cost nothing, or one answer; `limit` at most its chunks."""
    desk.connection.execute(sql.format(ask=ask(), ask_constant=ask("'a constant'"))).fetchall()
    bill = server.summary()
    assert bill["paid_answers"] <= most
    assert bill["paid_more_than_once"] == 0


# --- E04: paid while planning

LOOKS = {
    "explain": "explain {sql}",
    "describe": "describe {sql}",
    "contract": "select * from ({sql}) as __dbt_sbq where false limit 0",
    "limit_zero": "select * from ({sql}) as t limit 0",
    "view": "create or replace view looked as {sql}",
    "prepare": "prepare looked as {sql}",
    "describe_view": "create or replace view looked as {sql}; describe looked",
    "columns": "create or replace view looked as {sql}; "
    "select column_name from duckdb_columns() where table_name = 'looked'",
}


@pytest.mark.parametrize("look", LOOKS)
def test_e04_looking_at_a_query_asks_nothing(desk: Desk, server: FaultServer, look: str) -> None:
    """Nor does it with a constant argument, which DuckDB would run while planning."""
    constants = ("'a constant'", "'a' || ' constant'", "cast(null as varchar)")
    for sql in [f"{ask('body')} as x from notes", *(f"{ask(text)} as x" for text in constants)]:
        desk.connection.execute(LOOKS[look].format(sql=f"select {sql}")).fetchall()
        desk.connection.execute("deallocate looked" if look == "prepare" else "select 1")
    assert server.summary()["requests"] == 0


def test_e04_the_counting_and_the_peeking_form_ask_nothing(
    desk: Desk, server: FaultServer
) -> None:
    """They look things up, also for whole tables and in views that were made to ask."""
    asking = f"select {ask()} as x from notes"
    desk.rows(in_form(asking, "peek"))
    desk.rows(f"create view asked as {asking}")
    desk.udfs.register(desk.connection, counting=True)
    for counting in (asking, "from asked"):
        assert set(desk.rows(counting)) == {(None,)}
    assert server.summary()["requests"] == 0


# --- E05: small chunks


PACK, SLOTS = 64, 8


def _fill(new_desk: NewDesk, rows: int, where: str) -> tuple[float, float, int]:
    """The mean share of a pack that is full, of the slots in use, and the number of requests."""
    with FaultServer(latency=Latency(median=0.2)) as server:
        asked = {"provider": "openai", "base_url": server.url(), "api_key": KEY, "model": "stub"}
        desk = new_desk(**asked, pack_records=PACK, max_in_flight=SLOTS)
        desk.connection.execute(
            f"create or replace table notes as select i as id, 'note ' || i as body "
            f"from range({rows}) as r(i)"
        )
        sql = f"select count({ask()}) as x from notes where {where}"
        desk.rows("select assay_begin_gather('a model')")
        desk.rows(f"select assay_end_gather(cast(max(hash(g)) as varchar)) from "
                  f"({in_form(sql, 'gather')}) as g")  # fmt: skip
        desk.rows(sql)
        bill = server.summary()
    filled = bill["records"] / (bill["requests"] * PACK)
    used = bill["work_seconds"] / (bill["span_seconds"] * SLOTS)
    return filled, used, bill["requests"]


@pytest.mark.parametrize(
    "rows", [6_400, pytest.param(60_000, marks=pytest.mark.whole)], ids=["tenth", "whole"]
)
@pytest.mark.parametrize("where", ["true", "id % 20 = 3"], ids=["all", "one_in_twenty"])
def test_e05_packs_are_full_whatever_the_chunks(
    new_desk: NewDesk, rows: int, where: str, figure: Figure
) -> None:
    """DuckDB hands over 2,048 rows at a time, after a filter hundreds; packs do not show it."""
    filled, used, requests = _fill(new_desk, rows, where)
    figure(rows=rows, requests=requests, pack_fill=round(filled, 3), slots_used=round(used, 3))
    assert filled >= 0.9
    assert used >= 0.8 or requests < 100 * SLOTS  # a short run says little of it


# --- E20, E21: registration


def test_e21_registering_twice_is_fine(desk: Desk, server: FaultServer) -> None:
    """The file is opened more than once in a process; the last registration counts."""
    desk.udfs.register(desk.connection)
    assert desk.rows(f"select {ask(chr(39) + 'a text' + chr(39))} is null")[0][0] in {True, False}
    assert server.summary()["requests"] == 1


CYCLES = """
import sys, threading
import duckdb
from assay.plugin import Plugin
from dbt.adapters.duckdb.credentials import DuckDBCredentials

database, cycles, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
task = '{"kind": "filter", "asked": "Is it glad?"}'
call = f"select count(assay_peek_value(assay_task('{task}'), 'note ' || i)) from range(3000) r(i)"
plugin = Plugin("assay", {"provider": "local", "store": database + ".sqlite"}, DuckDBCredentials())

def work(number):
    for at in range(cycles // threads):
        connection = duckdb.connect(f"{database}.{number}")
        plugin.configure_connection(connection)
        cursor = connection.cursor()
        cursor.execute(call).fetchall()
        cursor.close()
        connection.close()
        del connection

workers = [threading.Thread(target=work, args=[number]) for number in range(threads)]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
print("done", cycles)
"""


@pytest.mark.parametrize(
    "cycles", [104, pytest.param(1_000, marks=pytest.mark.whole)], ids=["tenth", "whole"]
)
def test_e20_opening_and_closing_never_crashes(tmp_path: Path, cycles: int) -> None:
    """Eight threads open files, register, query and close, over and over, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", CYCLES, str(tmp_path / "w"), str(cycles), "8"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"done {cycles}" in done.stdout


CANCELLED = """
import multiprocessing, sys
from types import SimpleNamespace
from assay.plugin import Plugin
from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments import create

credentials = DuckDBCredentials(path=sys.argv[1], schema="main")
Plugin("assay", {"provider": "local", "store": sys.argv[1] + ".sqlite"}, credentials)
DuckDBConnectionManager._ENV = environment = create(credentials)
profile = SimpleNamespace(credentials=credentials)
manager = DuckDBConnectionManager(profile, multiprocessing.get_context("spawn"))
for number, gone in enumerate([True, False]):
    handle = environment.handle()
    connection = Connection(type="duckdb", name=f"model_{number}", credentials=credentials)
    connection.state, connection.handle = ConnectionState.OPEN, handle
    manager.thread_connections[number] = connection
    if gone:
        handle.close()
print("cancelled", *manager.cancel_open())
"""


def test_e06_a_connection_that_closes_while_it_is_cancelled_is_no_error(tmp_path: Path) -> None:
    """Its thread was quicker than Ctrl-C; the others are cancelled all the same."""
    done = subprocess.run(
        [sys.executable, "-c", CANCELLED, str(tmp_path / "w")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "cancelled model_0 model_1\n", done.stderr


# --- E22: what DuckDB swallows


@pytest.mark.parametrize(
    ("raised", "cause"),
    [(KeyboardInterrupt, "cancelled"), (SystemExit, "cancelled"), (MemoryError, "failure")],
)
def test_e22_what_ends_a_process_ends_the_run(
    new_desk: NewDesk, raised: type[BaseException], cause: str
) -> None:
    """Raised in a provider, it is no value and no hang: the query fails and the store says why."""

    def fall(_request: Request) -> Reply:
        raise raised

    provider = FakeProvider(fall)
    desk = new_desk(provider, max_in_flight=1)
    for _ in range(2):
        with pytest.raises(duckdb.Error, match=r"Cancelled|RunError"):
            desk.rows(f"select {ask()} from notes")
    assert len(provider.requests) == 1
    assert desk.rows("select 1") == [(1,)]
    desk.session.close()
    with contextlib.closing(open_store(desk.session.settings.store)) as store:
        columns, rows = store.rows("runs")
    assert [dict(zip(columns, row, strict=True))["stopped_by"] for row in rows] == [cause]


def test_e22_ctrl_c_inside_a_function_stops_the_run(new_desk: NewDesk) -> None:
    """DuckDB makes a query error of it; nothing may be sent after it all the same."""

    good = answering(lambda _record, _key: True)

    def slow(request: Request) -> Reply:
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT]).start()
        threading.Event().wait(0.5)
        return good(request)

    provider = FakeProvider(slow)
    desk = new_desk(provider, max_in_flight=1)
    handle = desk.udfs.task(pa.chunked_array([['{"kind": "filter", "asked": "Is it glad?"}']]))
    with pytest.raises(KeyboardInterrupt):
        desk.udfs.ask_value(pa.chunked_array([handle]), pa.chunked_array([["a note"]]))
    with pytest.raises(duckdb.Error, match="Cancelled"):
        desk.rows(f"select {ask()} from notes")
    assert len(provider.requests) == 1
