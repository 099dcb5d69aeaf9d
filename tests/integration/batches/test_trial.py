"""The trial: before the first batch of a model one small request tells whether it is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ConfigError, QuotaError
from assay.faultd import FaultServer
from assay.faultd.dialects import dialect_named
from assay.store import BatchRow, queries

from ..faults.engine_room import (
    CLASSIFY,
    SCORE,
    Room,
    engine_room,
    expected,
    statuses,
    texts,
    values,
)

ASKED = 40


@contextmanager
def played(
    folder: Path, script: str = "good", dialect: str = "any", **changed: Any
) -> Iterator[tuple[FaultServer, Room]]:
    """A server with batches, and a process that asks it by the file."""
    with (
        FaultServer(script, dialect=dialect_named(dialect), batches="hours=1") as server,
        engine_room(server.url(), folder, batch=True, **changed) as opened,
    ):
        yield server, opened


def an_hour_later(server: FaultServer, opened: Room, task: Any = CLASSIFY) -> list[Any]:
    """What a run is given whose batch was handed over an hour ago."""
    opened.begin("the batch is handed over")
    server.pass_time(hours=1)
    opened.begin("an hour later")
    return values(opened.ask(texts(ASKED), task))


def on_record(opened: Room) -> list[BatchRow]:
    """All batches of a store."""
    return opened.store.read(queries.BatchesOnRecord(also_over=True))


def trials(server: FaultServer) -> int:
    """How many requests were no line of a batch."""
    return int(server.summary()["requests"] - server.summary()["batch_requests"])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("s401", ConfigError),
        ("s403", ConfigError),
        ("s404", ConfigError),
        ("s429quota", QuotaError),
        ("s400", ConfigError),
    ],
)
def test_a_wrong_set_up_costs_a_request_and_no_day(
    said: str, error: type[Exception], tmp_path: Path
) -> None:
    """The run stops with the server's words; nothing was uploaded, no row is given up."""
    with played(tmp_path, said) as (server, opened):
        with pytest.raises(error, match=r"HTTP 4\d\d"):
            opened.ask(texts(ASKED))
        assert (on_record(opened), opened.dead) == ([], [])
        assert len(server.ledger.entries) <= 3
        assert not server.service.desk.shelf.files


def test_the_rung_is_found_before_the_file_is_written(tmp_path: Path) -> None:
    """What was composed with a schema that the server refuses is composed anew: no day is lost."""
    with played(tmp_path, dialect="generic", profile="generic") as (server, opened):
        assert set(statuses(opened.ask(texts(ASKED)))) == {"pending"}
        assert an_hour_later(server, opened) == expected(texts(ASKED))
        lines = [entry for entry in server.ledger.entries if entry.batch]
        assert (len(lines), {entry.status for entry in lines}, trials(server)) == (10, {200}, 2)
        (batch,) = on_record(opened)
        assert (batch.place, batch.requests) == ("over", 10)


def test_what_is_known_is_not_asked_again(tmp_path: Path) -> None:
    """One trial a model; the next batch of it, in the next process, goes out as it is."""
    with FaultServer(batches="hours=1") as server:
        for task in (CLASSIFY, SCORE):
            with engine_room(server.url(), tmp_path, batch=True) as opened:
                opened.ask(texts(ASKED), task)
                opened.run.close()
        assert trials(server) == 1
        with engine_room(server.url(), tmp_path, batch=True, model="another") as opened:
            opened.ask(texts(ASKED))
        assert trials(server) == 2


@pytest.mark.parametrize("script", ["s503", "s429"])
def test_a_server_that_is_busy_shows_nothing(
    script: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After all attempts the batch goes out as it would have, and people are told."""
    with played(tmp_path, script, pack_records=16) as (server, opened):
        assert set(statuses(opened.ask(texts(ASKED)))) == {"pending"}
        assert trials(server) == opened.settings.max_attempts
    assert "which goes out all the same: HTTP" in caplog.text


def test_a_budget_without_room_for_a_trial_is_spent_on_the_work(tmp_path: Path) -> None:
    """The last request of it goes into the batch."""
    with played(tmp_path, max_requests=10) as (server, opened):
        assert set(statuses(opened.ask(texts(ASKED)))) == {"pending"}
        assert trials(server) == 0


def test_a_run_that_nobody_listens_to_says_so(tmp_path: Path) -> None:
    """Before a batch is written that no one could fetch."""
    with (
        engine_room("http://127.0.0.1:9/v1", tmp_path, batch=True) as opened,
        pytest.raises(ConfigError, match="Is the endpoint right and up"),
    ):
        opened.ask(texts(ASKED))
