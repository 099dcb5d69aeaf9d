"""Promise 1: an answer we have recorded is never bought again."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assay.engine.smallest import SMALL_TEXT
from assay.faultd import FaultServer, Latency
from assay.faultd.chats import digest
from assay.faultd.scenarios.registry import group

from ..durability.worker import ask_of, ended, killed_after, served, start, text_of, wrong
from ..figures import Figure

PACK, IN_FLIGHT = 8, 8
SMALLER = {"gzipbomb.size": "20000000", "bighead.size": "100000"}


def mixed(share: float) -> str:
    """Every fault of groups A and C that a run survives, in equal parts that make up `share`."""
    faults = [fault.name for fault in group("survivable") if fault.name != "mix"]
    parts = [f"{name}={share / len(faults):.6f}" for name in faults]
    sizes = [f"{name}={said}" for name, said in SMALLER.items()]
    return ",".join(["mix", *parts, *sizes])


def hashed(text: str, _: Any) -> str:
    """The answer that the worker expects of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server that thinks for a moment, so that kills find requests in flight."""
    with FaultServer(answer=hashed, latency=Latency(median=0.1, sigma=0.5)) as running:
        yield running


@pytest.mark.parametrize(
    ("records", "kills"), [(400, 5), pytest.param(2000, 50, marks=pytest.mark.whole)]
)
def test_p01_nothing_that_is_recorded_is_bought_again(
    tmp_path: Path, server: FaultServer, records: int, kills: int, figure: Figure
) -> None:
    """Kills and faults of every kind; the vendor's ledger says what was bought, and how often.

    A sound answer that was handed over in whole may be bought again only where we cannot know of
    it: its request was in flight at a kill, or its reply as a whole could not be trusted.
    """
    path = tmp_path / "store.sqlite"
    moments = random.Random(1)  # noqa: S311 - repeatable on purpose
    faulty = ("settle", path, server.url(mixed(0.2)), records, IN_FLIGHT, PACK, 4)
    for _ in range(kills):
        killed_after(start(*faulty), 1, moments.uniform(0.05, 0.6))
    clean = ("settle", path, server.url(), records, IN_FLIGHT, PACK, 4)
    code, lines, errors = ended(start(*clean))
    assert (code, json.loads(lines[-1])) == (0, {"ok": records}), errors
    found = served(path, range(records))
    mended = sum("\ufffd" in str(value) for value in found.values())  # by A13, a lone surrogate
    assert (len(found), wrong(found)) == (records, mended)

    small = digest(SMALL_TEXT)  # asked after a first 400, and of no record
    paid = {asked: count for asked, count in server.ledger.paid.items() if asked[0] != small}
    bought = Counter({text: count for (text, _), count in paid.items()})
    again = sum(bought.values()) - len(bought)
    calls = rows(path, "select outcome, maybe_paid, records, answers from calls")
    in_flight = sum(row[2] for row in calls if row[0] == "interrupted")
    unread = sum(row[2] - row[3] for row in calls if row[0] not in ("interrupted", "ok"))
    billed = server.ledger.paid | server.ledger.lost | server.ledger.unsound
    assert len([text for text, _ in billed if text != small]) == records
    assert in_flight <= kills * IN_FLIGHT * PACK
    assert again <= in_flight + unread
    before = len(server.ledger.entries)
    assert ended(start(*clean))[0] == 0
    assert len(server.ledger.entries) == before

    summary = server.summary()
    figure(
        records=records,
        kills=kills,
        requests=summary["requests"],
        bought=summary["paid_answers"],
        bought_again=again,
        in_flight_at_kills=in_flight,
        in_unreadable_replies=unread,
        maybe_paid=sum(row[2] for row in calls if row[1]),
        billed_and_lost_says_the_vendor=summary["lost_records"] + summary["unsound_records"],
    )


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Query the store."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_p01_every_question_about_a_text_is_its_own_purchase(
    tmp_path: Path, server: FaultServer
) -> None:
    """The oracle sees a purchase made twice: an emptied store buys again, and the bill says so."""
    arguments = ("settle", tmp_path / "a.sqlite", server.url(), 16, IN_FLIGHT, PACK, 4)
    assert ended(start(*arguments))[0] == 0
    assert server.ledger.paid_for(text_of(3)) == 1
    assert ended(start(*arguments[:1], tmp_path / "b.sqlite", *arguments[2:]))[0] == 0
    assert server.ledger.paid_for(text_of(3)) == 2
    assert ask_of(3).key != ask_of(4).key
