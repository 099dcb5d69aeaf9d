"""What waits for batches, in words, and whether it is too much for gold."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.layers import is_gate
from assay.store import BatchRow, Ledger, Use, queries

_RED = ("fail", "error", "runtime error")


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


def is_premature(
    results: Mapping[str, Any], manifest: Mapping[str, Any], models: Collection[str]
) -> bool:
    """Whether all that is red in a run are tests and gates below models whose rows wait.

    What they say of rows that are not back proves nothing, neither way. `models` are names.
    """
    red = [str(one["unique_id"]) for one in results["results"] if one["status"] in _RED]
    waiting_for = [name for name, node in manifest["nodes"].items() if node.get("name") in models]
    below = _below(manifest["child_map"], waiting_for)
    return bool(red) and all(
        name in below and _is_check(manifest["nodes"].get(name, {})) for name in red
    )


def _is_check(node: Mapping[str, Any]) -> bool:
    kind = node.get("resource_type")
    gates_rows = node.get("config", {}).get("materialized") == "row_gate"
    return kind == "test" or (kind == "model" and (is_gate(node) or gates_rows))


def _below(children: Mapping[str, Sequence[str]], names: Iterable[str]) -> set[str]:
    """Return all that hangs on these nodes, themselves included."""
    found: set[str] = set()
    left = list(names)
    while left:
        if (name := left.pop()) not in found:
            found.add(name)
            left += children.get(name, ())
    return found


def pending_models(uses: Iterable[Use], columns: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the names of the models of which rows wait for a batch."""
    return {
        column.partition(".")[0]
        for use in uses
        if use.pending
        for column in columns.get(use.prompt_hash, ())
    }


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
