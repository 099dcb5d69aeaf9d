"""Walls over all processes of a store: money, requests, and so many a minute."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
from pydantic import SecretStr

from assay.core.settings import Settings
from assay.core.store_place import StorePlace
from assay.engine.session import Session, open_session
from assay.faultd import FaultServer, Latency
from assay.functions import parse_task
from assay.store import Store, Toll, Walls, open_store

pytestmark = pytest.mark.postgres
TASK = parse_task('{"kind": "summarize", "max_words": 40}')


@pytest.fixture
def stores(either_store: StorePlace) -> Iterator[list[Store]]:
    """Four, as four processes have them."""
    with ExitStack() as closed:
        yield [closed.enter_context(closing(open_store(either_store))) for _ in range(4)]


def walls_of(store: Store) -> Walls:
    """What holds over all of them."""
    assert store.walls is not None
    return store.walls


def toll(**given: Any) -> Toll:
    """A request that wants to go out."""
    usual: dict[str, Any] = {"run_id": "r", "host": "h", "worst_usd": 0.01, "tokens": 10}
    return Toll(**usual | given)


@pytest.mark.parametrize("either_store", ["postgres"], indirect=True)
def test_a_budget_is_one_over_all_and_what_settles_lower_comes_back(stores: list[Store]) -> None:
    """Ten cents hold ten worst costs of a cent; who pays half of it lets others have the rest."""
    walls, asked = [walls_of(store) for store in stores], toll(max_cost_usd=0.1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda place: walls[place % 4].reserve(asked), range(20)))
    assert sorted(found) == ["later"] * 10 + ["taken"] * 10
    for place, room in enumerate(found):
        if room == "taken":
            walls[place % 4].pay(asked, 0.005)
    rest = [walls[0].reserve(asked) for _ in range(6)]
    assert rest == ["taken"] * 5 + ["later"]


@pytest.mark.parametrize("either_store", ["postgres"], indirect=True)
def test_what_the_dead_have_set_aside_does_not_come_back(stores: list[Store]) -> None:
    """It may have been paid for; and another run has a budget of its own."""
    asked = toll(max_cost_usd=0.01)
    assert walls_of(stores[1]).reserve(asked) == "taken"
    assert walls_of(stores[0]).reserve(asked) == "later"
    stores[1].close()
    limit = time.monotonic() + 20
    while walls_of(stores[0]).reserve(asked) == "later":  # the server notices in a moment
        assert time.monotonic() < limit
    assert walls_of(stores[0]).reserve(asked) == "none"
    assert walls_of(stores[0]).reserve(toll(run_id="s", max_cost_usd=0.01)) == "taken"
    assert walls_of(stores[0]).reserve(toll(worst_usd=None, max_cost_usd=9)) == "none"


@pytest.mark.parametrize("either_store", ["postgres"], indirect=True)
def test_requests_are_counted_over_all(stores: list[Store]) -> None:
    """Of a run, and of a minute; a minute that is full says when there is room."""
    several = [walls_of(store) for store in stores] * 2
    rooms = [walls.reserve(toll(max_requests=6, worst_usd=0.0)) for walls in several]
    assert rooms == ["taken"] * 6 + ["none"] * 2
    waits = [walls.enter(toll(requests_per_minute=6)) for walls in several]
    assert waits[:6] == [0.0] * 6
    assert all(55 < wait <= 61 for wait in waits[6:])
    assert walls_of(stores[0]).enter(toll(host="another", requests_per_minute=6)) == 0.0
    tokens = [walls.enter(toll(host="t", tokens_per_minute=25)) for walls in several[:4]]
    assert [wait == 0.0 for wait in tokens] == [True, True, True, False]


@pytest.mark.parametrize("either_store", ["postgres"], indirect=True)
def test_four_sessions_of_one_run_stop_at_one_wall(either_store: StorePlace) -> None:
    """Each asks about texts of its own, and together they send what the budget has room for."""
    with FaultServer(latency=Latency(median=0.05)) as server:
        settings = Settings(
            provider="openai",
            api_key=SecretStr("k"),
            base_url=server.url(None),
            model="stub",
            store=either_store,
            pack_records=1,
            max_requests=20,
            over_budget="spend",
            max_in_flight=4,
        )
        with ExitStack() as closed, ThreadPoolExecutor(4) as pool:
            several = [closed.enter_context(closing(open_session(settings))) for _ in range(4)]
            begun = time.monotonic()
            answers = list(pool.map(asks, several, range(4)))
            seconds = time.monotonic() - begun
        requests = server.summary()["requests"]
    assert (requests, sum(answers)) == (20, 20)
    assert seconds < 30


def asks(session: Session, place: int) -> int:
    """Ask about twelve texts of one's own; return how many have an answer."""
    run = session.begin("shared")
    found = run.ask(TASK, [f"text {place} {number}" for number in range(12)])
    run.close()
    return sum(outcome.status == "ok" for outcome in found)
