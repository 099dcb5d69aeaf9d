"""The processes of the durability tests: `python worker.py COMMAND STORE ...`, to be killed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import AssayError
from assay.core.settings import Settings
from assay.core.store_place import StoreAddress, StorePlace, store_place
from assay.core.values import Ask, Outcome, Question
from assay.engine.lookup import Resolver
from assay.engine.run import Run
from assay.engine.session import Session, open_session
from assay.functions import parse_task
from assay.store import Store, StoredAnswer, open_store
from assay.store.sqlite.migrations import migration
from assay.store.sqlite.rows import put_answers
from assay.store.sqlite.store import connect
from assay.store.sqlite.verbs import SqliteStore

SPEC = json.dumps({"kind": "summarize", "max_words": 40})
QUESTION = Question(parse_task(SPEC), "stub", "loopback")
WAIT_SECONDS = 120
PAUSE_SECONDS = 0.001
"""Between two commits: replies do not come without one, and SQLite's locks are not fair."""

FAR = "9999-01-01 00:00:00.000000"

REPLY_SECONDS = 0.005

# What is written, and how it is read back


def text_of(number: int) -> str:
    """The text of a record; its words are in no other one's."""
    return f"record{number} " + hashlib.sha256(str(number).encode()).hexdigest()


def ask_of(number: int) -> Ask:
    """The ask about a record."""
    text = text_of(number)
    return Ask(QUESTION.key(text), QUESTION, text)


def value_of(number: int) -> str:
    """The answer that belongs to a record, as it is stored."""
    return json.dumps(hashlib.sha256(text_of(number).encode()).hexdigest())


def stored(number: int) -> StoredAnswer:
    """The row that belongs to a record."""
    outcome = Outcome("ok", value_of(number), None, 0.5, "stub-2026", now_utc())
    return StoredAnswer(ask_of(number), outcome)


def put(store: Any, answers: Sequence[StoredAnswer]) -> None:
    """Put answers into a store, whichever it is."""
    with store.transaction():
        put_answers(store._rows, answers)


def fill(place: StorePlace, count: int, first: int = 0) -> None:
    """Put the answers of `count` records into the store at a place."""
    store = open_store(place)
    put(store, list(map(stored, range(first, first + count))))
    store.close()


def served(place: StorePlace, numbers: Sequence[int]) -> dict[int, str | None]:
    """What a run would be given of these records."""
    store = open_store(place)
    try:
        found = store.fetch([ask_of(number).key for number in numbers], FAR)
    finally:
        store.close()
    keys = {number: ask_of(number).key for number in numbers}
    return {number: found[key].value for number, key in keys.items() if key in found}


def wrong(found: dict[int, str | None]) -> int:
    """How many of the values that were served belong to another record, or to none."""
    return sum(value != value_of(number) for number, value in found.items())


@contextlib.contextmanager
def session(path: StorePlace, url: str, **more: Any) -> Iterator[Session]:
    """A session on the store at `path` that asks the server at `url`."""
    given = {"provider": "openai", "base_url": url, "model": "stub", "api_key": "sk-test"}
    with open_session(Settings.model_validate(given | {"store": path} | more)) as opened:
        yield opened


@contextlib.contextmanager
def run(path: StorePlace, url: str, **more: Any) -> Iterator[Run]:
    """A run in a session of its own."""
    with session(path, url, **more) as opened:
        yield opened.begin(f"run-{os.getpid()}-{time.monotonic_ns()}")


def resolver(opened: Run) -> tuple[Resolver, str]:
    """The resolver of a run, and the handle of the one task."""
    return opened.resolver, opened.resolver.register(SPEC)


# The side of the tests


def start(*arguments: object, before: Sequence[str] = (), **popen: Any) -> subprocess.Popen[str]:
    """Start a command of this file in a process of its own."""
    command = [*before, sys.executable, __file__, *map(str, arguments)]
    if isinstance(place := arguments[1], StoreAddress):  # its journals lie where the test has them
        popen["cwd"] = place.beside.parents[1]
    root = str(Path(__file__).parents[3])
    extras = os.environ.get("PYTHONPATH", "")  # where `scripts/postgres` has the driver
    beside = f"{os.pathsep}{extras}" if extras else ""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{beside}", "PYTHONDONTWRITEBYTECODE": "1"},
        **popen,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    """The exit code of a process, the whole lines that it printed, and its complaints."""
    out, errors = process.communicate(timeout=WAIT_SECONDS)
    whole = out[: out.rfind("\n") + 1]
    return process.returncode, whole.splitlines(), errors


