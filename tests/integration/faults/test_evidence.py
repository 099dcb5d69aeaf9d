"""`ai_verify` against search servers and what goes wrong with them: nothing is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.faultd import FaultServer

from .conftest import OpenRoom
from .engine_room import Room, statuses

VERIFY: dict[str, Any] = {
    "kind": "verify",
    "asked": "Is it a restaurant?",
    "fields": [{"name": "is_restaurant", "labels": ["yes", "no"]}],
}
NAMES = ["Kim's Kitchen", "Abc Foods", "Zum Löwen"]

Verifying = Callable[..., Room]


def reply(text: str, _schema: Any) -> Any:
    """An honest model: it cites the sources in which the name stands, and says yes."""
    read = json.loads(text)
    cited = [
        {"source": one["source"], "quote": read["asked_about"]}
        for one in read["sources"]
        if read["asked_about"] in one["text"]
    ]
    return {"fields": {"is_restaurant": "yes" if cited else None}, "evidence": cited}


@pytest.fixture
def honest() -> Any:
    """A fault server that reads sources."""
    with FaultServer(keep_texts=True, answer=reply) as running:
        yield running


@pytest.fixture
def verifying(honest: FaultServer, room: OpenRoom) -> Verifying:
    """Open an engine that searches there, played like this."""

    def opened(search: str = "good", **changed: Any) -> Room:
        root = honest.url("good").removesuffix("/v1")
        where = root.rpartition("/s/")[0] if "/s/" in root else root
        url = f"{where}/s/{search}/search?format=json&q={{query}}"
        given = {"evidence": "http", "evidence_url": url} | changed
        return room(url=honest.url("good"), **given)

    return opened


def answers(asked: Room, names: list[str] | None = None) -> list[Any]:
    """What is known of each name."""
    return [json.loads(one.value or "null") for one in asked.ask(names or NAMES, VERIFY)]


def test_each_name_is_verified_alone_and_quotes_what_was_found(
    verifying: Verifying, honest: FaultServer
) -> None:
    """One search and one request each; the kind is that of the host."""
    asked = verifying()
    for name, found in zip(NAMES, answers(asked), strict=True):
        assert found["fields"] == {"is_restaurant": "yes"}
        assert found["evidence_kind"] == "own_site"
        assert [one["quote"] for one in found["evidence"]] == [name, name]
    searched = [row for row in asked.calls if row["model"] == "search"]
    assert (len(searched), len(asked.calls)) == (3, 6)
    assert [len(entry.records) for entry in honest.ledger.entries] == [1, 1, 1]


def test_results_without_the_name_are_no_evidence(verifying: Verifying) -> None:
    """The status is `unclear`, with the day on which it is tried again; never `ok`."""
    (outcome,) = verifying("nameless").ask(NAMES[:1], VERIFY)
    assert (outcome.status, outcome.value) == ("unclear", None)
    assert outcome.expires_at is not None


def test_no_results_cost_no_request(verifying: Verifying, honest: FaultServer) -> None:
    """There is nothing to ask a model about."""
    asked = verifying("nothing")
    assert statuses(asked.ask(NAMES, VERIFY)) == ["unclear"] * 3
    assert honest.ledger.entries == []
    assert statuses(asked.ask(NAMES, VERIFY)) == ["unclear"] * 3


@pytest.mark.parametrize("search", ["s429", "s500", "html", "hang"])
def test_a_search_that_fails_leaves_the_row_for_later(verifying: Verifying, search: str) -> None:
    """It was tried as often as may be, and it is in the ledger."""
    asked = verifying(search, max_attempts=1, deadline_seconds=0.5)
    (outcome,) = asked.ask(NAMES[:1], VERIFY)
    assert (outcome.status, outcome.value) == ("transport", None)
    assert [row["outcome"] == "ok" for row in asked.calls] == [False]


def test_a_server_that_knows_no_key_stops_the_run(verifying: Verifying) -> None:
    """The message names the settings."""
    with pytest.raises(ConfigError, match="ASSAY_EVIDENCE_HEADERS"):
        verifying("s401").ask(NAMES[:1], VERIFY)


def test_nobody_is_asked_without_evidence(room: OpenRoom) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigError, match="ASSAY_EVIDENCE"):
        room().ask(NAMES[:1], VERIFY)


def test_a_wall_of_searches(verifying: Verifying) -> None:
    """Two may be searched for; the third is not attempted, and nothing is sent for it."""
    asked = verifying(max_searches=2, price_search_usd=0.01)
    found = asked.ask(NAMES, VERIFY)
    assert sorted(statuses(found)) == ["not_attempted", "ok", "ok"]
    assert "ASSAY_MAX_SEARCHES" in str([one.error for one in found])
    paid = [row["cost_usd"] for row in asked.calls if row["model"] == "search"]
    assert paid == [0.01, 0.01]
