"""Every vendor's server as it is documented: all functions are answered, errors are named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ConfigError, QuotaError
from assay.faultd import ANY, DIALECTS, Dialect, FaultServer

from ..faults.engine_room import Room, engine_room

TEXTS = ["The parcel 4711 never came.", "Great kettle, thank you!", "How do I send it back?"]
RECORDS = ['{"email":"anna@example.com","name":"anna"}', '{"email":"bo@example.org","name":"Bo"}']
LABELS = [{"name": name} for name in ("delivery", "returns", "praise")]
ALL: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "classify", "labels": LABELS}, TEXTS),
    ({"kind": "extract", "fields": [{"name": "words"}], "grounded": False}, TEXTS),
    ({"kind": "sentiment"}, TEXTS),
    ({"kind": "summarize", "max_words": 5}, TEXTS),
    ({"kind": "filter", "asked": "Is it a complaint?"}, TEXTS),
    ({"kind": "assess"}, RECORDS),
    ({"kind": "complete", "prompt": "Write a reply.", "max_words": 9}, TEXTS),
    ({"kind": "translate", "to": "German"}, TEXTS),
    ({"kind": "score", "criterion": "How urgent is it?", "high": 5}, TEXTS),
]


@contextmanager
def asked(
    dialect: Dialect, folder: Path, profile: str | None = None, **changed: Any
) -> Iterator[tuple[FaultServer, Room]]:
    """A server that speaks a dialect, and an engine that knows its profile."""
    changed = {"outage_seconds": 5, "max_attempts": 1} | changed
    with (
        FaultServer(dialect=dialect) as server,
        engine_room(server.url(), folder, profile=profile, **changed) as room,
    ):
        yield server, room


def answers(room: Room) -> list[tuple[str, Any]]:
    """Status and value of everything that the functions say, without what is random."""
    return [(one.status, one.value) for task, texts in ALL for one in room.ask(texts, task)]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any]]:
    """What a server says that takes everything."""
    with asked(ANY, tmp_path_factory.mktemp("any")) as (_, room):
        return answers(room)


@pytest.mark.parametrize("name", DIALECTS)
def test_all_functions_are_answered_without_a_refusal(
    name: str, tmp_path: Path, right: list[tuple[str, Any]]
) -> None:
    """By its profile: no field and no form that the server refuses is ever sent."""
    with asked(DIALECTS[name], tmp_path, name) as (server, room):
        given = answers(room)
        statuses = {entry.status for entry in server.ledger.entries}
    assert {status for status, _ in given} == {"ok"}
    assert given == right
    assert statuses == ({200, 400} if name == "generic" else {200})


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "anthropic"])
def test_a_server_of_which_nothing_is_known_is_found_out(
    name: str, tmp_path: Path, right: list[tuple[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Rung by rung, with one warning, and all is answered all the same."""
    header = {"auth_header": "api-key"} if name == "azure" else {}
    with asked(DIALECTS[name], tmp_path, "generic", **header) as (_, room):
        assert answers(room) == right
    assert [said.count("for model 'stub'") for said in caplog.messages] in ([], [1])


@pytest.mark.parametrize("name", [name for name, one in DIALECTS.items() if one.key_header])
def test_a_wrong_key_stops_the_run_in_the_servers_own_words(name: str, tmp_path: Path) -> None:
    """In one line that holds no key, with what to check, after one request."""
    with (
        asked(DIALECTS[name], tmp_path, name, api_key="wrong") as (_, room),
        pytest.raises(ConfigError) as stopped,
    ):
        room.ask(TEXTS)
    said = str(stopped.value)
    assert DIALECTS[name].bad_key[1].replace("wro***ong", "…") in said
    assert "OPENAI_API_KEY" in said
    assert "\n" not in said


@pytest.mark.parametrize("name", [name for name, one in DIALECTS.items() if one.no_credit])
def test_an_empty_account_stops_the_run_in_the_servers_own_words(
    name: str, tmp_path: Path
) -> None:
    """Under whatever status; after one request, and no row is buried."""
    with asked(DIALECTS[name], tmp_path, name, api_key="broke") as (_, room):
        with pytest.raises(QuotaError) as stopped:
            room.ask(TEXTS)
        assert (len(room.calls), room.dead) == (1, [])
    _, words, _ = DIALECTS[name].no_credit or (0, "", "")
    assert words.removesuffix(".") in str(stopped.value)
    assert "Add credit" in str(stopped.value)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_model_that_is_not_there_stops_the_run_in_the_servers_own_words(
    name: str, tmp_path: Path
) -> None:
    """Not a row is buried, and the ledger says it as well."""
    with asked(DIALECTS[name], tmp_path, name, model="nosuch-1") as (_, room):
        with pytest.raises(ConfigError) as stopped:
            room.ask(TEXTS)
        assert room.dead == []
        calls = room.calls
    words = DIALECTS[name].no_model[1].format("nosuch-1")
    assert words in str(stopped.value)
    assert words in str(calls[0]["error"])
    assert len(calls) == 1
