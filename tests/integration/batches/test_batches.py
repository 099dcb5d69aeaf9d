"""Batches: submitted, waited for without waiting, harvested by a later run, paid once at half."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.core.values import Outcome
from assay.faultd import FaultServer
from assay.project.report.facts import Facts, Verdict, Warehouse
from assay.project.report.kept import Drawings
from assay.project.report.ledger import read_ledger
from assay.project.report.page import render
from assay.store import BatchRow, open_store, queries

from ..faults.engine_room import Room, engine_room, expected, paid_twice, statuses, texts, values

PRICED = {"price_input_usd": 1.0, "price_output_usd": 4.0}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server whose batches take an hour of its own clock."""
    with FaultServer(keep_texts=True, batches="hours=1") as running:
        yield running


@contextmanager
def room(server: FaultServer, folder: Path, **changed: Any) -> Iterator[Room]:
    """A process that asks by the file."""
    chosen: dict[str, Any] = {"batch": True} | PRICED | changed
    with engine_room(server.url(chosen.pop("scenario", None)), folder, **chosen) as opened:
        yield opened


def asked(server: FaultServer, folder: Path, count: int = 40, **changed: Any) -> list[Outcome]:
    """What one run is given, whose batch is handed over at its end."""
    with room(server, folder, **changed) as opened:
        found = opened.ask(texts(count))
        opened.run.close()
    return found


def batches(folder: Path) -> list[BatchRow]:
    """All batches on record."""
    with closing(open_store(folder / "store.sqlite")) as store:
        return store.read(queries.BatchesOnRecord(also_over=True))


def test_a_batch_is_harvested_by_the_next_run(server: FaultServer, tmp_path: Path) -> None:
    """Pending and NULL first, each on its own row afterwards, bought once, at half the price."""
    first = asked(server, tmp_path)
    assert (set(statuses(first)), set(values(first))) == ({"pending"}, {None})
    assert server.summary()["requests"] == 1, "the trial"
    server.pass_time(hours=1)
    with room(server, tmp_path) as opened:
        found = opened.ask(texts(40))
        calls, spent = opened.calls, opened.run.spend
    assert values(found) == expected(texts(40))
    in_batch = [row for row in calls if row["service_tier"] == "batch"]
    assert (len(calls), len(in_batch), spent.answered, paid_twice(server)) == (11, 10, 40, 0)
    tokens = sum(row["input_tokens"] + 4 * row["output_tokens"] for row in in_batch)
    assert sum(row["cost_usd"] for row in in_batch) == pytest.approx(tokens / 2_000_000)
    assert [row.place for row in batches(tmp_path)] == ["over"]


def settled(server: FaultServer, folder: Path, count: int = 40, **changed: Any) -> list[Any]:
    """What a run is given once the batches that there are have had an hour."""
    server.pass_time(hours=1)
    return values(asked(server, folder, count, **changed))


def test_who_asks_meanwhile_does_not_wait(server: FaultServer, tmp_path: Path) -> None:
    """Another process is told that it is pending, at once, and sends nothing."""
    asked(server, tmp_path)
    again = asked(server, tmp_path, batch=False)
    assert set(statuses(again)) == {"pending"}
    assert (server.summary()["requests"], len(batches(tmp_path))) == (1, 1)


@pytest.mark.parametrize(
    "played", ["hours=1,shuffled,doubled=3,foreign=2", "hours=1,create=500", "hours=1,upload=500"]
)
def test_what_a_server_does_to_files(server: FaultServer, tmp_path: Path, played: str) -> None:
    """Lines in any order, twice, or nobody's; a batch that is made although it said no."""
    server.switch_batches(played)
    asked(server, tmp_path)
    assert settled(server, tmp_path) == expected(texts(40))
    assert (paid_twice(server), server.summary()["batch_requests"]) == (0, 10)
    assert len(batches(tmp_path)) == 1


