"""E06: who reads waits for no writer, and who is told to stop waits for no other process."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import Cancelled, StoreError
from assay.faultd import FaultServer, Latency
from assay.store.sqlite.rows import put_answers
from assay.store.sqlite.store import journal_of
from assay.store.sqlite.verbs import SqliteStore

from ..figures import Figure
from . import worker
from .test_d_store import hashed, wait_for
from .worker import ask_of, ended, fill, served, start, stored, text_of, wrong

LOCKED_SECONDS = 20
OBEYED_SECONDS = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two answers."""
    fill(tmp_path / "store.sqlite", 2)
    return tmp_path / "store.sqlite"


@contextmanager
def locked(path: Path, kind: str) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold a lock on the store meanwhile."""
    holder = start("lock", path, kind, LOCKED_SECONDS)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder
        assert holder.poll() is None, "the lock was let go too early"
    finally:
        holder.kill()
        holder.communicate()


class Thread(threading.Thread):
    """A thread that remembers what it raised, and when."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.raised: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Do the work."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.raised = error


def test_e06_who_reads_waits_for_no_writer_of_ours(path: Path) -> None:
    """A thread waits for the lock of another process; another one reads, and is done at once."""
    store = SqliteStore(path)
    with locked(path, "immediate"):
        writer = Thread(lambda: store.transact([lambda c: put_answers(c, [stored(7)])]))
        time.sleep(0.5)
        began = time.monotonic()
        found = store.fetch([ask_of(0).key], worker.FAR)
        counted = len(store.rows("answers")[1])
        seconds = time.monotonic() - began
        assert writer.is_alive()
        assert (len(found), counted, seconds < 1) == (1, 2, True)
    writer.join(worker.WAIT_SECONDS)
    store.close()
    assert len(served(path, [0, 1, 7])) == 3


@pytest.mark.parametrize("kind", ["immediate", "exclusive"])
def test_e06_a_cancel_is_obeyed_while_another_process_holds_the_lock(
    path: Path, kind: str, figure: Figure, caplog: pytest.LogCaptureFixture
) -> None:
    """One thread waits for answers, one writes, some read: all let go, and the process may end."""
    with (
        FaultServer(answer=hashed, latency=Latency(median=0.02, sigma=0.5)) as server,
        worker.session(path, server.url(), pack_records=4) as session,
    ):
        opened = session.begin("a-run")
        asking, handle = worker.resolver(opened)
        asking.ask(handle, [text_of(2)])
        with locked(path, kind):
            threads = [
                Thread(lambda: opened.await_all([ask_of(3)])),
                Thread(lambda: opened.store.release([])),
            ]
            time.sleep(0.5)
            threads += [Thread(lambda: asking.ask(handle, [text_of(4)])) for _ in range(4)]
            time.sleep(0.5)
            began = time.monotonic()
            opened.cancel()
            for thread in threads:
                thread.join(worker.WAIT_SECONDS)
            released = time.monotonic() - began
            session.close()
            over = time.monotonic() - began
    kinds = [type(thread.raised) for thread in threads]
    assert kinds == [Cancelled, StoreError, *[Cancelled] * 4]
    assert (released < OBEYED_SECONDS, over < OBEYED_SECONDS) == (True, True)
    assert caplog.text == ""
    found = served(path, range(3))
    assert (len(found), wrong(found)) == (3, 0)
    figure(kind=kind, released=round(released, 2), ended=round(over, 2))


def test_e06_what_came_back_under_the_lock_is_kept(path: Path) -> None:
    """Cancelled with replies that no commit has: the journal has them, and the next run."""
    with (
        FaultServer(answer=hashed) as server,
        worker.session(path, server.url("slow,factor=1,plus=0.4"), pack_records=4) as session,
    ):
        opened = session.begin("a-run")
        asker = Thread(lambda: opened.await_all(list(map(ask_of, range(10, 18)))))
        wait_for(lambda: server.ledger.entries)
        with locked(path, "immediate"):
            wait_for(lambda: len(server.ledger.paid) == 8)
            (journal,) = path.with_name("store.sqlite.owners").glob("*.owner")
            wait_for(lambda: journal.read_bytes().count(b'"landed"') == 2)
            opened.cancel()
            session.close()
        asker.join(worker.WAIT_SECONDS)
    found = served(path, range(10, 18))
    assert (len(found), wrong(found)) == (8, 0)


def test_e06_a_run_after_a_cancelled_one_has_patience_again(path: Path) -> None:
    """The same process: it waits for the lock of another one as long as it takes."""
    with FaultServer(answer=hashed) as server, worker.session(path, server.url()) as session:
        opened = session.begin("a-run")
        opened.cancel()
        wait_for(lambda: opened.stopped)
        opened.close()
        again = session.begin("again")
        with locked(path, "immediate") as holder:
            asker = Thread(lambda: again.await_all([ask_of(3)]))
            time.sleep(2.5)
            assert asker.is_alive()
            assert holder.poll() is None
        asker.join(worker.WAIT_SECONDS)
        assert asker.raised is None
    assert len(served(path, [3])) == 1


def test_e06_who_reads_a_store_that_was_closed_is_told(path: Path) -> None:
    """Closed in mid-run by another thread: our message, no crash."""
    with FaultServer(answer=hashed) as server, worker.run(path, server.url()) as opened:
        asking, handle = worker.resolver(opened)
        opened.store.close()
        with pytest.raises(StoreError, match="closed database"):
            asking.ask(handle, [text_of(0)])


def test_e06_who_reads_undoes_what_a_killed_writer_left_and_writes_nothing(path: Path) -> None:
    """It died with half of a commit in the file, while we have the store open: we read on."""
    fill(path, 2000)
    store = SqliteStore(path)
    assert ended(start("spill", path))[0] == -signal.SIGKILL
    assert journal_of(path).stat().st_size > 0
    found = store.fetch([ask_of(number).key for number in range(2000)], worker.FAR)
    assert (len(found), journal_of(path).stat().st_size) == (2000, 0)
    with pytest.raises(StoreError, match="readonly"):
        store._read(lambda connection: connection.execute("delete from answers"))
    store.close()
