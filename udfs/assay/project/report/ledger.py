"""What the store says of a run and those before it: reads and sums, as of one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import quantiles
from typing import Any

from assay.core.errors import ConfigError
from assay.project.counting import CascadeUse, cascades_in, failed_in, saved_in
from assay.project.gates.gate import red_gates, result_of
from assay.project.gates.verdict import told
from assay.project.report.facts import (
    LedgerFacts,
    LetterGroup,
    Prompt,
    RunFacts,
    SuiteFacts,
    SuiteState,
    plain,
)
from assay.project.report.specs import short
from assay.store import GateRow, Ledger, Letter, Use, queries

MOST_RUNS = 12
"""How many runs a history has."""

_MOST_KEYS = 3
_KEY_DIGITS = 12
_MOST_NAMED = 5


def read_ledger(store: Ledger, wanted: str | None) -> LedgerFacts | None:
    """Return what the store says of the run whose id begins with `wanted`, or of the last one.

    None where no run is on record. Raises `ConfigError` for an id that no run has, or several.
    """
    with store.snapshot():
        return _read_ledger(store, wanted)


def _read_ledger(store: Ledger, wanted: str | None) -> LedgerFacts | None:
    uses = store.read(queries.Uses())
    sums = store.read(queries.RunSums())
    looks = {row["invocation_id"] for row in sums if not row.pop("builds")}
    known = _runs(sums, uses)
    if (run := _chosen(known, wanted, looks)) is None:
        return None
    place = known.index(run)
    later = sum(map(_did_something, known[place + 1 :]))
    known = known[: place + 1]
    history = _history(known, run)
    specs = store.read(queries.TaskSpecs())
    calls = store.read(queries.AttemptFigures(run.invocation_id))
    checked = store.read(queries.GateRows(run.invocation_id))
    return LedgerFacts(
        run=run,
        later=later,
        history=history,
        uses=[use for use in uses if use.invocation_id == run.invocation_id],
        prompts=_prompts(calls or store.read(queries.AttemptFigures()), specs),
        prompts_of="run" if calls else "all",
        outcomes=_outcomes(calls),
        suites=_suites(checked),
        red_lines=red_gates(checked),
        suite_history=_suite_history(store, history),
        letters=_letters(store.read(queries.AllLetters())),
        evaluations=store.read(queries.EvaluationsOf()),
        specs=specs,
        cascades=_cascades(store, run),
    )


def _runs(sums: Iterable[Mapping[str, Any]], uses: Sequence[Use]) -> list[RunFacts]:
    """Return all runs, in their order, with what became of their rows."""
    by_run: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        by_run[use.invocation_id].append(use)
    return [RunFacts(**row, **_row_counts(by_run[row["invocation_id"]])) for row in sums]


def _row_counts(uses: Sequence[Use]) -> dict[str, Any]:
    saved = saved_in(uses)
    failed = sum(failed_in(uses).values())
    counts = {"rows": saved.rows, "stored": saved.stored, "repeated": saved.repeated}
    pending = sum(use.pending for use in uses)
    return counts | {
        "bought": sum(use.bought for use in uses),
        "failed": failed,
        "pending": pending,
    }


def _chosen(
    known: Sequence[RunFacts], wanted: str | None, looks: Collection[str]
) -> RunFacts | None:
    """The run that was asked for; else the last that asked or checked anything, else the last."""
    if wanted is None:
        busy = [run for run in known if _did_something(run) and _is_a_build(run, looks)]
        return next(reversed(busy or known), None)
    found = [run for run in known if run.invocation_id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    last = ", ".join(run.invocation_id[:8] for run in known[-_MOST_NAMED:]) or "none"
    state = f"{len(found)} runs begin with" if found else "No run begins with"
    message = f"{state} {plain(wanted, 40)!r}; the last on record: {last}."
    raise ConfigError(message)


def _history(known: Sequence[RunFacts], run: RunFacts) -> list[RunFacts]:
    """Return the last runs that asked or were red, and `run`; where none did, those that checked.

    Builds in which nothing was due would soon leave no room for any other.
    """
    telling = [one for one in known if one.rows or one.requests or one.red]
    shown = {id(one) for one in telling or filter(_did_something, known)} | {id(run)}
    return [one for one in known if id(one) in shown][-MOST_RUNS:]


def _did_something(run: RunFacts) -> bool:
    return bool(run.rows or run.requests or run.expectations)


def _is_a_build(run: RunFacts, looks: Collection[str]) -> bool:
    return run.invocation_id not in looks and not run.invocation_id.startswith("replay-")


# What was asked


def _prompts(
    calls: Iterable[tuple[Any, ...]], specs: Mapping[str, tuple[str, str]]
) -> list[Prompt]:
    by_name: dict[str, list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    for call in calls:
        names = call[0].split(",")
        for name in names:
            by_name[name].append((len(names), call))
    found = [_prompt(name, shared, specs) for name, shared in by_name.items()]
    return sorted(found, key=lambda one: (-(one.p95_seconds or 0), one.prompt_hash))


def _prompt(
    name: str,
    shared: Sequence[tuple[int, tuple[Any, ...]]],
    specs: Mapping[str, tuple[str, str]],
) -> Prompt:
    """Sum over the requests of a prompt; one that carried several counts for each in part."""
    kind, spec = specs.get(name, ("", ""))
    seconds = [call[7] for _, call in shared if call[7] is not None]
    costs = [call[6] / among for among, call in shared if call[6] is not None]
    p50, p95 = _percentiles(seconds)
    return Prompt(
        prompt_hash=name,
        kind=kind or "not on record",
        spec=short(kind, spec),
        models=", ".join(sorted({plain(call[1], 60) for _, call in shared})),
        requests=len(shared),
        failed=sum(call[2] not in ("ok", "partial") for _, call in shared),
        records=sum(call[3] for _, call in shared),
        p50_seconds=p50,
        p95_seconds=p95,
        input_tokens=sum((call[4] or 0) / among for among, call in shared),
        output_tokens=sum((call[5] or 0) / among for among, call in shared),
        cost_usd=sum(costs) if costs else None,
    )


def _percentiles(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    """The 50th and 95th, between the measured ones: the inclusive method."""
    if not seconds:
        return None, None
    if len(seconds) == 1:
        return seconds[0], seconds[0]
    cuts = quantiles(seconds, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _outcomes(calls: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for call in calls:
        counts[call[2]] += 1
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def _cascades(store: Ledger, run: RunFacts) -> list[CascadeUse]:
    """Return each cascade in the last run up to this one that it served, the latest first."""
    found = [one for one in cascades_in(store) if one.started_at <= run.started_at]
    last = {one.learnt.cascade: one for one in found}
    return sorted(last.values(), key=lambda one: one.started_at, reverse=True)


# What was checked


def _suites(rows: Iterable[GateRow]) -> list[SuiteFacts]:
    return [
        _suite(gate, suite, list(its_rows))
        for (gate, suite), its_rows in groupby(rows, lambda row: (row.gate, row.suite))
    ]


def _suite(gate: str, suite: str, rows: Sequence[GateRow]) -> SuiteFacts:
    return SuiteFacts(
        gate,
        suite,
        len(rows),
        sum(row.evaluated or 0 for row in rows),
        sum(row.unexpected or 0 for row in rows),
        [_red(row) for row in rows if row.reasons],
    )


def _red(row: GateRow) -> str:
    where = f" on {row.column_name}" if row.column_name else ""
    return plain(f"{row.expectation}{where}: {told(result_of(row)) or row.reasons}")


def _suite_history(store: Ledger, history: Sequence[RunFacts]) -> list[SuiteState]:
    shown = {run.invocation_id for run in history}
    return [SuiteState(*row) for row in store.read(queries.GateSums()) if row[0] in shown]


# What has no answer


def _letters(found: Iterable[Letter]) -> list[LetterGroup]:
    groups: dict[tuple[str, str, str, str], list[Letter]] = defaultdict(list)
    for letter in found:
        groups[letter.kind, letter.status, letter.state, plain(letter.error)].append(letter)
    listed = [
        LetterGroup(
            *name,
            count=len(group),
            oldest=group[0].failed_at,
            keys=[letter.key.hex()[:_KEY_DIGITS] for letter in group[:_MOST_KEYS]],
        )
        for name, group in groups.items()
    ]
    return sorted(listed, key=lambda group: (-group.count, group.oldest))
