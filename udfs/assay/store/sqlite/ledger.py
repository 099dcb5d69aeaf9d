"""The ledger read: attempts, runs and their sums, what was served and what an answer costs."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from typing import Any

from assay.core.values import Fate
from assay.store.accounts import Selection, Spend, Use, costs_of_answers, use_of
from assay.store.queries import (
    AnswerCosts,
    AttemptCount,
    AttemptFigures,
    Attempts,
    AttemptSums,
    LastBuild,
    LastUse,
    MeanLatency,
    Row,
    RungsOf,
    RunSums,
    Spent,
    StopOf,
    Uses,
)
from assay.store.records import Rung

_SUMS = """
    count(*) as requests, count(http_status) as replies,
    count(*) filter (where outcome not in ('ok', 'partial')) as failed_requests,
    coalesce(sum(records), 0) as records, coalesce(sum(asks), 0) as asks,
    coalesce(sum(answers), 0) as answers, coalesce(sum(input_tokens), 0) as input_tokens,
    coalesce(sum(output_tokens), 0) as output_tokens, coalesce(sum(cost_usd), 0.0) as cost_usd,
    count(*) - count(cost_usd) as unknown_cost, coalesce(sum(maybe_paid), 0) as maybe_paid,
    coalesce(sum(cached_tokens), 0) as cached_tokens
"""
"""What a sum over rows of `calls` is made of, wherever requests are counted."""

_SUMMED = (
    *("requests", "replies", "failed_requests", "records", "asks", "answers", "input_tokens"),
    *("output_tokens", "cost_usd", "unknown_cost", "maybe_paid", "cached_tokens"),
)
_RUNS = f"""
    select
        runs.invocation_id, runs.started_at, provider, host, model, stopped_by, message,
        {", ".join(f"coalesce({name}, 0) as {name}" for name in _SUMMED)},
        coalesce(expectations, 0) as expectations, coalesce(red, 0) as red,
        case when looks.invocation_id is null then 1 else 0 end as builds
    from runs
    left join looks on looks.invocation_id = runs.invocation_id
    left join (
        select invocation_id, {_SUMS} from calls group by 1
    ) as calls on calls.invocation_id = runs.invocation_id
    left join (
        select invocation_id, count(*) as expectations,
            count(*) filter (where reasons <> '') as red
        from gate_results group by 1
    ) as gates on gates.invocation_id = runs.invocation_id
    order by runs.started_at, runs.invocation_id
"""  # noqa: S608
_PRICED = """
    select prompt_hashes, model, sum(cost_usd), sum(answers) from calls
    where cost_usd is not null group by 1, 2
"""
_FATES = "select invocation_id, kind, prompt_hash, model, fate, row_count, kept, reason from fates"

_FITS = """
    (:run is null or substr(invocation_id, 1, length(:run)) = :run)
    and (:invocation_id is null or invocation_id = :invocation_id)
    and (:model is null or model = :model)
    and (:since is null or started_at >= :since)
