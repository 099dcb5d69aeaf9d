"""How far label counts have moved: the population stability index, as `ai_label_drift` has it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from assay.project.report.facts import Shares, State

STABLE, SHIFTED = 0.1, 0.25
"""Under the first reads as stable, over the second as shifted: N. Siddiqi, Credit Risk
Scorecards, Wiley 2006."""

_LEAST_ROWS = 0.5
"""A share of zero counts as half a row."""


def psi(accepted: Mapping[str, int], present: Mapping[str, int]) -> float | None:
    """Return sum((p - a) * ln(p / a)) over all labels; None where either side has no rows."""
    accepted_total, present_total = sum(accepted.values()), sum(present.values())
    if not accepted_total or not present_total:
        return None
    pairs = [
        (
            max(accepted.get(label, 0), _LEAST_ROWS) / accepted_total,
            max(present.get(label, 0), _LEAST_ROWS) / present_total,
        )
        for label in {*accepted, *present}
    ]
    return sum((now - then) * math.log(now / then) for then, now in pairs)


def reading(index: float | None) -> str:
    """Return the index as a word."""
    if index is None:
        return "nothing to compare with"
    if index < STABLE:
        return "stable"
    return "moved" if index <= SHIFTED else "shifted"


def previous(found: Shares) -> State | None:
    """Return what a run before left accepted of the same prompt, if it differs from now."""
    same = [state for state in found.accepted if state.prompt_hash == found.now.prompt_hash]
    other = [state for state in same if state.counts != found.now.counts]
    return other[-1] if other else None
