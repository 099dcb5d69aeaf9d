"""Group D of the fault matrix: the store under kills, full disks, damage, and other processes.

D13 (keys neither too narrow nor too wide) is tests/unit/test_keys.py.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assay.cli.main import app
from assay.core.errors import StoreError
from assay.core.store_place import StorePlace
from assay.core.values import Outcome
from assay.faultd import FaultServer, Latency
from assay.project.doctor import store_findings
from assay.project.doctor.store_file import file_system_of
from assay.store import (
    Selection,
    StoredAnswer,
    back_up,
    check,
    check_server,
    open_store,
    queries,
    repair,
    start_over,
)
from assay.store.sqlite.rows import put_answers, settled_rows
from assay.store.sqlite.store import connect, journal_of
from assay.store.sqlite.verbs import SqliteStore

from ..figures import Figure
from . import worker
from .worker import ask_of, ended, fill, killed_after, served, start, text_of, wrong

ROOT = Path(__file__).parents[3]
PACK, IN_FLIGHT = 4, 4
HEADER_BYTES, PAGE_BYTES = 100, 4096


def sized(small: int, whole: int) -> pytest.MarkDecorator:
    """Run a test at a small part of its size, and at the whole with `-m whole`."""
    return pytest.mark.parametrize("size", [small, pytest.param(whole, marks=pytest.mark.whole)])


def seeded(seed: int) -> random.Random:
    """Random moments that are drawn alike each time."""
    return random.Random(seed)  # noqa: S311 - repeatable on purpose


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be."""
    return tmp_path / "kept" / "store.sqlite"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server whose answer is the hash of the text, so that each has its own."""
    with FaultServer(answer=hashed, latency=Latency(median=0.02, sigma=0.5)) as running:
        yield running


def hashed(text: str, _: Any) -> str:
    """The answer that worker.py expects of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def sound(place: StorePlace) -> bool:
    """Whether the database and all checksums are content."""
    found = check(place) if isinstance(place, Path) else check_server(place).found
    return found is not None and found.trouble is None and found.unsound == 0


def rows_of(store: Any) -> Any:
    """What takes the statements of the transaction that is open."""
    return store._rows


def is_alive(store: Any, name: str) -> bool:
    """Whether an owner of leases still runs."""
    with store.transaction():
        return bool(store._owner.is_alive(name))


def numbers_of(lines: list[str]) -> list[int]:
    """The records that a writer acknowledged."""
    return [int(line) for line in lines]


# --- kills --------------------------------------------------------------------------------------


@sized(5, 50)
def test_d01_a_kill_costs_at_most_what_was_in_flight(
    either_store: StorePlace, server: FaultServer, size: int, figure: Figure
) -> None:
    """kill -9 while answers arrive: what was bought twice was in flight, and nothing is lost."""
    moments = seeded(1)
    arguments = ("settle", either_store, server.url(), 400, IN_FLIGHT, PACK, 4)
    for _ in range(size):
        killed_after(start(*arguments), 1, moments.uniform(0.0, 0.15))
    code, lines, errors = ended(start(*arguments))
    assert code == 0, errors
    assert json.loads(lines[-1]) == {"ok": 400}

    found = served(either_store, range(400))
    twice = sum(count - 1 for count in server.ledger.paid.values())
    with contextlib.closing(open_store(either_store)) as store:
        cut = store.read(queries.Attempts(Selection(), "interrupted", most=10_000))
    interrupted = sum(attempt["asks"] for attempt in cut)
    assert (len(found), wrong(found)) == (400, 0)
    assert twice <= interrupted <= size * IN_FLIGHT * PACK
    assert sound(either_store)
    figure(kills=size, bought_twice=twice, maybe_paid=interrupted, wrong=0)


def killed_with_the_store_locked(path: Path, server: FaultServer, packs: int) -> Path:
    """Kill a run whose replies are there and whose commits are not; return its journal."""
    settings = ("settle", path, server.url("slow,factor=1,plus=0.4"), packs * PACK, 2, PACK, 4)
    doomed = start(*settings)
    wait_for(lambda: server.ledger.entries)
    with contextlib.closing(connect(path)) as blocker:
        blocker.execute("begin immediate")
        wait_for(lambda: len(server.ledger.paid) == packs * PACK)
        (journal,) = path.with_name("store.sqlite.owners").glob("*.owner")
        wait_for(lambda: journal.read_bytes().count(b'"landed"') == packs)
        doomed.kill()
        ended(doomed)
        blocker.rollback()
    return journal


