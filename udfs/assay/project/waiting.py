"""What waits for batches, in words, and whether it is too much for gold."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence

from assay.core.plural import counted
from assay.core.program import program
from assay.store import BatchRow, Ledger, Use, queries


def waiting(store: Ledger, uses: Iterable[Use] = ()) -> str | None:
    """Return how many rows, or else questions, wait for how many batches, and until when.

    None where nothing waits. `uses` are those of the run whose rows are counted.
    """
    batches = [row for row in store.read(queries.BatchesOnRecord()) if row.is_open and row.asks]
    if not batches:
        return None
    rows, asks = sum(use.pending for use in uses), sum(row.asks for row in batches)
    what = counted(rows, "row") if rows else counted(asks, "question")
    verb = "waits" if (rows or asks) == 1 else "wait"
    return f"{what} {verb} for {_batches(len(batches))}{_until(batches)}."


def not_ready(
    uses: Iterable[Use], most: float, columns: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield a sentence for each question of whose rows a greater share than `most` waits."""
    for use in uses:
        if use.pending and use.pending_share > most:
            named = " and ".join(columns.get(use.prompt_hash, ())) or f"ai_{use.kind}"
            yield (
                f"{named}: {counted(use.pending, 'row')} of {use.judged + use.pending:,} wait for "
                f"a batch ({use.pending_share:.1%}, at most {most:.1%} may): not ready; run "
                f"`{program('build')}` once it is there, or allow more by "
                "`ASSAY_MAX_PENDING_SHARE`"
            )


def _batches(count: int) -> str:
    return f"{count:,} batch{'' if count == 1 else 'es'}"


def _until(batches: Sequence[BatchRow]) -> str:
    """Return until when the oldest batch is promised, as a clock here shows it."""
    promised = min((row.expires_at for row in batches if row.expires_at), default=None)
    if promised is None:
        return ""
    moment = datetime.datetime.fromisoformat(promised)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    here, today = moment.astimezone(), datetime.datetime.now().astimezone()
    day = "" if here.date() == today.date() else f"{here:%Y-%m-%d} "
    return f", the oldest until {day}{here:%H:%M}"
