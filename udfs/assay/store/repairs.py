"""Repairs as the store keeps them: what was proposed for a cell, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decision = Literal["accepted", "rejected", "undone"]
RepairStatus = Literal["proposed", "accepted", "rejected", "undone"]


@dataclass(frozen=True, slots=True)
class Repair:
    """One row of `repairs`: a cell, what it holds and what it should hold, as text.

    `relation` is `schema.table`, `row_key` the value of `key_column`. `confidence` is between 0
    and 1. `status` is the last decision, with its time in UTC and who made it, a person or
    `rule: ` and a condition; before one it is `proposed`.
    """

    id: str
    relation: str
    key_column: str
    row_key: str
    column_name: str
    before: str | None
    after: str | None
    reason: str
    rule: str
    confidence: float
    proposed_at: str
    status: RepairStatus = "proposed"
    decided_at: str | None = None
    decided_by: str | None = None