def test_d01_what_had_come_back_is_kept_though_no_commit_was(
    path: Path, server: FaultServer
) -> None:
    """Slots are free before the store has the answers: the journal has them."""
    killed_with_the_store_locked(path, server, packs=5)
    found = served(path, range(5 * PACK))
    assert (len(found), wrong(found)) == (5 * PACK, 0)
    code, lines, _ = ended(start("settle", path, server.url(), 5 * PACK, 2, PACK, 4))
    assert (code, json.loads(lines[-1])) == (0, {"ok": 5 * PACK})
    assert len(server.ledger.entries) == 5
    with contextlib.closing(connect(path)) as connection:
        calls = connection.execute("select outcome, answers from calls").fetchall()
        assert connection.execute("select count(*) from tasks").fetchone() == (1,)
    assert calls == [("ok", PACK)] * 5
    assert sound(path)


def test_d08_a_damaged_line_of_a_journal_says_nothing(path: Path, server: FaultServer) -> None:
    """One answer in a line is changed and the last line is cut: the others are kept."""
    journal = killed_with_the_store_locked(path, server, packs=5)
    lines = re.findall(rb"\n?[^\n]+\n", journal.read_bytes())
    landed = [place for place, line in enumerate(lines) if b'"landed"' in line]
    value = json.loads(worker.value_of(0)).encode()
    (changed,) = (place for place in landed if value in lines[place])
    lines[changed] = lines[changed].replace(value, value[::-1])
    cut = next(place for place in reversed(landed) if place != changed)
    last = lines.pop(cut)
    # Cut short in the midst of the others, as by a disk that was full for a moment.
    sound_one = next(place for place in landed if place not in (changed, cut))
    lines[sound_one] = last[: len(last) // 2] + lines[sound_one]
    journal.write_bytes(b"".join(lines))
    found = served(path, range(5 * PACK))
    assert (len(found), wrong(found)) == (3 * PACK, 0)
    assert sound(path)


@sized(6, 120)
def test_d02_no_acknowledged_answer_is_lost_when_three_writers_are_killed(
    either_store: StorePlace, size: int, figure: Figure
) -> None:
    """Three processes write and are killed at random: every commit that returned is there."""
    moments, acknowledged = seeded(2), 0
    for turn in range(size):
        first = turn * 1_000_000
        writers = [
            start("write", either_store, first + place * 100_000, 100_000) for place in range(3)
        ]
        printed = [killed_after(writer, 1, moments.uniform(0.0, 0.05)) for writer in writers]
        numbers = [number for lines in printed for number in numbers_of(lines)]
        found = served(either_store, numbers)
        assert (len(found), wrong(found)) == (len(numbers), 0)
        acknowledged += len(numbers)
    assert sound(either_store)
    figure(kills=3 * size, acknowledged=acknowledged, lost=0, corrupt=0)


@sized(20, 200)
def test_d03_the_disk_at_any_instant_is_a_store_with_all_acknowledged_answers(
    path: Path, tmp_path: Path, size: int, figure: Figure
) -> None:
    """A copy of file and journal, the writer stopped in mid-air, opens and is whole."""
    moments, images = seeded(3), 0
    writer = start("write", path, 0, 1_000_000)
    assert writer.stdout is not None
    seen = int(writer.stdout.readline())
    for turn in range(size):
        time.sleep(moments.uniform(0.0, 0.03))
        writer.send_signal(signal.SIGSTOP)
        image = tmp_path / f"image{turn}" / "store.sqlite"
        image.parent.mkdir()
        shutil.copy(path, image)
        shutil.copy(journal_of(path), journal_of(image))
        found = served(image, range(seen + 1))
        assert (len(found), wrong(found)) == (seen + 1, 0)
        assert sound(image)
        images += journal_of(path).stat().st_size > 0
        shutil.rmtree(image.parent)
        writer.send_signal(signal.SIGCONT)
        seen = int(writer.stdout.readline())
    writer.kill()
    ended(writer)
    figure(images=size, with_a_hot_journal=images, unopenable=0, lost=0)


def test_d03_commits_are_flushed_to_the_disk(path: Path) -> None:
    """`synchronous` is FULL and the journal is a rollback journal, read back from SQLite."""
    store = SqliteStore(path)
    names = ("synchronous", "journal_mode", "mmap_size")
    pragmas = store.transact(
        [lambda c: [c.execute(f"pragma {name}").fetchone()[0] for name in names]]
    )[0]
    store.close()
    assert pragmas == [2, "truncate", 0]


# --- disks that are full or fail ----------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one and a half megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk; D06 covers the limit without it")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_d04_a_full_disk_stops_the_run_and_keeps_what_is_there(
    small_disk: Path, server: FaultServer, figure: Figure
) -> None:
    """Nothing is sent once a write failed; the message says where, and how much room there is."""
    path = small_disk / "store.sqlite"
    code, _, errors = ended(start("settle", path, server.url(), 20_000, IN_FLIGHT, PACK, 4))
    asked = len(server.ledger.entries)
    with contextlib.closing(connect(path)) as connection:
        answers = connection.execute("select count(*) from answers").fetchone()[0]
    assert code == 2
    assert str(path) in errors or f"{path}.owners" in errors
    assert "bytes free" in errors or "No space left" in errors
    assert 0 < answers <= asked * PACK
    assert asked * PACK - answers <= 2 * IN_FLIGHT * PACK
    (small_disk / "filler").unlink(missing_ok=True)
    found = readable(path, range(answers))
    assert wrong(found) == 0
    figure(requests=asked, answers_kept=answers, bought_and_lost=asked * PACK - answers)


