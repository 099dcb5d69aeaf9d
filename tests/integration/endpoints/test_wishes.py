"""What the settings wish for beside the answer, from every vendor's server as it is documented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.faultd import DIALECTS

from .test_every_server import LABELS, TEXTS, asked

CLASSIFY: dict[str, Any] = {"kind": "classify", "labels": LABELS}


@pytest.mark.parametrize("name", DIALECTS)
def test_no_server_is_sent_a_wish_that_it_refuses(name: str, tmp_path: Path) -> None:
    """Log probabilities and the flex tier are wished for; confidence is there where it can be."""
    wishes = {"logprobs": True, "service_tier": "flex"}
    with asked(DIALECTS[name], tmp_path, name, **wishes) as (server, room):
        given = room.ask(TEXTS, CLASSIFY)
        statuses = {entry.status for entry in server.ledger.entries}
    assert {one.status for one in given} == {"ok"}
    assert statuses == ({200, 400} if name == "generic" else {200})
    known = {one.confidence is not None for one in given}
    assert known == {DIALECTS[name].logprobs}


@pytest.mark.parametrize("model", ["gpt-5-mini", "o3"])
def test_a_model_that_thinks_is_not_asked_for_log_probabilities(
    model: str, tmp_path: Path
) -> None:
    """It would answer 400; the tier it takes."""
    wishes = {"logprobs": True, "service_tier": "flex", "model": model}
    with asked(DIALECTS["openai"], tmp_path, "openai", **wishes) as (server, room):
        given = room.ask(TEXTS, CLASSIFY)
        assert {call["service_tier"] for call in room.calls} == {"flex"}
        assert {entry.status for entry in server.ledger.entries} == {200}
    assert {(one.status, one.confidence) for one in given} == {("ok", None)}


@pytest.mark.parametrize("dialect", ["openrouter", "litellm", "deepseek", "openai"])
def test_each_vendors_word_on_money_is_in_the_ledger(dialect: str, tmp_path: Path) -> None:
    """Cached tokens in both spellings, and what a gateway says that it cost."""
    with asked(DIALECTS[dialect], tmp_path, dialect) as (_, room):
        room.ask(TEXTS, CLASSIFY)
        (call,) = room.calls
    assert (call["cached_tokens"] is not None) == bool(DIALECTS[dialect].cached)
    assert (call["stated_usd"] is not None) == bool(DIALECTS[dialect].cost)
