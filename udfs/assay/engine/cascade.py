"""The decisions of a cascade: which texts are drawn, and from which confidence on it holds. Pure.

Learn then test: of texts drawn at random both models' answers are known. Thresholds are tried from
the strictest down, in an order that was fixed before the answers were looked at. One is accepted
while so few differences among so many texts would be as rare as `delta` if a share `alpha` of all
differed; at the first that is not, it ends.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assay.core.cascade import fewest_texts
from assay.core.values import Outcome
from assay.store import PENDING

THRESHOLDS = 20
"""How many thresholds are tried at most: each more keeps hardly more, and uses up `delta`."""

_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn text: how sure the cheap model is, and whether it differs from the dear one."""

    confidence: float
    differs: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this confidence on the cheap answer is kept: `kept` drawn texts, `errors` of them."""

    confidence: float
    kept: int
    errors: int


def draw(keys: Iterable[bytes], size: int) -> list[bytes]:
    """Return the `size` smallest keys. They are hashes: of the same texts it is the same draw."""
    return heapq.nsmallest(size, keys)


def chance(errors: int, among: int, share: float) -> float:
    """Return the probability of at most so many errors `among` draws that err with `share`."""
    if errors >= among:
        return 1.0
    return math.fsum(_exactly(k, among, share) for k in range(errors + 1))


def upper_bound(errors: int, among: int, delta: float) -> float:
    """Return the greatest share of errors that is not refuted at `delta` (Clopper and Pearson)."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if chance(errors, among, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def threshold(drawn: Sequence[Drawn], alpha: float, delta: float) -> Threshold | None:
    """Return the laxest threshold that passes; None where nothing may be accepted."""
    found: Threshold | None = None
    for confidence in _levels(drawn, fewest_texts(alpha, delta)):
        above = [one for one in drawn if one.confidence >= confidence]
        errors = sum(one.differs for one in above)
        if chance(errors, len(above), alpha) > delta:
            break
        found = Threshold(confidence, len(above), errors)
    return found


def _levels(drawn: Sequence[Drawn], fewest: int) -> list[float]:
    """Return the thresholds to try, each once, from the strictest down; no answer is looked at."""
    order = sorted((one.confidence for one in drawn), reverse=True)
    if len(order) < fewest:
        return []
    steps = THRESHOLDS - 1
    sizes = [fewest + (len(order) - fewest) * step // steps for step in range(THRESHOLDS)]
    return list(dict.fromkeys(order[size - 1] for size in sizes))


def _exactly(errors: int, among: int, share: float) -> float:
    ways = math.lgamma(among + 1) - math.lgamma(errors + 1) - math.lgamma(among - errors + 1)
    return math.exp(ways + errors * math.log(share) + (among - errors) * math.log1p(-share))


@dataclass(frozen=True, slots=True)
class CheapAnswer:
    """What the cheap side says: its first answer, and how sure it is; None for not at all."""

    outcome: Outcome
    confidence: float | None

    @property
    def is_pending(self) -> bool:
        """Whether it waits for a batch."""
        return self.outcome.status == PENDING

    def is_sure(self, least: float) -> bool:
        """Whether it is as sure as that."""
        return self.confidence is not None and self.confidence >= least


def said_together(outcomes: Sequence[Outcome | None]) -> CheapAnswer | None:
    """Return what models say together: one is as sure as it is, two are where they agree."""
    known = [one for one in outcomes if one is not None]
    if len(known) < len(outcomes):
        return None
    if lacking := [one for one in known if one.status != "ok"]:
        waiting = [one for one in lacking if one.status == PENDING]
        return CheapAnswer((waiting or lacking)[0], None)
    if len(known) == 1:
        return CheapAnswer(known[0], known[0].confidence)
    return CheapAnswer(known[0], float(len({one.value for one in known}) == 1))