def readable(path: Path, numbers: range) -> dict[int, str | None]:
    """What a store on a disk without room still says."""
    with contextlib.closing(connect(path)) as connection:
        rows = dict(connection.execute("select key, value from answers").fetchall())
    return {number: rows[ask_of(number).key] for number in numbers if ask_of(number).key in rows}


@pytest.mark.wants("strace")
def test_d05_an_error_of_the_disk_is_never_swallowed(path: Path) -> None:
    """EIO at the fsync of a commit: the process ends with our message, older rows are whole."""
    fill(path, 50)
    calls = "trace=fdatasync,fsync"
    failing = "inject=fdatasync,fsync:error=EIO:when=30+"
    before = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", calls, "-e", failing)
    code, lines, errors = ended(start("write", path, 1000, 200, before=before))
    if "ptrace" in errors:
        pytest.skip("strace may not trace here")
    assert code == 2
    assert "disk I/O error" in errors
    assert str(path) in errors
    found = served(path, [*range(50), *numbers_of(lines)])
    assert (len(found), wrong(found)) == (50 + len(lines), 0)


@pytest.mark.wants("prlimit")
def test_d06_a_quota_is_treated_like_a_full_disk(path: Path, figure: Figure) -> None:
    """A file size limit: the process ends with our message, what was acknowledged is whole."""
    before = ("prlimit", "--fsize=150000")
    code, lines, errors = ended(start("write", path, 0, 20_000, 0, before=before))
    assert code == 2
    assert str(path) in errors
    assert "bytes free" in errors
    found = served(path, numbers_of(lines))
    assert (len(found), wrong(found)) == (len(lines), 0)
    figure(acknowledged=len(lines), lost=0)


# --- damage -------------------------------------------------------------------------------------


def zeroed(data: bytes) -> bytes:
    """The header is gone."""
    return bytes(HEADER_BYTES) + data[HEADER_BYTES:]


def first_page_gone(data: bytes) -> bytes:
    """The header and the schema are gone."""
    return os.urandom(PAGE_BYTES) + data[PAGE_BYTES:]


