"""What is kept of how an endpoint is asked: the rung, and what was wished for."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from assay.core.settings import Settings
from assay.engine.rungs import found, remembered
from assay.faultd import DIALECTS, FaultServer
from assay.store import open_store

from ..faults.engine_room import engine_room, statuses
from .test_every_server import TEXTS, asked


def refusals(server: FaultServer) -> int:
    """How many requests were turned down so far."""
    return sum(entry.status == 400 for entry in server.ledger.entries)


def test_the_next_process_does_not_meet_the_same_refusal(tmp_path: Path) -> None:
    """On one store: the first run is turned down once, the second never."""
    with FaultServer(dialect=DIALECTS["generic"]) as server:
        for number in range(2):
            with engine_room(server.url(), tmp_path) as room:
                assert statuses(room.ask([f"{number} {text}" for text in TEXTS])) == ["ok"] * 3
        assert refusals(server) == 1


@pytest.mark.parametrize(
    "changed", [{"profile": "vllm"}, {"response_format": "json_schema"}, {"base_url": "other"}]
)
def test_other_settings_find_out_anew(tmp_path: Path, changed: dict[str, Any]) -> None:
    """What was found under one profile, format or address says nothing of another."""
    given: dict[str, Any] = {"provider": "openai", "model": "m", "api_key": "k"}
    here = Settings.model_validate(given | {"base_url": "http://127.0.0.1:1/v1"})
    other = {"base_url": "http://127.0.0.1:2/v1"} if "base_url" in changed else changed
    there = Settings.model_validate(given | {"base_url": "http://127.0.0.1:1/v1"} | other)
    with ExitStack() as stack:
        store = open_store(tmp_path / "store.sqlite")
        stack.callback(store.close)
        store.note_rung(found(here, "m", "object"))
        assert list(remembered(here, store)) == ["m"]
        assert remembered(there, store) == {}


def test_what_is_old_or_of_another_assay_is_not_gone_by(tmp_path: Path) -> None:
    """Servers change; a newer Assay may ask otherwise."""
    settings = Settings.model_validate(
        {"provider": "openai", "model": "m", "api_key": "k", "base_url": "http://[::1]/v1"}
    )
    rung = found(settings, "m", "object")
    with ExitStack() as stack:
        store = open_store(tmp_path / "store.sqlite")
        stack.callback(store.close)
        for stale in (
            rung._replace(found_at="2026-01-01T00:00:00.000000"),
            rung._replace(under="0" * 32),
        ):
            store.note_rung(stale)
            assert remembered(settings, store) == {}
        store.note_rung(rung)
        assert remembered(settings, store) == {"m": rung}


def test_what_shapes_an_answer_is_in_the_ledger_and_in_no_key(tmp_path: Path) -> None:
    """Mode and wishes as they were sent; of further fields no text."""
    further = {"user": "hush", "provider": {"order": ["hush"], "n": 3, "deny": True}}
    wishes = {"temperature": 0.5, "reasoning_effort": "low", "service_tier": "flex"}
    with asked(DIALECTS["litellm"], tmp_path, "litellm", extra_body=further, **wishes) as (
        _,
        room,
    ):
        room.ask(TEXTS)
        (call,) = room.calls
    assert json.loads(call["asked_with"]) == {
        "mode": "keyed",
        "extra_body": {"user": "…", "provider": {"order": ["…"], "n": 3, "deny": True}},
        **wishes,
    }
    with asked(DIALECTS["litellm"], tmp_path, "litellm") as (server, room):
        assert statuses(room.ask(TEXTS)) == ["ok"] * 3
        assert server.ledger.entries == []


def test_what_a_model_is_not_sent_is_not_said(tmp_path: Path) -> None:
    """A model that thinks has no temperature; the mode is the one that was found out."""
    thinking = {"model": "o3", "temperature": 0.5, "reasoning_effort": "low"}
    with asked(DIALECTS["openai"], tmp_path / "a", "openai", **thinking) as (_, room):
        room.ask(TEXTS)
        assert json.loads(room.calls[0]["asked_with"]) == {
            "mode": "keyed",
            "reasoning_effort": "low",
        }
    with asked(DIALECTS["generic"], tmp_path / "b") as (_, room):
        room.ask(TEXTS)
        modes = [json.loads(call["asked_with"])["mode"] for call in room.calls]
    assert modes == ["keyed", "object"]