def killed_after(process: subprocess.Popen[str], lines: int, seconds: float) -> list[str]:
    """Kill a process so long after its n-th line, and return the whole lines it had printed."""
    assert process.stdout is not None
    assert process.stderr is not None
    seen = "".join(process.stdout.readline() for _ in range(lines))
    time.sleep(seconds)
    process.kill()
    # Not `communicate`: what is in the buffer of `stdout` already would be left out.
    seen += process.stdout.read()
    process.stdout.close()
    process.stderr.close()
    process.wait(WAIT_SECONDS)
    return seen[: seen.rfind("\n") + 1].splitlines()


# The commands


def write(store: Store, first: int, count: int, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Write records, one commit each, and print each one's number once it is on disk."""
    for number in range(first, first + count):
        answer = stored(number)
        put(store, [answer])
        print(number, flush=True)
        time.sleep(pause_seconds)


def share(store: Store, log: Path, count: int) -> None:
    """Buy the records that nobody has or holds, ten at a time; a line in `log` is a purchase.

    Each process goes through them in an order of its own.
    """
    numbers = list(range(count))
    random.Random(log.name).shuffle(numbers)  # noqa: S311 - an order, no secret
    with log.open("a") as purchases:
        while numbers:
            part, numbers = numbers[:10], numbers[10:]
            asks = {ask_of(number).key: number for number in part}
            (granted,) = store.claim([list(asks)])
            ours = [asks[key] for key in granted.ours]
            time.sleep(REPLY_SECONDS if ours else PAUSE_SECONDS)
            for number in ours:
                purchases.write(f"{number}\n")
            put(store, [stored(number) for number in ours])
            known = {asks[key] for key in granted.settled} | set(ours)
            numbers += [number for number in part if number not in known]
    print("done", flush=True)


def settle(
    path: StorePlace, url: str, count: int, in_flight: int, pack: int, max_attempts: int
) -> None:
    """Ask about records through the engine; print how many were answered, or what stopped it."""
    limits = {"max_in_flight": in_flight, "pack_records": pack, "deadline_seconds": 1}
    with run(path, url, **limits, max_attempts=max_attempts) as opened:
        print("ready", flush=True)
        opened.await_all([ask_of(number) for number in range(count)])
        known = [opened.known(ask_of(number).key) for number in range(count)]
        statuses = [outcome.status for outcome in known if outcome is not None]
    print(json.dumps({status: statuses.count(status) for status in set(statuses)}), flush=True)


def hold(store: Store) -> None:
    """Hold the store open until standard input ends."""
    print(store.owner, flush=True)
    sys.stdin.read()


def lock(path: Path, kind: str, seconds: float) -> None:
    """Hold SQLite's lock of this kind on the store: of whoever writes, or of whoever commits."""
    with contextlib.closing(connect(path)) as connection:
        connection.execute(f"begin {kind}")
        print("held", flush=True)
        time.sleep(seconds)
        connection.rollback()


def spill(path: Path) -> None:
    """Change everything, and die when a part of that is in the file and no commit is."""
    connection = connect(path)
    connection.execute("pragma cache_size=1")
    connection.execute("begin immediate")
    connection.execute("update answers set kind = 'gone'")
    os.kill(os.getpid(), 9)


def migrate(path: Path) -> None:
    """Open the store with one more step, which says that it is half done, and takes its time."""

    @migration
    def m999_slow(connection: Any) -> None:
        connection.execute("create table halves (half text)")
        print("half", flush=True)
        time.sleep(0.3)
        connection.execute("insert into halves values ('other')")

    SqliteStore(path).close()
    print("whole", flush=True)


def fork(store: Store) -> None:
    """Fork with the store open: print what the child was told, then die before it does."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.fetch([ask_of(0).key], FAR)
        except AssayError as error:
            os.write(writing, f"{error}\n".encode())
        store.close()
        time.sleep(60)
        os._exit(0)
    print(os.read(reading, 1000).decode().strip(), flush=True)
    print(child, store.owner, len(store.fetch([ask_of(0).key], FAR)), flush=True)
    os.kill(os.getpid(), 9)


def main(command: str, store: str, *rest: str) -> int:
    """Run a command; our errors are one line on standard error and exit code 2."""
    place: StorePlace = store_place(store)
    path = Path(store)
    try:
        match command:
            case "settle":
                settle(place, rest[0], *map(int, rest[1:]))
            case "lock":
                lock(path, rest[0], float(rest[1]))
            case "spill":
                spill(path)
            case "migrate":
                migrate(path)
            case _:
                _on_a_store(command, open_store(place), *rest)
    except AssayError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _on_a_store(command: str, store: Store, *rest: str) -> None:
    try:
        match command:
            case "write":
                write(store, int(rest[0]), int(rest[1]), *map(float, rest[2:]))
            case "share":
                share(store, Path(rest[0]), int(rest[1]))
            case "hold":
                hold(store)
            case "fork":
                fork(store)
    finally:
        store.close()


def in_threads(count: int, work: Any) -> list[Any]:
    """What `work(number)` returns in so many threads at once."""
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
