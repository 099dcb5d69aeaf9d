"""E06 to E09, p05: a run that is told to stop is gone in time and loses nothing."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from assay.faultd import Entry, FaultServer
from assay.store import open_store
from assay.store.sqlite.leases import Owner

from ..durability import worker
from ..figures import Figure, figure
from .project import Project, asking, table

__all__ = ["figure"]

ROWS = 160
IN_FLIGHT = 4
PACK = 4
FLYING = IN_FLIGHT * PACK * 2
"""Answers that are in flight at most: both models ask about a text in one request."""
BEFORE = 14
"""Requests that have arrived when the signal is sent."""
OBEYED_SECONDS = 5.0
HEARD_SECONDS = 0.25
"""How long a signal may take to the engine; what starts later is sent against the user's will."""

SLOW = "good,wait=0.3"
MODELS = {
    "bronze/notes.sql": table("id, body", *((at, f"note {at}") for at in range(ROWS))),
    **{
        f"silver/asked_{name}.sql": f"select id, {{{{ ai_filter('body', 'Is it {name}?') }}}} "
        "as yes from {{ ref('notes') }}"
        for name in ("old", "new")
    },
    "gold/counted.sql": "select count(*) as row_count from {{ ref('asked_old') }} "
    "inner join {{ ref('asked_new') }} using (id)",
}
DBT = (str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build")
ASSAY = (sys.executable, "-m", "assay.cli.main", "build")
DEAF = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh", *ASSAY)
"""As a script starts it with `&`: SIGINT is ignored before Python begins."""


@dataclass(frozen=True)
class Stopped:
    """How a run ended that was told to: seconds from the signal, exit code, what it printed."""

    project: Project
    server: FaultServer
    told_at: float
    seconds: float
    code: int
    output: str
    entries: tuple[Entry, ...]

    @property
    def started_after(self) -> int:
        """Requests that began after the signal had time to be heard."""
        return sum(entry.started > self.told_at + HEARD_SECONDS for entry in self.entries)

    @property
    def answered_before(self) -> int:
        """Answers that had been handed over well before the signal."""
        done = [entry for entry in self.entries if 0 < entry.ended < self.told_at - 0.1]
        return sum(len(entry.records) * len(entry.questions) for entry in done)

    @property
    def stored(self) -> int:
        """Answers in the store."""
        return int(self.project.store_rows("select count(*) from answers")[0][0])

    def assert_free(self) -> None:
        """Nobody holds the warehouse or the store any more."""
        duckdb.connect(str(self.project.warehouse)).close()
        store = open_store(self.project.store)
        try:
            assert Owner.living(self.project.store) == [store.owner]
        finally:
            store.close()

    def finish(self) -> int:
        """Run again to the end; return how many answers were bought twice."""
        run = self.project.dbt("build", **asking(self.server), ASSAY_PACK_RECORDS=str(PACK))
        assert run.code == 0, run.output
        assert self.project.rows("select row_count from gold.counted") == [(ROWS,)]
        return int(self.server.summary()["paid_more_than_once"])


Stop = Callable[..., Stopped]


@pytest.fixture
def stop(new_project: Callable[..., Project], server: FaultServer) -> Stop:
    """Start a build against the slow server, signal it, and wait for its end."""

    def stopped(
        command: tuple[str, ...],
        *signals: int,
        after: float | None = None,
        project: Project | None = None,
        locked_seconds: float = 0,
    ) -> Stopped:
        project = project or new_project(MODELS)
        server.reset()
        output, holders = project.root / "printed.txt", list[subprocess.Popen[str]]()
        limits = {"ASSAY_PACK_RECORDS": str(PACK), "ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT)}
        with output.open("wb") as file:
            running = subprocess.Popen(
                command,
                cwd=project.root,
                env=project._environment(asking(server, SLOW) | limits),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_for(server, running) if after is None else time.sleep(after)
            if locked_seconds:
                holders.append(_lock(project.store, locked_seconds))
            told_at = time.monotonic()
            _tell(running, *signals)
            code = running.wait(40)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
            for holder in holders:
                assert holder.poll() is None, "the lock was let go before the run had ended"
                holder.kill()
                holder.communicate()
        seconds = time.monotonic() - told_at

        text = output.read_text(encoding="utf-8", errors="replace")
        entries = tuple(server.ledger.entries)
        return Stopped(project, server, told_at, seconds, code, text, entries)

    return stopped


def _wait_for(server: FaultServer, running: subprocess.Popen[bytes]) -> None:
    """Return once enough requests have arrived."""
    deadline = time.monotonic() + 60
    while len(server.ledger.entries) < BEFORE:
        assert running.poll() is None, "the run ended before it asked"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lock(store: Path, seconds: float) -> subprocess.Popen[str]:
    """Let another process take the write lock of the store, and threads come to wait for it."""
    command = [sys.executable, worker.__file__, "lock", str(store), "immediate", str(seconds)]
    root = str(Path(__file__).parents[3])
    holder = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    time.sleep(1)
    return holder


def _tell(running: subprocess.Popen[bytes], *signals: int) -> None:
    """Send SIGINT to all in the terminal, as Ctrl-C does; SIGTERM to the process itself."""
    for number, again in zip(signals, [False, *[True] * len(signals)], strict=False):
        if again:
            time.sleep(0.3)
        if running.poll() is None:
            kill = os.killpg if number == signal.SIGINT else os.kill
            kill(running.pid, number)


INT, TERM = signal.SIGINT, signal.SIGTERM
CASES = {
    "e06_dbt": (DBT, (INT,), 2),
    "e09_dbt_sigterm": (DBT, (TERM,), -TERM),
    "e06_assay": (ASSAY, (INT,), 130),
    "e07_assay_twice": (ASSAY, (INT, INT), 130),
    "e08_assay_deaf": (DEAF, (INT,), 130),
    "e09_assay_sigterm": (ASSAY, (TERM,), 143),
}


@pytest.mark.parametrize("case", CASES)
def test_e06_e08_e09_a_run_that_is_told_to_stop_stops(
    stop: Stop, case: str, figure: Figure
) -> None:
    """Gone in five seconds, nothing sent after, answers kept, nothing locked, the right code."""
    command, signals, code = CASES[case]
    stopped = stop(command, *signals)
    assert stopped.seconds <= OBEYED_SECONDS
    assert stopped.started_after == 0
    assert stopped.code == code, stopped.output
    assert stopped.stored >= stopped.answered_before > 0
    stopped.assert_free()
    if signals == (INT,):
        assert "Traceback" not in stopped.output
        kept = re.search(
            r"^Interrupted: the ([\d,]+) answers of this run are kept", stopped.output, re.M
        )
        assert kept
        assert int(kept[1].replace(",", "")) == stopped.stored
    if case == "e06_assay":
        _assert_one_count(stopped)
    figure(
        case=case,
        seconds=round(stopped.seconds, 2),
        requests_after=stopped.started_after,
        answers_kept=stopped.stored,
    )


def _assert_one_count(stopped: Stopped) -> None:
    """Summary, `spend` and `doctor` count the same requests, and those that were cut off."""
    spend = json.loads(stopped.project.run("assay.cli.main", "spend", "--json", env={}).out)[
        "total"
    ]
    doctor = stopped.project.run("assay.cli.main", "doctor", "--offline", env={}).out
    billed = f"{spend['maybe_paid']} requests may have been billed without an answer"
    assert spend["maybe_paid"] > 0
    assert (
        f"Asked   {spend['requests']} requests for {spend['answers']:.0f} answers"
        in stopped.output
    )
    assert billed in stopped.output
    assert billed in doctor
    assert spend["failed"] == 0


def test_e06_ctrl_c_is_obeyed_while_another_process_holds_the_store(
    stop: Stop, figure: Figure
) -> None:
    """Its lock outlasts the run: gone in time all the same, and what had come back is kept."""
    stopped = stop(DBT, INT, locked_seconds=20)
    assert stopped.seconds <= OBEYED_SECONDS
    assert stopped.started_after == 0
    assert stopped.code == 2, stopped.output
    stopped.assert_free()
    assert stopped.stored >= stopped.answered_before > 0
    bought_twice = stopped.finish()
    assert bought_twice <= FLYING
    figure(seconds=round(stopped.seconds, 2), bought_twice=bought_twice)


def test_e07_ctrl_c_twice_leaves_no_half_table_and_loses_no_answer(
    stop: Stop, figure: Figure
) -> None:
    """Whatever code dbt gives: the next run needs no hand and buys again only what was flying."""
    stopped = stop(DBT, INT, INT)
    assert stopped.seconds <= OBEYED_SECONDS
    assert stopped.started_after == 0
    assert stopped.code in {1, 2, -INT}, stopped.output
    tables = stopped.project.rows("select table_name from duckdb_tables() where not internal")
    assert [name for (name,) in tables if name.startswith("asked")] == []
    bought_twice = stopped.finish()
    assert bought_twice <= FLYING
    figure(seconds=round(stopped.seconds, 2), bought_twice=bought_twice)


def test_e09_results_of_an_earlier_run_are_not_reported_as_this_run_s(
    stop: Stop, new_project: Callable[..., Project]
) -> None:
    """A run that ended before it had results prints no summary, although old ones lie there."""
    project = new_project(MODELS)
    assert project.dbt("build", "--select", "notes").code == 0
    before = (project.root / "target" / "run_results.json").read_bytes()
    stopped = stop(ASSAY, TERM, after=2.2, project=project)
    assert (project.root / "target" / "run_results.json").read_bytes() == before
    assert stopped.code == 143
    assert stopped.seconds <= OBEYED_SECONDS
    assert "Built " not in stopped.output


def _at_a_random_moment(stop: Stop, command: tuple[str, ...], number: int) -> Stopped:
    moment = random.Random(number).uniform(0.8, 7.0)  # noqa: S311 - repeatable on purpose
    stopped = stop(command, INT, after=moment)
    told = f"at {moment:.2f} s: {stopped.seconds:.2f} s, code {stopped.code}\n{stopped.output}"
    assert stopped.seconds <= OBEYED_SECONDS, told
    assert stopped.started_after == 0, told
    assert stopped.code in {-INT, 2, 130}, told
    return stopped


@pytest.mark.parametrize("number", range(1))
def test_p05_ctrl_c_is_obeyed_at_any_moment(stop: Stop, number: int) -> None:
    """During start-up, parsing, gathering, asking, between models."""
    _at_a_random_moment(stop, DBT, number)


@pytest.mark.whole
@pytest.mark.parametrize("command", [DBT, ASSAY], ids=["dbt", "assay"])
def test_p05_ctrl_c_is_obeyed_at_twenty_moments(
    stop: Stop, command: tuple[str, ...], figure: Figure
) -> None:
    """The same, twenty times."""
    runs = [_at_a_random_moment(stop, command, number) for number in range(20)]
    figure(runs=len(runs), slowest_seconds=round(max(run.seconds for run in runs), 2))
