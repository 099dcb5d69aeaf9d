"""What the embedded provider cannot judge is told from failures, kept, and not asked again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import assay
from assay.core.settings import Settings
from assay.forms.chat_reply import judge
from assay.providers.local.models.judgement import NOT_READ
from assay.providers.local.provider import LocalProvider
from assay.providers.local.traits import LOCAL_MODEL, MINILM_MODEL
from assay.store import queries

from .builders import NOW, request, task

FOREIGN = "Kartu saya hilang kemarin di dalam bis kota"


def test_a_reply_may_decline_an_ask() -> None:
    """It is neither an answer nor a rejection."""
    sent = request("I lost my card", FOREIGN, tasks=[task("classify", labels=["card", "fee"])])
    judged = judge(sent, asyncio.run(LocalProvider().send(sent)), NOW)
    known, foreign = (ask.key for ask in sent.pack.asks)
    assert (set(judged.answers), dict(judged.rejected)) == ({known}, {})
    assert judged.declined == {foreign: NOT_READ.declined}


def test_it_has_a_status_of_its_own_and_is_asked_once(tmp_path: Path) -> None:
    """The next session finds it in the store, and it is no dead letter."""
    asked = assay.Classify(labels=["card", "fee"])
    outcomes = []
    for _ in range(2):
        with assay.open(store=tmp_path / "s.sqlite", provider="local") as session:
            with session.begin("a-run") as run:
                outcomes.append(run.ask(asked, ["I lost my card", FOREIGN]))
            dead = session.store.read(queries.DeadLetterCount())
    assert [one.status for one in outcomes[0]] == ["ok", "unsupported"]
    assert (outcomes[1], dead) == (outcomes[0], 0)


@pytest.mark.parametrize(
    ("setting", "asked", "model"),
    [
        (None, None, LOCAL_MODEL),
        ("gpt-9", None, LOCAL_MODEL),
        ("minilm", None, MINILM_MODEL),
        (None, "minilm", MINILM_MODEL),
        (None, MINILM_MODEL, MINILM_MODEL),
    ],
)
def test_an_embedded_model_is_chosen_by_name(
    setting: str | None, asked: str | None, model: str
) -> None:
    """Its answers are kept under a name of its own; whatever else is named is the default."""
    assert Settings(model=setting).model_for(asked) == model