def truncated(data: bytes) -> bytes:
    """The second half is gone."""
    return data[: len(data) // 2]


def torn(data: bytes) -> bytes:
    """The end is cut off in the middle of a page."""
    return data[: len(data) - PAGE_BYTES - 1000]


def overwritten(data: bytes) -> bytes:
    """Four pages in the middle hold something else."""
    middle = len(data) // 2 // PAGE_BYTES * PAGE_BYTES
    return data[:middle] + os.urandom(4 * PAGE_BYTES) + data[middle + 4 * PAGE_BYTES :]


def text(_: bytes) -> bytes:
    """Somebody saved a text file over it."""
    return b"these are not the answers you are looking for\n" * 100


def emptied(_: bytes) -> bytes:
    """A file of 0 bytes, which SQLite takes for an empty database."""
    return b""


DAMAGE: dict[Callable[[bytes], bytes], int] = {
    zeroed: 2000,
    first_page_gone: 2000,
    truncated: 600,
    torn: 1900,
    overwritten: 1800,
    text: 0,
    emptied: 0,
}
"""Each kind of damage to a store of 2,000 answers, and how many must be saved at least."""


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_d07_a_damaged_store_stops_the_run_and_is_left_as_it_is(
    path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """No run goes on as if there had been no answers, and none throws the remains away."""
    fill(path, 2000)
    path.write_bytes(remains := damage(path.read_bytes()))
    with pytest.raises(StoreError, match="doctor"):
        served_guarded(path, range(2000))
    assert path.read_bytes() == remains


def served_guarded(path: Path, numbers: range) -> int:
    """How many of these records a guarded run would find answered."""
    store = SqliteStore(path, guarded=True)
    try:
        return len(store.fetch([ask_of(number).key for number in numbers], worker.FAR))
    finally:
        store.close()


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_d07_repair_saves_what_is_sound_and_keeps_the_rest(
    path: Path, damage: Callable[[bytes], bytes], figure: Figure
) -> None:
    """The damaged file gets a new name; no saved row is wrong; nothing is bought unasked."""
    fill(path, 2000)
    path.write_bytes(remains := damage(path.read_bytes()))
    salvaged = repair(path)
    assert salvaged.kept.read_bytes() == remains
    assert salvaged.kept.name.startswith("store.sqlite.damaged-20")

    assert salvaged.missing == 2000 - salvaged.rows["answers"]
    if salvaged.missing:
        with pytest.raises(StoreError, match=r"2,000 .*answers.*--accept-cold-cache"):
            SqliteStore(path, guarded=True)
        start_over(path)
    found = served(path, range(2000))
    assert len(found) == salvaged.rows["answers"] >= DAMAGE[damage]
    assert wrong(found) == 0
    SqliteStore(path, guarded=True).close()
    figure(saved=len(found), of=2000, wrong=0)


def test_d07_long_answers_are_saved_too(path: Path) -> None:
    """Answers that fill several pages, and a whole confidence, survive the loss of the header."""
    outcome = Outcome("ok", json.dumps("long " * 3000), None, 1.0, "stub-2026", "2026-01-02")
    store = SqliteStore(path)
    store.transact([lambda c: put_answers(c, [StoredAnswer(ask_of(1), outcome)])])
    store.close()
    path.write_bytes(first_page_gone(path.read_bytes()))
    assert repair(path).rows["answers"] == 1
    assert served(path, [1]) == {1: outcome.value}


def test_d07_a_lost_store_is_not_bought_again_without_a_word(path: Path) -> None:
    """The file is gone but its witness is not: refused, also after an unguarded start."""
    fill(path, 20)
    path.unlink()
    with pytest.raises(StoreError, match="20 answers, is gone"):
        SqliteStore(path, guarded=True)
    SqliteStore(path).close()
    with pytest.raises(StoreError, match="20 answers, is empty"):
        SqliteStore(path, guarded=True)
    start_over(path)
    SqliteStore(path, guarded=True).close()


def test_d07_doctor_repairs_and_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command finds the damage, names the remedy, and the remedy works."""
    monkeypatch.setenv("ASSAY_STORE", str(path))
    monkeypatch.chdir(ROOT)
    fill(path, 200)
    path.write_bytes(zeroed(path.read_bytes()))
    sick = CliRunner().invoke(app, ["doctor"])
    mended = CliRunner().invoke(app, ["doctor", "--repair"])
    assert (sick.exit_code, mended.exit_code) == (1, 0)
    assert "doctor --repair" in sick.output
    assert "Saved 200 answers" in mended.output


def test_d07_nothing_is_repaired_under_a_running_process(path: Path) -> None:
    """Another process has the store open: refused, the file stays."""
    holder = start("hold", path, stdin=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline()
    with pytest.raises(StoreError, match="in use by 1 running process"):
        repair(path)
    ended(holder)
    with pytest.raises(StoreError, match="nothing to repair"):
        repair(path)


def test_d07_a_sound_store_is_not_given_up(path: Path) -> None:
    """`--accept-cold-cache` by mistake: refused, the answers stay."""
    fill(path, 20)
    with pytest.raises(StoreError, match="sound and holds 20 answers"):
        start_over(path)
    assert len(served(path, range(20))) == 20


def test_d09_two_ways_to_one_store_meet(path: Path, tmp_path: Path) -> None:
    """A symbolic link leads to the same owners: leases hold whichever way a process came."""
    other = tmp_path / "elsewhere" / "link.sqlite"
    other.parent.mkdir()
    fill(path, 1)
    other.symlink_to(path)
    one, two = SqliteStore(path), SqliteStore(other)
    (ours,) = one.claim([[key(5)]])
    (theirs,) = two.claim([[key(5)]])
    one.close()
    two.close()
    assert (ours.ours, theirs.ours) == ({key(5)}, frozenset())


def test_d08_a_flipped_bit_never_becomes_an_answer(path: Path, figure: Figure) -> None:
    """1,000 single flips anywhere in the file: right value, miss or error, never a wrong value."""
    fill(path, 300)
    data, places = path.read_bytes(), seeded(8)
    keys = {ask_of(number).key: worker.value_of(number) for number in range(300)}
    tally = {"right": 0, "missed": 0, "stopped": 0, "wrong": 0}
    for _ in range(1000):
        tally[outcome_of_a_flip(path, data, places, keys)] += 1
    assert tally["wrong"] == 0
    assert tally["missed"] > 100
    figure(flips=1000, **tally)


def outcome_of_a_flip(
    path: Path, data: bytes, places: random.Random, keys: dict[bytes, str]
) -> str:
    """Flip a bit of a copy beside the store and read all answers back."""
    copy = path.with_name("flipped.sqlite")
    flipped = bytearray(data)
    flipped[places.randrange(len(data))] ^= 1 << places.randrange(8)
    copy.write_bytes(flipped)
    try:
        with contextlib.closing(connect(copy)) as connection:
            found = settled_rows(connection, list(keys), worker.FAR)
    except (sqlite3.Error, UnicodeDecodeError):  # as the store takes them
        return "stopped"
    if any(keys[key] != outcome.value for key, outcome in found.items()):
        return "wrong"
    return "right" if len(found) == len(keys) else "missed"


@pytest.mark.parametrize("value", [b"\xff\xfe\xfd", None, 7, b"", "NaN"])
def test_d08_a_value_of_another_type_is_a_miss(path: Path, value: Any) -> None:
    """Whatever stands where the text was, the row counts as never given; it is counted, too."""
    fill(path, 3)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "update answers set value = coalesce(?, x'00') where key = ?", [value, ask_of(1).key]
        )
    assert sorted(served(path, range(3))) == [0, 2]
    assert check(path).unsound == 1


# --- more than one process ----------------------------------------------------------------------


@sized(1000, 10_000)
def test_d09_two_processes_write_one_store_without_a_lock_error(
    path: Path, size: int, figure: Figure
) -> None:
    """Two writers, one commit a record: all there, nothing said about locks."""
    began = time.monotonic()
    writers = [start("write", path, place * 100_000, size, 0) for place in range(2)]
    results = [ended(writer) for writer in writers]
    seconds = time.monotonic() - began
    assert [(code, errors) for code, _, errors in results] == [(0, ""), (0, "")]
    found = served(path, [*range(size), *range(100_000, 100_000 + size)])
    assert (len(found), wrong(found)) == (2 * size, 0)
    figure(writes=2 * size, locked=0, seconds=round(seconds, 1))


@sized(1000, 10_000)
def test_d09_two_processes_buy_each_key_once(
    either_store: StorePlace, tmp_path: Path, size: int, figure: Figure
) -> None:
    """Both want the same keys: the leases let one of them buy each."""
    logs = [tmp_path / f"purchases{place}" for place in range(2)]
    buyers = [start("share", either_store, log, size) for log in logs]
    assert [ended(buyer)[:2] for buyer in buyers] == [(0, ["done"])] * 2
    bought = [number for log in logs for number in log.read_text().split()]
    shares = [len(log.read_text().split()) for log in logs]
    assert sorted(map(int, bought)) == list(range(size))
    figure(keys=size, bought=len(bought), by_each=shares)


def test_d09_two_engines_pay_for_each_text_once(
    either_store: StorePlace, server: FaultServer, figure: Figure
) -> None:
    """Two whole engines on one store ask about the same texts: the vendor bills each once."""
    arguments = ("settle", either_store, server.url(), 400, IN_FLIGHT, PACK, 4)
    results = [ended(running) for running in [start(*arguments), start(*arguments)]]
    assert [json.loads(lines[-1]) for _, lines, _ in results] == [{"ok": 400}] * 2
    assert max(server.ledger.paid.values()) == 1
    assert len(server.ledger.paid) == 400
    figure(texts=400, paid=server.ledger.paid.total())


def test_d09_the_living_take_over_from_the_dead(either_store: StorePlace, tmp_path: Path) -> None:
    """A process killed with leases in hand holds nobody up, and closing gives leases back."""
    store = open_store(either_store)
    dying = start("hold", either_store, stdin=subprocess.PIPE)
    assert dying.stdout is not None
    name = dying.stdout.readline().strip()
    key = ask_of(1).key
    lease = "insert or replace into leases values (?, ?)"
    with store.transaction():
        rows_of(store).execute(lease, [key, name])
    (held,) = store.claim([[key]])
    dying.kill()
    ended(dying)
    (free,) = store.claim([[key]])
    store.close()
    assert (held.ours, free.ours) == (frozenset(), {key})
    with contextlib.closing(open_store(either_store)) as again, again.transaction():
        assert rows_of(again).execute("select count(*) from leases").fetchone() == (0,)


@pytest.mark.parametrize("end", ["wall", "cancel"])
def test_d09_a_run_that_stops_gives_its_leases_back(
    path: Path, server: FaultServer, end: str
) -> None:
    """The process lives on, but nobody need wait for what it will not ask."""
    limits = {"max_requests": 1} if end == "wall" else {}
    asks = list(map(ask_of, range(40)))
    with worker.run(path, server.url("slow,plus=1"), pack_records=PACK, **limits) as opened:
        if end == "wall":
            opened.await_all(asks)
        else:
            asking, handle = worker.resolver(opened)
            opened.begin_gather()
            asking.gather(handle, list(map(text_of, range(40))))
            opened.end_gather()
            wait_for(lambda: server.ledger.entries)
            opened.cancel()
            wait_for(lambda: opened.stopped)
        wait_for(lambda: opened._engine._writer._jobs.empty())
        with contextlib.closing(connect(path)) as connection:
            leases = connection.execute("select key from leases").fetchall()
    assert leases == []


def wait_for(happened: Callable[[], object]) -> None:
    """Wait until something has happened, at most a minute."""
    limit = time.monotonic() + 60
    while not happened() and time.monotonic() < limit:
        time.sleep(0.02)
    assert happened()


@sized(3, 50)
def test_d09_many_processes_open_and_close_at_once(path: Path, size: int) -> None:
    """Openings, burials and closings of six processes at a time: none trips over another."""
    for turn in range(size):
        first = turn * 1000
        doomed = [start("write", path, first + 500 + place, 1) for place in range(3)]
        killed = start("write", path, first + 900, 100_000)
        killed_after(killed, 1, 0.0)
        others = [start("write", path, first + place * 5, 5) for place in range(3)]
        assert [ended(process)[::2] for process in [*doomed, *others]] == [(0, "")] * 6
    assert list(path.with_name("store.sqlite.owners").iterdir()) == []


# --- SQLite itself, copies, forks ---------------------------------------------------------------


def test_d10_doctor_names_the_version_and_the_journal(path: Path) -> None:
    """The WAL-reset bug cannot bite: the file's header says rollback journal."""
    fill(path, 1)
    said = str(next(store_findings(path)))
    assert sqlite3.sqlite_version in said
    assert list(path.read_bytes()[18:20]) == [1, 1]
    if sqlite3.sqlite_version_info < (3, 51, 3):
        assert "WAL-reset bug" in said


def test_d10_a_store_in_wal_mode_is_reported_and_switched_back(path: Path) -> None:
    """Somebody set a WAL: doctor says so, and the next start undoes it."""
    fill(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
    said = str(next(store_findings(path)))
    assert sqlite3.sqlite_version_info >= (3, 51, 3) or said.startswith("wrong")
    fill(path, 1, first=1)
    assert list(path.read_bytes()[18:20]) == [1, 1]


def test_d11_a_forked_child_cannot_use_the_store_nor_keep_its_parent_alive(
    either_store: StorePlace,
) -> None:
    """The child is told to open it again, and the parent's leases fall with the parent."""
    fill(either_store, 1)
    code, lines, _ = ended_with_child(start("fork", either_store))
    child, name, found = lines[-1].split()
    try:
        store = open_store(either_store)
        assert not is_alive(store, name)
        store.close()
    finally:
        os.kill(int(child), signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "opened by another process" in lines[0]
    assert found == "1"


def ended_with_child(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    """As `ended`, for a process whose child keeps its standard output open."""
    assert process.stdout is not None
    assert process.stderr is not None
    lines = [process.stdout.readline().strip() for _ in range(2)]
    code = process.wait(worker.WAIT_SECONDS)
    process.stdout.close()
    process.stderr.close()
    return code, lines, ""


def test_d11_a_backup_of_a_store_in_use_is_whole(path: Path, tmp_path: Path) -> None:
    """Copies taken while a process writes: each holds all that was acknowledged before."""
    writer = start("write", path, 0, 1_000_000)
    assert writer.stdout is not None
    for turn in range(5):
        seen = int(writer.stdout.readline())
        copy = tmp_path / f"copy{turn}.sqlite"
        back_up(path, copy)
        found = served(copy, range(seen + 1))
        assert (len(found), wrong(found)) == (seen + 1, 0)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    writer.kill()
    ended(writer)
    with pytest.raises(StoreError, match="exists already"):
        back_up(path, copy)


def test_d11_a_network_file_system_is_pointed_out(tmp_path: Path) -> None:
    """doctor reads the table of mounts, the nearest one counts."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nshare {tmp_path} nfs4 rw 0 0\n")
    assert file_system_of(tmp_path / "store.sqlite", mounts) == "nfs4"
    assert file_system_of(Path("/elsewhere"), mounts) == "ext4"


# --- what is planted, kept, let in --------------------------------------------------------------

UNSAFE = frozenset({"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"})


def test_d12_no_source_of_ours_unpickles() -> None:
    """Nothing that can run code when it is read is imported anywhere."""
    sources = [*ROOT.glob("udfs/**/*.py")]
    imported = {
        name.split(".")[0]
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for name in imports_of(node)
    }
    assert len(sources) > 50
    assert imported & UNSAFE == set()


def imports_of(node: ast.AST) -> list[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_d12_a_planted_row_is_not_served(path: Path) -> None:
    """A row written past Assay, or copied to another key, fails its checksum."""
    fill(path, 2)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update answers set value = '\"planted\"' where key = ?", [key(0)])
        connection.execute("insert into answers select ?, kind, model, host, prompt_hash, value, "
            "confidence, answered_by, answered_at, checksum, null, null, null from answers "
            "where key = ?",
            [key(7), key(1)])  # fmt: skip
    assert sorted(served(path, [0, 1, 7])) == [1]


def key(number: int) -> bytes:
    """The key of a record."""
    return ask_of(number).key


def test_d12_a_planted_pickle_is_refused_as_no_database(path: Path, tmp_path: Path) -> None:
    """A file that would run code if it were unpickled is not read as one."""
    path.parent.mkdir()
    marker = tmp_path / "ran"
    path.write_bytes(f"cos\nsystem\n(S'touch {marker}'\ntR.".encode().ljust(5000))
    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "scenario", ["refuse", "length", "filter", "missing", "doubled", "shifted"]
)
def test_d14_only_valid_answers_are_kept(path: Path, server: FaultServer, scenario: str) -> None:
    """After bad replies the store holds right answers and dated failures, and nothing else."""
    asks = [ask_of(number) for number in range(8)]
    with worker.run(path, server.url(scenario), pack_records=PACK) as opened:
        opened.await_all(asks)
        failures = opened.store.rows("failures")[1]
    found = served(path, range(8))
    assert wrong({number: value for number, value in found.items() if value is not None}) == 0
    assert len(failures) + sum(value is not None for value in found.values()) == 8
    assert all(row[7] == 1 and row[8] for row in failures)


def test_d14_a_failure_gives_way_to_an_answer_and_never_the_other_way(
    path: Path, server: FaultServer
) -> None:
    """The next run asks again what had failed; what is answered is not asked again."""
    asks = [ask_of(number) for number in range(8)]
    with worker.run(path, server.url("contentnull")) as opened:
        opened.await_all(asks)
        assert len(opened.store.rows("failures")[1]) == 8
    with worker.run(path, server.url("good")) as opened:
        opened.await_all(asks)
        assert opened.store.rows("failures")[1] == []
    before = len(server.ledger.entries)
    with worker.run(path, server.url("refuse")) as opened:
        answers = opened.store.fetch([ask.key for ask in asks], worker.FAR)
        assert {outcome.status for outcome in answers.values()} == {"ok"}
    assert len(server.ledger.entries) == before


@sized(10_000, 100_000)
def test_d15_nothing_is_evicted(path: Path, size: int, figure: Figure) -> None:
    """Ten thousand keys and the first one is still there; doctor says how large the store is."""
    began = time.monotonic()
    fill(path, size)
    seconds = time.monotonic() - began
    assert len(served(path, range(size))) == size
    said = "\n".join(map(str, store_findings(path)))
    assert f"{size:,} answers" in said
    assert f"{path.stat().st_size:,} bytes" in said
    figure(keys=size, bytes_each=path.stat().st_size // size, seconds=round(seconds, 2))


def test_d16_files_are_for_their_owner_alone(path: Path) -> None:
    """Under umask 000 the folder is 0700 and every file 0600; no row's text is in any of them."""
    opened = start("write", path, 0, 20, umask=0)
    assert ended(opened)[0] == 0
    kill = start("write", path, 100, 1_000_000, umask=0)
    killed_after(kill, 5, 0.0)
    files = [part for part in path.parent.rglob("*") if part.is_file()]
    modes = {stat.S_IMODE(part.stat().st_mode) for part in files}
    folders = [path.parent, path.with_name("store.sqlite.owners")]
    assert modes == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert {part.suffix for part in files} >= {".sqlite", ".witness", ".owner", ".sqlite-journal"}
    assert all(text_of(0).encode() not in part.read_bytes() for part in files)


# --- versions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_d17_a_newer_store_is_refused_untouched(path: Path, journal: str) -> None:
    """Not a byte is written to what a later version made, whatever its journal."""
    fill(path, 5)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"pragma journal_mode={journal}")
        connection.execute("insert into migrations values ('m998_from_the_future')")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Assay .m998_from_the_future.; upgrade"):
        SqliteStore(path)
    assert path.read_bytes() == before


def appended(entry: list[Any]) -> list[Any]:
    """An entry as a version would write it that has one field more everywhere."""
    kind, call, *landed = entry
    if not landed:
        return [kind, [*call, "new"], "new"]
    heads, answers, tasks = ([[*one, "new"] for one in part] for part in landed)
    return [kind, [*call, "new"], heads, answers, tasks, "new"]


def cut(entry: list[Any]) -> list[Any]:
    """An entry as a version wrote it whose attempts had two fields less."""
    kind, call, *landed = entry
    return [kind, call[:-2], *landed]


@pytest.mark.parametrize("change", [appended, cut], ids=lambda change: change.__name__)
def test_d17_a_journal_of_another_version_is_understood(
    path: Path, server: FaultServer, change: Callable[[list[Any]], list[Any]]
) -> None:
    """Its process was killed before an upgrade or a downgrade: what had come back is kept."""
    journal = killed_with_the_store_locked(path, server, packs=3)
    entries = [json.loads(line.partition(b" ")[2]) for line in lines_of(journal)]
    journal.write_bytes(b"".join(line_of(change(entry)) for entry in entries))
    found = served(path, range(3 * PACK))
    assert (len(found), wrong(found)) == (3 * PACK, 0)
    with contextlib.closing(connect(path)) as connection:
        calls = connection.execute("select outcome, answers, input_tokens > 0 from calls")
        assert calls.fetchall() == [("ok", PACK, 1)] * 3
    assert sound(path)


def strange(call: list[Any], heads: list[Any], answers: list[Any]) -> list[list[Any]]:
    """Entries that nobody here understands, each made of a sound one."""
    return [
        ["moved", call],
        ["sent", dict(enumerate(call))],
        ["sent", call[:3]],
        ["sent", [[], *call[1:]]],
        ["landed", call],
        ["landed", call, heads, [[key, 7, *body] for key, _, *body in answers], []],
        ["landed", call, heads, [[key, head, {}, {}] for key, head, *_ in answers], []],
        ["landed", call, heads, [["no digits", *body] for _, *body in answers], []],
        ["landed", [None, *call[1:3], None, *call[4:]], heads, answers, [1]],
    ]


def test_d17_what_nobody_understands_in_a_journal_says_nothing(
    path: Path, server: FaultServer
) -> None:
    """The store opens all the same, nothing of such an entry is in it, the others are kept."""
    journal = killed_with_the_store_locked(path, server, packs=3)
    lines = lines_of(journal)
    landed = [line for line in lines if b'"landed"' in line]
    _, call, heads, answers, _ = json.loads(landed[0].partition(b" ")[2])
    sent = [line for line in lines if call[0].encode() not in line]
    lost = map(line_of, strange(call, heads, answers))
    journal.write_bytes(b"".join(b"\n%s\n" % line for line in [*lost, *sent]))
    found = served(path, range(3 * PACK))
    assert (len(found), wrong(found)) == (2 * PACK, 0)
    assert list(journal.parent.iterdir()) == []
    with contextlib.closing(connect(path)) as connection:
        calls = connection.execute("select outcome, answers from calls").fetchall()
    assert calls == [("ok", PACK)] * 2
    assert sound(path)


def lines_of(journal: Path) -> list[bytes]:
    """The lines of a journal, without those that are blank."""
    return [line for line in journal.read_bytes().splitlines() if line]


def line_of(entry: list[Any]) -> bytes:
    """A line of a journal, under its seal."""
    body = json.dumps(entry).encode()
    return b"\n%s %s\n" % (hashlib.blake2b(body, digest_size=8).hexdigest().encode(), body)


@sized(4, 20)
def test_d17_a_kill_inside_a_migration_leaves_the_old_schema(
    path: Path, size: int, figure: Figure
) -> None:
    """Killed half way: the old answers are served; run again: the step is there, once, whole."""
    fill(path, 50)
    moments = seeded(17)
    for _ in range(size):
        killed_after(start("migrate", path), 1, moments.uniform(0.0, 0.2))
        with contextlib.closing(connect(path)) as connection:
            tables = connection.execute("select name from sqlite_master").fetchall()
        assert ("halves",) not in tables
        found = served(path, range(50))
        assert (len(found), wrong(found)) == (50, 0)
    assert ended(start("migrate", path))[1] == ["half", "whole"]
    assert ended(start("migrate", path))[1] == ["whole"]
    figure(kills=size, half_migrated=0)


@sized(5, 100)
def test_d17_a_kill_while_a_store_is_made_leaves_none_or_a_whole_one(
    tmp_path: Path, size: int
) -> None:
    """The first run may die at once; the second, guarded, is not told of a loss."""
    moments = seeded(18)
    for turn in range(size):
        path = tmp_path / str(turn) / "store.sqlite"
        process = start("hold", path, stdin=subprocess.PIPE)
        time.sleep(moments.uniform(0.05, 0.3))
        process.kill()
        ended(process)
        assert not path.exists() or path.stat().st_size > 0
        SqliteStore(path, guarded=True).close()


# --- many threads -------------------------------------------------------------------------------


def test_d18_one_text_ten_thousand_times_is_one_request(
    either_store: StorePlace, server: FaultServer, figure: Figure
) -> None:
    """Eight threads ask about the same text, 10,000 rows in all: the vendor sees it once."""
    with worker.run(either_store, server.url()) as opened:
        asking, handle = worker.resolver(opened)
        outcomes = worker.in_threads(8, lambda _: asking.ask(handle, [text_of(1)] * 1250))
    values = {outcome.value for outcomes_ in outcomes for outcome in outcomes_}
    assert values == {worker.value_of(1)}
    assert [len(entry.records) for entry in server.ledger.entries] == [1]
    figure(rows=10_000, threads=8, requests=1)


def test_d18_the_first_answer_stays(path: Path) -> None:
    """A second answer to a key changes nothing, as long as the first is sound."""
    fill(path, 1)
    changed = StoredAnswer(ask_of(0), Outcome("ok", '"another"', None, 0.1, "m", "now"))
    store = SqliteStore(path)
    store.transact([lambda c: put_answers(c, [changed])])
    store.close()
    assert served(path, [0]) == {0: worker.value_of(0)}
