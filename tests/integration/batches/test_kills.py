"""Kills while batches are submitted and harvested: nothing is bought twice, nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.faultd import FaultServer
from assay.project.counting import spend_of
from assay.store import open_store, queries

from .worker import NOWHERE, start

WAIT_SECONDS = 300
PACK = 4
SUBMITTING = [
    "store.put_packs:before:1",
    "batches.submit:before:1",
    "batches.discard:after:1",
    "batches.submit:after:1",
    "batches.known:after:1",
]
HARVESTING = [
    "batches.look:after:1",
    "store.land:before:70",
    "store.note_batch:before:2",
    "batches.tidy:before:1",
    "batches.tidy:after:1",
]


def ran(server: FaultServer, path: Path, count: int, pack: int, place: str) -> dict[str, int]:
    """What a process printed that was not killed; one that was has nothing to say."""
    process = start(path, server.url(), count, pack, place)
    out, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == (0 if place == NOWHERE else -9), errors
    found: dict[str, int] = json.loads(out or "{}")
    return found


def usd_of(summary: dict[str, float]) -> float:
    """What the server has billed: half for what came in a batch, at the prices of the worker."""
    whole = summary["input_tokens"] + 4 * summary["output_tokens"]
    in_batch = summary["batch_input_tokens"] + 4 * summary["batch_output_tokens"]
    return (whole - in_batch / 2) / 1_000_000


@pytest.mark.parametrize(
    ("count", "pack", "submitting", "harvesting"),
    [
        (320, PACK, SUBMITTING[3:4], HARVESTING[1:2]),
        pytest.param(20_000, 16, SUBMITTING, HARVESTING, marks=pytest.mark.whole),
    ],
)
def test_killed_at_any_place(
    tmp_path: Path, count: int, pack: int, submitting: list[str], harvesting: list[str]
) -> None:
    """Process after process dies at another place; the one that lives has all answers.

    Each was asked once, in a batch, and the ledger has what that costs: half.
    """
    path = tmp_path / "store.sqlite"
    with FaultServer(batches="hours=1") as server:
        for place in submitting:
            ran(server, path, count, pack, place)
        assert ran(server, path, count, pack, NOWHERE) == {"pending": count}
        server.pass_time(hours=1)
        for place in harvesting:
            ran(server, path, count, pack, place)
        assert ran(server, path, count, pack, NOWHERE) == {"ok": count}
        summary, files = server.summary(), server.service.desk.shelf.files
    trials = summary["requests"] - summary["batch_requests"]
    assert 1 <= trials <= 2, "before the first batch; once more where the first died with its word"
    assert summary["paid_records"] == count + trials
    assert (summary["distinct_paid"], files) == (count + 1, {})
    store = open_store(path)
    spent, (batch,) = spend_of(store), store.read(queries.BatchesOnRecord(also_over=True))
    store.close()
    assert spent.cost_usd == pytest.approx(usd_of(summary))
    requests = count // pack + trials
    assert (batch.place, spent.requests, spent.answers) == ("over", requests, count)