@pytest.mark.parametrize("played", ["hours=1,missing=2", "hours=1,torn"])
def test_what_has_no_line_is_asked_again(server: FaultServer, tmp_path: Path, played: str) -> None:
    """In the next batch; the ledger says that it may have been paid."""
    server.switch_batches(played)
    asked(server, tmp_path)
    first = settled(server, tmp_path)
    server.switch_batches("hours=1")
    assert settled(server, tmp_path) == expected(texts(40))
    assert 0 < first.count(None) <= 8
    with room(server, tmp_path) as opened:
        assert opened.maybe_paid * 4 == first.count(None)


def test_what_expired_is_taken_and_the_rest_goes_on(server: FaultServer, tmp_path: Path) -> None:
    """Into the next batch; after two of them out by itself; nothing is buried."""
    server.switch_batches("hours=96")
    asked(server, tmp_path)
    left = []
    for _ in range(2):
        server.pass_time(hours=24)
        left.append(values(asked(server, tmp_path)).count(None))
    assert left == [32, 0]
    with room(server, tmp_path) as opened:
        assert (values(opened.ask(texts(40))), opened.dead) == (expected(texts(40)), [])
    assert (paid_twice(server), server.summary()["batch_requests"]) == (0, 4)


def test_a_batch_that_is_turned_down_costs_nothing(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its rows are asked again, and people are told in the server's words."""
    server.switch_batches("hours=1,queued=10")
    asked(server, tmp_path)
    server.switch_batches("hours=1")
    assert settled(server, tmp_path) == [None] * 40
    assert "Enqueued token limit" in caplog.text
    assert settled(server, tmp_path) == expected(texts(40))
    assert paid_twice(server) == 0


def test_a_batch_of_another_key_is_not_bought_again(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its rows wait on, people are told, and the right key has the answers."""
    asked(server, tmp_path)
    assert settled(server, tmp_path, api_key="sk-another") == [None] * 40
    (batch,) = batches(tmp_path)
    assert "under this key: 40 questions are not asked again" in caplog.text
    assert f"batch cancel {batch.id[:12]}" in caplog.text
    assert settled(server, tmp_path) == expected(texts(40))
    assert (paid_twice(server), server.summary()["batch_requests"]) == (0, 10)


def test_a_batch_that_is_not_there_can_be_given_up(server: FaultServer, tmp_path: Path) -> None:
    """As where the endpoint has lost it: by hand, and all of it is asked again."""
    asked(server, tmp_path)
    with room(server, tmp_path, api_key="sk-another") as opened:
        (batch,) = opened.store.read(queries.BatchesOnRecord())
        opened.run.cancel_batches([batch.id])
    assert set(statuses(asked(server, tmp_path, api_key="sk-another"))) == {"pending"}
    assert settled(server, tmp_path, api_key="sk-another") == expected(texts(40))


def test_all_fail_and_the_fallback_is_now(server: FaultServer, tmp_path: Path) -> None:
    """A batch without an output file; what failed in it goes out by itself, at the full price."""
    asked(server, tmp_path, scenario="s500")
    found = settled(server, tmp_path, batch_fallback="now", scenario="good")
    assert found == expected(texts(40))
    with room(server, tmp_path) as opened:
        tiers = [row["service_tier"] for row in opened.calls]
        trials = opened.settings.max_attempts
    assert (tiers.count("batch"), len(tiers) - tiers.count("batch")) == (10, 10 + trials)


def test_files_are_split_and_wait_their_turn(server: FaultServer, tmp_path: Path) -> None:
    """At most so many requests a file and so many batches there; the rest is written and waits."""
    split = {"batch_requests": 4, "max_batches": 2}
    asked(server, tmp_path, **split)
    sizes = {"sent": list[int](), "written": list[int]()}
    for row in batches(tmp_path):
        sizes[row.place].append(row.requests)
    waiting = sizes["written"]
    assert (len(sizes["sent"]), sorted([*sizes["sent"], *waiting])) == (2, [2, 4, 4])
    assert settled(server, tmp_path, **split).count(None) == 4 * sum(waiting)
    assert settled(server, tmp_path, **split) == expected(texts(40))
    assert paid_twice(server) == 0


def test_files_are_deleted_after_the_harvest(server: FaultServer, tmp_path: Path) -> None:
    """Neither the endpoint nor the store keeps a text of them."""
    asked(server, tmp_path)
    assert b"text 17" in (tmp_path / "store.sqlite").read_bytes()
    settled(server, tmp_path)
    assert b"text 17" not in (tmp_path / "store.sqlite").read_bytes()
    assert not server.service.desk.shelf.files


def test_the_wall_holds_over_open_batches(server: FaultServer, tmp_path: Path) -> None:
    """What waits is set aside at half price, in this run and in others, until it is settled."""
    with room(server, tmp_path) as opened:
        opened.ask(texts(40))
        opened.run.close()
        (batch,) = opened.store.read(queries.BatchesOnRecord())
    capped = {"max_cost_usd": batch.reserved_usd * 1.5, "over_budget": "spend"}
    with room(server, tmp_path, **capped) as opened:
        more = opened.ask([f"other {place}" for place in range(40)])
    assert set(statuses(more)) == {"pending", "not_attempted"}
    server.pass_time(hours=1)
    with room(server, tmp_path, **capped) as opened:
        again = opened.ask([f"other {place}" for place in range(40)])
    assert "not_attempted" not in statuses(again)


def test_a_batch_is_called_off(server: FaultServer, tmp_path: Path) -> None:
    """What it has done by then is fetched, the rest is asked again."""
    server.switch_batches("hours=2")
    asked(server, tmp_path)
    server.pass_time(hours=1)
    with room(server, tmp_path) as opened:
        (batch,) = opened.store.read(queries.BatchesOnRecord())
        opened.run.cancel_batches([batch.id])
    server.switch_batches("hours=1")
    assert settled(server, tmp_path).count(None) == 20
    assert settled(server, tmp_path) == expected(texts(40))
    assert paid_twice(server) == 0


def test_a_text_in_an_open_batch_is_forgotten(server: FaultServer, tmp_path: Path) -> None:
    """Its answer is not stored when it comes, and the others are."""
    asked(server, tmp_path)
    with room(server, tmp_path) as opened:
        assert opened.store.forget(["text 17"])["batch_packs"] == 1
    assert b"text 17" not in (tmp_path / "store.sqlite").read_bytes()
    server.pass_time(hours=1)
    with room(server, tmp_path) as opened:
        opened.run.harvest()
        assert len(opened.rows("answers")) == 39
        noted = {row["error"] for row in opened.calls}
        assert noted == {None, "1 unknown id"}


def test_an_account_without_credit_buries_nothing(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every line is an error, and the rows are asked again by the next batch."""
    asked(server, tmp_path, scenario="s429quota,skip=1")
    server.pass_time(hours=1)
    with room(server, tmp_path) as opened:
        assert set(statuses(opened.ask(texts(40)))) == {"pending"}
        assert opened.dead == []
    assert "10 lines could not be used; their rows are asked again" in caplog.text
    assert settled(server, tmp_path) == expected(texts(40))


def test_the_report_says_how_many_rows_wait(server: FaultServer, tmp_path: Path) -> None:
    """They are neither failed nor answered."""
    asked(server, tmp_path)
    with closing(open_store(tmp_path / "store.sqlite")) as store:
        ledger = read_ledger(store, None)
    assert ledger is not None
    facts = Facts(ledger, Warehouse(), None, Verdict("green", ()), "2026-01-01 00:00:00")
    page = render(facts, Drawings(tmp_path / "drawings.json"))
    assert "over all questions; 40 wait for a batch<" in page
