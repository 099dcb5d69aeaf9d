"""Promise 3: an answer lands on its own row."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from assay.core.store_place import StorePlace
from assay.faultd import FaultServer

from ..durability.worker import resolver, run, text_of, value_of
from ..figures import Figure

CONFUSIONS = ("shuffled", "missing", "doubled", "shifted", "forged", "extra")
CHUNK = 2048


@pytest.mark.parametrize("records", [10_000, pytest.param(100_000, marks=pytest.mark.whole)])
def test_p03_no_answer_lands_on_another_row(
    either_store: StorePlace, records: int, figure: Figure
) -> None:
    """Each text's answer is its hash, and six requests in ten are answered in a confused way."""
    spec = ",".join(["mix", *(f"{name}=0.1" for name in CONFUSIONS)])
    with (
        FaultServer(answer=lambda text, _: hashlib.sha256(text.encode()).hexdigest()) as server,
        run(either_store, server.url(spec), max_in_flight=16) as opened,
    ):
        asking, handle = resolver(opened)
        opened.begin_gather()
        for first in range(0, records, CHUNK):
            asking.gather(handle, texts(first, records))
        opened.end_gather()
        tally = {"right": 0, "failed": 0, "misplaced": 0}
        for first in range(0, records, CHUNK):
            outcomes = asking.ask(handle, texts(first, records))
            for number, outcome in enumerate(outcomes, start=first):
                tally[verdict(number, outcome)] += 1
        played = server.summary()["by_scenario"]
    assert tally["misplaced"] == 0
    assert (tally["right"], tally["failed"]) == (records, 0)
    assert all(played[name] > 10 for name in CONFUSIONS)
    confused = sum(played[name] for name in CONFUSIONS)
    figure(records=records, requests=sum(played.values()), confused=confused, **tally)


def texts(first: int, records: int) -> list[str]:
    """The texts of a chunk."""
    return [text_of(number) for number in range(first, min(first + CHUNK, records))]


def verdict(number: int, outcome: Any) -> str:
    """What became of a record."""
    if outcome.status != "ok":
        return "failed"
    return "right" if outcome.value == value_of(number) else "misplaced"
