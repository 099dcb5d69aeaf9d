"""A retry of a record alone says what was wrong, in our words and once."""

from __future__ import annotations

import json
from pathlib import Path

from assay.core.settings import Settings
from assay.core.values import Reply, Request
from assay.engine.session import open_session
from assay.functions.classify import Classify
from assay.providers.fake import FakeProvider

TASK = Classify.model_validate({"labels": [{"name": "good"}, {"name": "bad"}]})
TEXTS = ["fine", "an odd text", "broken"]


def obstinate(sent: Request) -> Reply:
    """Invents a label for the odd text, until it is told."""
    said = {
        id_: "odd" if record.text == TEXTS[1] and "refused" not in sent.system else "good"
        for id_, record in zip(sent.ids, sent.pack.records, strict=True)
    }
    return Reply(json.dumps(said), sent.model)


def test_a_record_alone_is_told_what_was_wrong(tmp_path: Path) -> None:
    """One sentence at the end of the message that is the same for all, and no row's text."""
    provider = FakeProvider(obstinate)
    settings = Settings(store=tmp_path / "store.sqlite")
    with open_session(settings, provider) as session:
        outcomes = session.run().ask(TASK, TEXTS)
    assert [one.answer for one in outcomes] == ["good"] * 3
    *before, last = provider.requests
    assert [one.system for one in before] == [before[0].system] * len(before)
    added = last.system.removeprefix(before[0].system)
    assert added.startswith("\nThe last answer was refused: ")
    assert "label" in added
    assert not any(text in last.system for text in TEXTS)
