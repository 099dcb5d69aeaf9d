"""What the store says of a run and those before it: queries and sums, in one transaction."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import quantiles
from typing import Any

from assay.core.errors import ConfigError
from assay.project.counting import CALL_SUMS, Use, failed_in, saved_in, uses_of
from assay.project.gates.gate import red_gates
from assay.project.report.facts import (
    GoldenFacts,
    LedgerFacts,
    LetterGroup,
    Prompt,
    RunFacts,
    SuiteFacts,
    SuiteState,
    plain,
)
from assay.project.report.specs import short
from assay.store.sqlite.dead_letters import Letter, letters, task_specs
from assay.store.sqlite.gates import GateRow, gate_rows

MOST_RUNS = 12
"""How many runs a history has."""

_MOST_KEYS = 3
_KEY_DIGITS = 12
_MOST_NAMED = 5

_SUMMED = (
    *("requests", "replies", "failed_requests", "records", "asks", "answers", "input_tokens"),
    *("output_tokens", "cost_usd", "unknown_cost", "maybe_paid"),
)
_RUNS = f"""
    select
        runs.invocation_id, runs.started_at, provider, host, model, stopped_by, message,
        {", ".join(f"coalesce({name}, 0) as {name}" for name in _SUMMED)},
        coalesce(expectations, 0) as expectations, coalesce(red, 0) as red
    from runs
    left join (
        select invocation_id, {CALL_SUMS} from calls group by 1
    ) as calls on calls.invocation_id = runs.invocation_id
    left join (
        select invocation_id, count(*) as expectations, sum(reasons <> '') as red
        from gate_results group by 1
    ) as gates on gates.invocation_id = runs.invocation_id
    order by runs.started_at, runs.invocation_id
"""  # noqa: S608

_CALLS = (
    "select prompt_hashes, model, outcome, records, input_tokens, output_tokens, cost_usd, "
    "latency_seconds from calls"
)

_EVALUATIONS = """
    select
        model_name, column_name, golden, prompt_hash, model, row_count, accuracy, accuracy_low,
        accuracy_high, macro_f1, token_f1, p_value, passed, reasons, evaluated_at
    from evaluations order by evaluated_at, model_name, column_name, golden
"""


def read_ledger(connection: sqlite3.Connection, wanted: str | None) -> LedgerFacts | None:
    """Return what the store says of the run whose id begins with `wanted`, or of the last one.

    None where no run is on record. Raises `ConfigError` for an id that no run has, or several.
    """
    uses = uses_of(connection)
    known = _runs(connection, uses)
    looks = {name for (name,) in connection.execute("select invocation_id from looks")}
    if (run := _chosen(known, wanted, looks)) is None:
        return None
    place = known.index(run)
    later = sum(map(_did_something, known[place + 1 :]))
    known = known[: place + 1]
    history = [one for one in known if _did_something(one) or one is run][-MOST_RUNS:]
    specs = task_specs(connection)
    calls = connection.execute(f"{_CALLS} where invocation_id = ?", [run.invocation_id]).fetchall()
    every = connection.execute(_CALLS).fetchall()
    checked = gate_rows(connection, run.invocation_id)
    return LedgerFacts(
        run=run,
        later=later,
        history=history,
        uses=[use for use in uses if use.invocation_id == run.invocation_id],
        prompts=_prompts(calls or every, specs),
        prompts_of="run" if calls else "all",
        outcomes=_outcomes(calls),
        suites=_suites(checked),
        red_lines=red_gates(checked),
        suite_history=_suite_history(connection, history),
        letters=_letters(letters(connection)),
        evaluations=_evaluations(connection),
        specs=specs,
    )


def _runs(connection: sqlite3.Connection, uses: Sequence[Use]) -> list[RunFacts]:
    """Return all runs, the oldest first, with what became of their rows."""
    by_run: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        by_run[use.invocation_id].append(use)
    found = connection.execute(_RUNS)
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return [RunFacts(**row, **_row_counts(by_run[row["invocation_id"]])) for row in rows]


def _row_counts(uses: Sequence[Use]) -> dict[str, Any]:
    saved = saved_in(uses)
    failed = sum(failed_in(uses).values())
    counts = {"rows": saved.rows, "stored": saved.stored, "repeated": saved.repeated}
    return counts | {"bought": sum(use.bought for use in uses), "failed": failed}


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
    where = f" of {row.column_name}" if row.column_name else ""
    error = f" ({row.error})" if row.error else ""
    return plain(f"{row.expectation}{where}: {row.reasons}{error}")


def _suite_history(
    connection: sqlite3.Connection, history: Sequence[RunFacts]
) -> list[SuiteState]:
    query = (
        "select invocation_id, gate, suite, count(*), sum(reasons <> '') from gate_results "
        "group by 1, 2, 3 order by max(checked_at)"
    )
    shown = {run.invocation_id for run in history}
    return [SuiteState(*row) for row in connection.execute(query) if row[0] in shown]


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


# What was measured


def _evaluations(connection: sqlite3.Connection) -> list[GoldenFacts] | None:
    query = "select count(*) from sqlite_master where type = 'table' and name = 'evaluations'"
    (known,) = connection.execute(query).fetchone()
    return [GoldenFacts(*row) for row in connection.execute(_EVALUATIONS)] if known else None