"""
"""The condition that a row fits that is in a `Selection`."""

_OUTCOME = "(:outcome is null or outcome = :outcome)"


def spent(connection: sqlite3.Connection, query: Spent) -> Spend:
    """Return the sums over a run, or over all."""
    names = ", ".join(Spend.__dataclass_fields__)
    part = asdict(Selection(invocation_id=query.invocation_id))
    sums = f"select {names} from (select {_SUMS} from calls where {_FITS}) as sums"  # noqa: S608
    return Spend(*connection.execute(sums, part).fetchone())


def attempts(connection: sqlite3.Connection, query: Attempts) -> list[Row]:
    """Return the last attempts, oldest first."""
    last = (
        f"select * from calls where {_FITS} and {_OUTCOME} "  # noqa: S608
        "order by started_at desc, attempt_id limit :most"
    )
    given = asdict(query.part) | {"outcome": query.outcome, "most": query.most}
    return named(connection.execute(last, given))[::-1]


def attempt_count(connection: sqlite3.Connection, query: AttemptCount) -> int:
    """Return how many attempts there are."""
    given = asdict(query.part) | {"outcome": query.outcome}
    count = f"select count(*) from calls where {_FITS} and {_OUTCOME}"  # noqa: S608
    return int(connection.execute(count, given).fetchone()[0])


def attempt_sums(connection: sqlite3.Connection, query: AttemptSums) -> list[Row]:
    """Return sums by day, run, model and prompts, in that order."""
    sums = (
        "select substr(started_at, 1, 10) as day, invocation_id as run, model, prompt_hashes, "  # noqa: S608
        f"{_SUMS} from calls where {_FITS} group by 1, 2, 3, 4 order by 1, 2, 3, 4"
    )
    return named(connection.execute(sums, asdict(query.part)))


def attempt_figures(
    connection: sqlite3.Connection, query: AttemptFigures
) -> list[tuple[Any, ...]]:
    """Return what there is to count of each attempt."""
    return connection.execute(
        "select prompt_hashes, model, outcome, records, input_tokens, output_tokens, cost_usd, "
        "latency_seconds from calls where ?1 is null or invocation_id = ?1",
        [query.invocation_id],
    ).fetchall()


def mean_latency(connection: sqlite3.Connection, query: MeanLatency) -> float | None:
    """Return mean seconds."""
    seconds: float | None
    (seconds,) = connection.execute(
        "select avg(latency_seconds) from (select latency_seconds from calls "
        "where host = ? and model = ? and outcome in ('ok', 'partial') "
        "order by started_at desc limit ?) as latest",
        [query.host, query.model, query.last],
    ).fetchone()
    return seconds


def answer_costs(connection: sqlite3.Connection, _: AnswerCosts) -> dict[tuple[str, str], float]:
    """Return what an answer cost on average, by prompt hash and model."""
    return costs_of_answers(connection.execute(_PRICED))


def uses(connection: sqlite3.Connection, query: Uses) -> list[Use]:
    """Return what was served, each with the fates of its rows and the price of an answer."""
    fates: dict[tuple[str, ...], dict[str, Fate]] = {}
    for *use, name, rows, kept, reason in connection.execute(_FATES):
        fates.setdefault(tuple(use), {})[name] = Fate(rows, kept, reason)
    prices = answer_costs(connection, AnswerCosts())
    found = connection.execute(
        "select invocation_id, kind, prompt_hash, model, row_count, stored, started_at from ("  # noqa: S608
        "select served.*, runs.started_at from served join runs using (invocation_id)) as asked "
        f"where {_FITS} order by started_at, row_count desc, prompt_hash, model",
        asdict(query.part),
    )
    return [use_of(row, fates.get(row[:4], {}), prices.get((row[2], row[3]))) for row in found]


def run_sums(connection: sqlite3.Connection, _: RunSums) -> list[Row]:
    """Return all runs, the oldest first."""
    return named(connection.execute(_RUNS))


def last_build(connection: sqlite3.Connection, _: LastBuild) -> str | None:
    """Return the id of the last run that built anything."""
    found = connection.execute(
        "select invocation_id from runs where invocation_id not like 'replay-%' "
        "and invocation_id not in (select invocation_id from looks) "
        "order by started_at desc limit 1"
    )
    return next((str(name) for (name,) in found), None)


def stop_of(connection: sqlite3.Connection, query: StopOf) -> tuple[str, str] | None:
    """Return what ended a run early, and the message."""
    found: tuple[str, str] | None = connection.execute(
        "select stopped_by, message from runs where invocation_id = ? and stopped_by is not null",
        [query.invocation_id],
    ).fetchone()
    return found


def last_use(connection: sqlite3.Connection, query: LastUse) -> Row | None:
    """Return the last run that was served a question."""
    found = connection.execute(
        "select invocation_id, started_at from served join runs using (invocation_id) "
        "where prompt_hash = ? and served.model = ? order by started_at desc limit 1",
        [query.prompt_hash, query.model],
    )
    return next(iter(named(found)), None)


def rungs_of(connection: sqlite3.Connection, query: RungsOf) -> list[Rung]:
    """Return in which mode each model was found."""
    found = connection.execute("select * from rungs where host = ?", [query.host])
    return [Rung(*row) for row in found]


def named(found: sqlite3.Cursor) -> list[Row]:
    """Return the rows of a cursor, each by the names of its columns."""
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
