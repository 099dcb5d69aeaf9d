"""Promise 4: one bad record costs only itself."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.faultd import FaultServer
from assay.faultd.plays import Play, PlayedCall
from assay.faultd.replies import good
from assay.faultd.scenarios.registry import SCENARIOS
from assay.faultd.scenarios.scenario import scenario

from ..durability.worker import resolver, run, text_of, value_of
from ..figures import Figure

POISONS: dict[str, tuple[str, dict[str, str], str]] = {
    "REFUSE": ("refuse", {}, "refused"),
    "FILTER": ("filter", {}, "refused"),
    "BAD400": ("s400", {}, "invalid"),
    "BAD500": ("s500", {}, "transport"),
    "HANG": ("hang", {"seconds": "3"}, "transport"),
    "LONG": ("length", {}, "invalid"),
    "SURROGATE": ("surrogate", {"at": "content"}, "ok"),
}
"""Marker in the text: what the server then plays for the whole pack, and what its row becomes."""

PACK, ATTEMPTS = 16, 2


@scenario("p04")
def poisons(call: PlayedCall) -> Play:
    """Plays the fault of the first poison that is in the pack."""
    for marker, (name, params, _) in POISONS.items():
        if any(marker in record.text for record in call.chat.records):
            return call.delegate(name, params)
    return good(call)


@pytest.mark.parametrize("records", [2000, pytest.param(20_000, marks=pytest.mark.whole)])
def test_p04_a_poison_costs_its_own_row_and_a_handful_of_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: int, figure: Figure
) -> None:
    """One of each kind among good rows: those are answered, each poison gets its own status."""
    monkeypatch.setitem(SCENARIOS, "poisons", poisons)
    path = tmp_path / "store.sqlite"
    texts = [text_of(number) for number in range(records)]
    for place, marker in enumerate(POISONS):
        texts[place * records // len(POISONS) + 3] += f" {marker}"
    limits = {"pack_records": PACK, "max_attempts": ATTEMPTS, "deadline_seconds": 1.0}

    def hashed(text: str, _: Any) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    with (
        FaultServer(answer=hashed, keep_texts=True) as server,
        run(path, server.url("poisons"), **limits) as opened,
    ):
        asking, handle = resolver(opened)
        opened.begin_gather()
        asking.gather(handle, texts)
        opened.end_gather()
        outcomes = dict(zip(texts, asking.ask(handle, texts), strict=True))
        requests = len(server.ledger.entries)

    poisoned = {marker: next(text for text in texts if marker in text) for marker in POISONS}
    became = {marker: outcomes.pop(text).status for marker, text in poisoned.items()}
    others = Counter(outcome.status for outcome in outcomes.values())
    extra = requests - math.ceil(records / PACK)
    most = len(POISONS) * (2 * math.log2(PACK) + ATTEMPTS)
    assert became == {marker: expected for marker, (_, _, expected) in POISONS.items()}
    assert others == {"ok": records - len(POISONS)}
    assert all(outcomes[text_of(number)].value == value_of(number) for number in (0, 1, 2))
    assert extra <= most
    figure(records=records, answered=others["ok"], extra_requests=extra, allowed=most, **became)
