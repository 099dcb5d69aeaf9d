"""What is red below a model whose rows wait for a batch proves nothing; anything else does."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.values import Fate
from assay.project.waiting import is_premature, not_ready, pending_models
from assay.store import Use
from assay.store.accounts import use_of

COLUMNS = {"p": ["asks.topic"]}
MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.asks": {"name": "asks", "resource_type": "model"},
        "model.other": {"name": "other", "resource_type": "model"},
        "test.of_asks": {"name": "of_asks", "resource_type": "test"},
        "test.of_other": {"name": "of_other", "resource_type": "test"},
        "model.gate_silver": {"name": "gate_silver", "resource_type": "model"},
        "model.gold": {"name": "gold", "resource_type": "model"},
    },
    "child_map": {
        "model.asks": ["test.of_asks", "model.gate_silver"],
        "model.other": ["test.of_other"],
        "model.gate_silver": ["model.gold"],
    },
}


def used(pending: int, answered: int) -> Use:
    """What became of the rows of the one question."""
    fates = {"ok": Fate(answered), "pending": Fate(pending, reason="Waits.")}
    served = ("r", "classify", "p", "m", pending + answered, 0, "2026-01-01")
    return use_of(served, fates, None)


@pytest.mark.parametrize(
    ("red", "premature"),
    [
        (["test.of_asks"], True),
        (["test.of_asks", "model.gate_silver"], True),
        (["test.of_asks", "test.of_other"], False),
        (["model.gold"], False),
        (["model.asks"], False),
        ([], False),
    ],
)
def test_only_checks_below_what_waits_are_too_early(red: list[str], premature: bool) -> None:
    """A model that fails is red, and so is a test of another model."""
    rows = [{"unique_id": name, "status": "fail"} for name in red]
    results = {"results": [*rows, {"unique_id": "model.gold", "status": "skipped"}]}
    models = pending_models([used(1, 1)], COLUMNS)
    assert is_premature(results, MANIFEST, models) is premature


def test_pending_rows_are_no_failures_and_not_judged() -> None:
    """They have a share of their own."""
    use = used(3, 9)
    assert (use.failures, use.judged, use.pending_share, use.bought) == (0, 9, 0.25, 9)


def test_a_share_above_the_bound_is_not_ready() -> None:
    """One at the bound is."""
    assert list(not_ready([used(3, 9)], 0.25, COLUMNS)) == []
    (line,) = not_ready([used(3, 9)], 0.2, COLUMNS)
    assert line.startswith("asks.topic: 3 rows of 12 wait for a batch (25.0%, at most 20.0% may)")
