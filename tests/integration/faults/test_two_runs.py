"""Two runs in one session: they know each other's answers, and each has a budget of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.engine.session import Session, open_session
from assay.faultd import FaultServer

from ..durability.test_d_store import wait_for
from .engine_room import KEY, LABELS, expected, paid_twice, statuses, texts

TASK = assay.Classify(labels=list(LABELS))

OpenSession = Callable[..., Session]


@pytest.fixture
def opened(server: FaultServer, tmp_path: Path) -> Iterator[OpenSession]:
    """Open a session that asks the server: two records a pack, two requests at once."""
    sessions: list[Session] = []

    def opening(scenario: str = "good", **changed: Any) -> Session:
        given = {
            "provider": "openai",
            "model": "stub",
            "base_url": server.url(scenario),
            "api_key": KEY,
            "store": tmp_path / "store.sqlite",
            "pack_records": 2,
            "max_in_flight": 2,
        }
        kept = {"most_answers": changed.pop("most_answers")} if "most_answers" in changed else {}
        sessions.append(open_session(assay.Settings.model_validate(given | changed), **kept))
        return sessions[-1]

    yield opening
    for session in sessions:
        session.close()


def sent_by(session: Session) -> dict[str, int]:
    """How many attempts the ledger books to each run, by its name."""
    columns, rows = session.store.rows("calls")
    at = list(columns).index("invocation_id")
    names = sorted(str(row[at]).rpartition("-")[0] for row in rows)
    return {name: len(list(group)) for name, group in itertools.groupby(names)}


def test_what_both_need_is_asked_once_and_the_first_run_pays(
    server: FaultServer, opened: OpenSession
) -> None:
    """The second one waits for what the first has sent, and is booked what is its own."""
    session, asked = opened("slow,plus=0.3"), texts(12)
    first, second = session.run("first"), session.run("second")
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first.ask, TASK, asked[:8])
        wait_for(lambda: server.ledger.entries)
        two = threads.submit(second.ask, TASK, asked)
    assert [each.answer for each in one.result()] == expected(asked[:8])
    assert [each.answer for each in two.result()] == expected(asked)
    assert (paid_twice(server), sent_by(session)) == (0, {"first": 4, "second": 2})
    assert (first.spend.answered, second.spend.answered) == (8, 4)


def test_what_one_has_answered_the_other_does_not_ask(
    server: FaultServer, opened: OpenSession
) -> None:
    """One after the other, while both are open."""
    session = opened()
    first, second = session.run("first"), session.run("second")
    assert first.ask(TASK, texts(6)) == second.ask(TASK, texts(6))
    assert sent_by(session) == {"first": 3}


def test_a_budget_that_is_refused_ends_its_own_run_and_no_other(
    server: FaultServer, opened: OpenSession
) -> None:
    """Nothing of the poor one is sent; the rich one, which is under way, is answered whole."""
    session, asked = opened("slow,plus=0.2"), texts(20)
    poor, rich = session.run("poor", max_requests=2), session.run("rich", max_requests=100)
    with ThreadPoolExecutor(1) as threads:
        many = threads.submit(rich.ask, TASK, asked)
        wait_for(lambda: server.ledger.entries)
        with pytest.raises(assay.BudgetError):
            poor.ask(TASK, [f"{text} of the poor one" for text in asked])
    assert [each.answer for each in many.result()] == expected(asked)
    assert sent_by(session) == {"rich": 10}


def test_a_budget_that_is_spent_ends_its_own_run_and_no_other(
    server: FaultServer, opened: OpenSession
) -> None:
    """Of what both need, the rich one asks what the poor one cannot; nothing is paid twice."""
    session, asked = opened("slow,plus=0.2"), texts(20)
    poor = session.run("poor", max_requests=2, over_budget="spend")
    rich = session.run("rich", max_requests=100)
    with ThreadPoolExecutor(2) as threads:
        few = threads.submit(poor.ask, TASK, asked)
        wait_for(lambda: server.ledger.entries)
        many = threads.submit(rich.ask, TASK, asked)
    assert [each.answer for each in many.result()] == expected(asked)
    assert few.result() == many.result()  # it waits for them, and pays nothing
    assert (paid_twice(server), sent_by(session)) == (0, {"poor": 2, "rich": 8})


def test_two_budgets_that_are_spent_leave_the_rest(
    server: FaultServer, opened: OpenSession
) -> None:
    """Neither waits for the other for ever; what one of them bought both have."""
    session, asked = opened("slow,plus=0.2"), texts(20)
    runs = [session.run(name, max_requests=2, over_budget="spend") for name in ("one", "two")]
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(runs[0].ask, TASK, asked)
        wait_for(lambda: server.ledger.entries)
        second = threads.submit(runs[1].ask, TASK, asked)
    assert sent_by(session) == {"one": 2, "two": 2}
    assert statuses(second.result()).count("not_attempted") == 12
    assert statuses(first.result()).count("not_attempted") in (12, 16)


def test_a_budget_that_faults_have_spent_says_what_they_were(
    server: FaultServer, opened: OpenSession
) -> None:
    """Not only that it is spent: whoever raises it would buy the same faults."""
    session = opened("s500", max_in_flight=8)
    poor = session.run("poor", max_requests=3, over_budget="spend")
    outcomes = poor.ask(TASK, texts(20))
    assert set(statuses(outcomes)) == {"not_attempted"}
    said = {each.error for each in outcomes}
    assert [("used up" in each, "500" in each) for each in map(str, said)] == [(True, True)]


def test_who_is_cancelled_leaves_what_the_other_waits_for_to_it(
    server: FaultServer, opened: OpenSession
) -> None:
    """The other run asks it itself, and pays for it; slots are free again."""
    session, asked = opened("slow,plus=0.5"), texts(12)
    first, second = session.run("first"), session.run("second")
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first.ask, TASK, asked)
        wait_for(lambda: server.ledger.entries)
        two = threads.submit(second.ask, TASK, asked)
        wait_for(lambda: session._engine._dispatcher._runs[0].waiting + first._state.waiting)
        first.cancel()
    assert isinstance(one.exception(), assay.Cancelled)
    assert [each.answer for each in two.result()] == expected(asked)
    assert (second.spend.in_flight, second.spend.waiting, first.spend.in_flight) == (0, 0, 0)
    with pytest.raises(assay.Cancelled):
        first.ask(TASK, ["another text"])


def test_a_failure_is_one_of_the_run_that_met_it(server: FaultServer, opened: OpenSession) -> None:
    """A run begun later asks again, while the first one is still open."""
    session = opened("contentnull", max_attempts=1)
    first = session.run("first")
    assert statuses(first.ask(TASK, ["one text"])) == ["invalid"]
    before = len(server.ledger.entries)
    assert statuses(first.ask(TASK, ["one text"])) == ["invalid"]
    assert len(server.ledger.entries) == before
    assert statuses(session.run("second").ask(TASK, ["one text"])) == ["invalid"]
    assert len(server.ledger.entries) > before


def test_a_run_that_is_over_asks_nothing(opened: OpenSession) -> None:
    """It says so, and what to do."""
    with opened() as session:
        with session.run() as run:
            run.ask(TASK, ["one text"])
        with pytest.raises(assay.Cancelled, match="Begin another"):
            run.ask(TASK, ["another text"])


def test_runs_take_turns(server: FaultServer, opened: OpenSession) -> None:
    """A short run need not wait until a long one is over."""
    session = opened("slow,plus=0.1")
    long, short = session.run("long"), session.run("short")
    with ThreadPoolExecutor(2) as threads:
        rest = threads.submit(long.ask, TASK, texts(60))
        wait_for(lambda: server.ledger.entries)
        threads.submit(short.ask, TASK, ["a text of the short one"]).result()
        assert long.spend.waiting > 20
        assert set(statuses(rest.result())) == {"ok"}


def test_what_is_remembered_is_bounded(server: FaultServer, opened: OpenSession) -> None:
    """5,000 texts in 50 batches, and the last of them again: all is answered, nothing is kept."""
    session = opened(pack_records=100, most_answers=200)
    with session.run("first") as run:
        sizes = []
        for batch in range(50):
            given = [f"text {batch} {number}" for number in range(100)]
            assert set(statuses(run.ask(TASK, given))) == {"ok"}
            sizes.append(len(session._engine.answers))
        requests = len(server.ledger.entries)
        again = [f"text {batch} 7" for batch in range(50)]
        assert [one.answer for one in run.ask(TASK, again)] == expected(again)
    assert max(sizes) <= 200
    assert len(server.ledger.entries) == requests


def test_who_waits_for_more_than_is_remembered_gets_it_all(opened: OpenSession) -> None:
    """Four threads, 200 texts each, and room for two answers."""
    session = opened(pack_records=10, most_answers=2)
    run, asked = session.run(), texts(200)
    with ThreadPoolExecutor(4) as threads:
        orders = [asked[at:] + asked[:at] for at in (0, 50, 100, 150)]
        futures = [threads.submit(run.ask, TASK, order) for order in orders]
    for order, future in zip(orders, futures, strict=True):
        assert [one.answer for one in future.result()] == expected(order)
