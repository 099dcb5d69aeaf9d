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


@pytest.fixture
def hosted(honest: FaultServer, room: OpenRoom) -> Verifying:
    """Open an engine that searches by the endpoint itself, played like this."""

    def opened(search: str = "good", **changed: Any) -> Room:
        honest.service.searches.switch(search)
        return room(url=honest.url("good"), evidence="openai", **changed)

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


def test_a_hosted_search_quotes_what_it_cites(hosted: Verifying, honest: FaultServer) -> None:
    """The text of a source is what is said of the page, without the link; the key goes along."""
    asked = hosted(evidence_model="searcher", price_search_usd=0.01)
    found = answers(asked)
    assert [one["fields"] for one in found] == [{"is_restaurant": "yes"}] * 3
    assert [one["evidence_kind"] for one in found] == ["own_site"] * 3
    assert [one["quote"] for one in found[0]["evidence"]] == [NAMES[0]] * 2
    paid = [row["cost_usd"] for row in asked.calls if row["model"] == "search"]
    assert (paid, honest.service.searches.count) == ([0.01] * 3, 3)


@pytest.mark.parametrize("search", ["memory", "uncited", "foreign", "nothing", "nameless"])
def test_a_hosted_search_that_does_not_search_is_no_evidence(
    hosted: Verifying, search: str
) -> None:
    """Neither is what is cited and was not seen, nor what is said without a citation."""
    (outcome,) = hosted(search).ask(NAMES[:1], VERIFY)
    assert (outcome.status, outcome.value) == ("unclear", None)


def test_orders_on_a_page_of_a_hosted_search_reach_nothing(hosted: Verifying) -> None:
    """They are a text among sources, and nothing more."""
    (found,) = answers(hosted("hostile"), NAMES[:1])
    assert found["fields"] == {"is_restaurant": "yes"}
    assert [one["url"] for one in found["evidence"]] == ["https://trap.example.com/"]


@pytest.mark.parametrize("search", ["s429", "s500", "html", "hang"])
def test_a_hosted_search_that_fails_leaves_the_row_for_later(
    hosted: Verifying, search: str
) -> None:
    """As any other."""
    asked = hosted(search, max_attempts=1, deadline_seconds=0.5)
    (outcome,) = asked.ask(NAMES[:1], VERIFY)
    assert (outcome.status, outcome.value) == ("transport", None)


def test_an_endpoint_without_the_responses_api_stops_the_run(hosted: Verifying) -> None:
    """The message says who can be asked instead."""
    with pytest.raises(ConfigError, match="ASSAY_EVIDENCE=http"):
        hosted("s404").ask(NAMES[:1], VERIFY)


def test_what_is_found_is_redacted_before_it_is_read(
    verifying: Verifying, honest: FaultServer
) -> None:
    """Quotes stand in the source as it was read; nothing of it is stored or sent otherwise."""
    asked = verifying("personal", redact=("email", "phone"))
    (found,) = answers(asked, NAMES[:1])
    (cited,) = found["evidence"]
    assert found["fields"] == {"is_restaurant": "yes"}
    assert cited == {
        "url": "https://who.example.com/",
        "title": f"{NAMES[0]}, [PHONE_1]",
        "quote": NAMES[0],
    }
    (entry,) = honest.ledger.entries
    read = " ".join(entry.texts)
    assert "Write to [EMAIL_1] or call [PHONE_1], not  ." in read
    assert "jo.doe" not in read
