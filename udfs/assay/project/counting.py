"""What runs did, counted in one place: requests, answers, money, rows saved and without an answer.

Whoever names such a number takes it from here: the summary of a build, the report, `spend`,
`doctor`, and the tables of ops. What they count are the `Use`s of the store, one query for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.store import Ledger, Selection, Spend, Use, queries


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


def failed_in(uses: Iterable[Use]) -> Mapping[str, int]:
    """Return how many rows have no answer, by status, the commonest first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts.update({status: fate.rows + fate.kept for status, fate in use.failed.items()})
    return dict(counts.most_common())
