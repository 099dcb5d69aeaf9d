"""What runs did, counted in one place: requests, answers, money, rows saved and without an answer.

Whoever names such a number takes it from here: the summary of a build, the report, `spend`,
`doctor`, and the tables of ops. What they count are the `Use`s of the store, one query for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.store import PLUS, LearntCascade, Ledger, Selection, Spend, Use, queries


@dataclass(frozen=True, slots=True)
class Saved:
    """Rows of some uses that needed no answer of their own.

    `unpriced` of them are not in `usd`, which is None where that is true of all.
    """

    rows: int = 0
    stored: int = 0
    repeated: int = 0
    usd: float | None = 0.0
    unpriced: int = 0

    @property
    def values(self) -> int:
        """All that was saved."""
        return self.stored + self.repeated


def spend_of(store: Ledger, invocation_id: str | None = None) -> Spend:
    """Return what `invocation_id` sent, from the ledger; without one, all that is in it."""
    return store.read(queries.Spent(invocation_id))


def uses_in(store: Ledger, invocation_id: str) -> list[Use]:
    """Return the uses of one run."""
    return store.read(queries.Uses(Selection(invocation_id=invocation_id)))


def saved_in(uses: Iterable[Use]) -> Saved:
    """Add up what was saved."""
    found = list(uses)
    priced = [one.saved_usd for one in found if one.saved_usd is not None]
    unpriced = sum(one.saved for one in found if one.saved_usd is None)
    stored, repeated = sum(one.stored for one in found), sum(one.repeated for one in found)
    nothing_known = unpriced == stored + repeated > 0
    usd = None if nothing_known else sum(priced)
    return Saved(sum(one.rows for one in found), stored, repeated, usd, unpriced)


@dataclass(frozen=True, slots=True)
class CascadeUse:
    """What a cascade did in a run: rows whose cheap answer was kept, and rows that were asked on.

    Of each so many were new in the run. `saved_usd` is an estimate: what the new ones that were
    kept would have cost of the dear model, less what the cheap side has cost for all that are new;
    None where no price is known. Columns with the same question and models count together.
    """

    learnt: LearntCascade
    invocation_id: str
    started_at: str
    kept: int
    asked_on: int
    saved_usd: float | None

    @property
    def kept_share(self) -> float | None:
        """The share of the rows whose cheap answer was kept."""
        rows = self.kept + self.asked_on
        return self.kept / rows if rows else None


def cascades_in(store: Ledger) -> list[CascadeUse]:
    """Return what each cascade did in each run that served it, the oldest run first."""
    uses = store.read(queries.Uses())
    prices = store.read(queries.AnswerCosts())
    served = {(use.invocation_id, use.prompt_hash, use.model): use for use in uses}
    runs = {use.invocation_id: use.started_at for use in uses}
    found = [
        _cascade_use(one, invocation_id, begun, served, prices)
        for one in store.read(queries.Calibrations())
        for invocation_id, begun in runs.items()
    ]
    used = [one for one in found if one.kept or one.asked_on]
    return sorted(used, key=lambda one: (one.started_at, one.learnt.calibrated_at))


def _cascade_use(
    one: LearntCascade,
    invocation_id: str,
    begun: str,
    served: Mapping[tuple[str, str, str], Use],
    prices: Mapping[tuple[str, str], float],
) -> CascadeUse:
    cheap, dear = (
        served.get((invocation_id, one.prompt_hash, model))
        or Use(invocation_id, begun, one.kind, one.prompt_hash, model, 0)
        for model in (one.model, one.dear)
    )
    dear_usd = prices.get((one.prompt_hash, one.dear))
    asked_usd = sum(prices.get((one.prompt_hash, name), 0.0) for name in one.cheap.split(PLUS))
    saved = None
    if dear_usd is not None:
        saved = cheap.bought * dear_usd - (cheap.bought + dear.bought) * asked_usd
    return CascadeUse(one, invocation_id, begun, cheap.rows, dear.rows, saved)


def failed_in(uses: Iterable[Use]) -> Mapping[str, int]:
    """Return how many rows have no answer, by status, the commonest first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts.update({status: fate.rows + fate.kept for status, fate in use.failed.items()})
    return dict(counts.most_common())
