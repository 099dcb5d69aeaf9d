"""Promise 5: it stops when you say stop: a ceiling is a wall, Ctrl-C is obeyed in five seconds."""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import RunError
from assay.faultd import FaultServer, Latency

from ..dbt.project import Project, asking
from ..durability.worker import resolver, run, text_of
from ..figures import Figure

RECORDS, PACK, IN_FLIGHT = 800, 8, 4
OBEYED_SECONDS = 5.0
USD_A_TOKEN = 1e-6
MODEL = """\
select
    id,
    {{ ai_classify('body', ['good', 'bad'], detail=true) }} as topic

from {{ ref('notes') }}
"""


def spent(server: FaultServer) -> float:
    """What the vendor bills, by its own count of tokens."""
    totals = server.summary()
    return (totals["input_tokens"] + 4 * totals["output_tokens"]) * USD_A_TOKEN


def run_with(path: Path, server: FaultServer, **caps: Any) -> dict[str, int]:
    """Ask about all records under caps and return the statuses."""
    prices = {"price_input_usd": 1.0, "price_output_usd": 4.0}
    limits = {"pack_records": PACK, "max_in_flight": IN_FLIGHT}
    with run(path, server.url(), **prices, **limits, **caps) as opened:
        asking_, handle = resolver(opened)
        outcomes = []
        with contextlib.suppress(RunError):
            outcomes = asking_.ask(handle, list(map(text_of, range(RECORDS))))
    statuses = [outcome.status for outcome in outcomes]
    return {status: statuses.count(status) for status in set(statuses)}


@pytest.mark.parametrize("what", ["max_requests", "max_cost_usd"])
def test_p05_a_ceiling_at_forty_percent_is_a_wall(
    tmp_path: Path, what: str, figure: Figure
) -> None:
    """The vendor's bill stays below the ceiling, the rest is on record as not attempted."""
    with FaultServer(latency=Latency(median=0.01)) as server:
        run_with(tmp_path / "whole.sqlite", server)
        need = {"max_requests": len(server.ledger.entries), "max_cost_usd": spent(server)}[what]
        cap = math.floor(0.4 * need) if what == "max_requests" else 0.4 * need
        server.reset()
        statuses = run_with(tmp_path / "capped.sqlite", server, **{what: cap})
        used = len(server.ledger.entries) if what == "max_requests" else spent(server)
    assert 0.5 * cap < used <= cap
    assert set(statuses) == {"ok", "not_attempted"}
    assert sum(statuses.values()) == RECORDS
    figure(need=round(need, 4), cap=round(cap, 4), billed=round(used, 4), **statuses)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that is slow enough to be stopped in the middle."""
    with FaultServer(latency=Latency(median=0.4, sigma=0.3)) as running:
        yield running


def building(project: Project, **popen: Any) -> subprocess.Popen[bytes]:
    """Start `assay build` in a session of its own."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(project.root), "LANG": "C.UTF-8"}
    environ |= {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"} | project.env
    return subprocess.Popen(
        [sys.executable, "-m", "assay.cli.main", "build"],
        cwd=project.root,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **popen,
    )


def asked(server: FaultServer, at_least: int) -> None:
    """Wait until so many requests have arrived."""
    limit = time.monotonic() + 60
    while len(server.ledger.entries) < at_least and time.monotonic() < limit:
        time.sleep(0.02)
    assert len(server.ledger.entries) >= at_least


@pytest.mark.parametrize("moments", [1, pytest.param(10, marks=pytest.mark.whole)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_p05_a_signal_ends_the_build_in_five_seconds(
    tmp_path: Path, server: FaultServer, moments: int, number: signal.Signals, figure: Figure
) -> None:
    """At random moments: gone in time, nothing is sent after, the exit code names the signal."""
    when = random.Random(5 + number)  # noqa: S311 - repeatable on purpose
    slowest, late = 0.0, 0
    for moment in range(moments):
        server.reset()
        project = make(tmp_path / str(moment), server)
        build = building(project)
        asked(server, 1)
        time.sleep(when.uniform(0.0, 1.5))
        told = time.monotonic()
        build.send_signal(number)
        code = build.wait(30)
        slowest = max(slowest, time.monotonic() - told)
        sent = len(server.ledger.entries)
        time.sleep(0.5)
        late += len(server.ledger.entries) - sent
        assert code == 128 + number
        kept(project, server)
    assert slowest <= OBEYED_SECONDS
    assert late == 0
    figure(moments=moments, slowest_exit_seconds=round(slowest, 2), requests_after=late)


def test_p05_a_build_that_was_made_deaf_still_hears(
    tmp_path: Path, server: FaultServer, figure: Figure
) -> None:
    """Started with SIGINT ignored, as shells do for `&`: it is obeyed all the same (E08)."""
    project = make(tmp_path / "deaf", server)
    build = building(project, preexec_fn=deafen)
    asked(server, 2)
    told = time.monotonic()
    build.send_signal(signal.SIGINT)
    code = build.wait(30)
    seconds = time.monotonic() - told
    assert code == 128 + signal.SIGINT
    assert seconds <= OBEYED_SECONDS
    figure(exit_seconds=round(seconds, 2))


def deafen() -> None:
    """Ignore SIGINT, and let the child inherit it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make(root: Path, server: FaultServer) -> Project:
    """A project whose build takes half a minute."""
    root.mkdir()
    limits = {"ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT), "ASSAY_PACK_RECORDS": str(PACK)}
    project = Project(root, {"silver/topics.sql": MODEL}, asking(server, **limits))
    project.write("bronze/notes.sql", "select * from raw.notes")
    project.load("raw.notes", id=range(RECORDS), body=list(map(text_of, range(RECORDS))))
    return project


def kept(project: Project, server: FaultServer) -> None:
    """Every answer that was handed over in whole is stored, but for those still in flight."""
    stored = project.store_rows("select count(*) from answers")[0][0]
    paid = server.ledger.paid.total()
    assert paid - stored <= IN_FLIGHT * PACK
    cut = "select coalesce(sum(asks), 0) from calls where maybe_paid"
    assert paid - stored <= project.store_rows(cut)[0][0]
