"""Spend by day, model, column, prompt or run, and what was served without asking.

A request that carries several prompts is shared among them in equal parts: all its records carry
all its questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from udfs.console import Row, select
from udfs.store import Store

DIMENSIONS = ("day", "model", "column", "prompt", "run")
GONE = "(not in the project)"
"""Stands for the column of a prompt that no model asks any more."""

_HASH_DIGITS = 12

_CALLS = """
    select
        substr(started_at, 1, 10) as day, invocation_id as run, model, prompt_hashes,
        count(*) as requests, sum(asks) as asks, sum(answers) as answers,
        sum(coalesce(input_tokens, 0)) as input_tokens,
        sum(coalesce(output_tokens, 0)) as output_tokens,
        sum(coalesce(cost_usd, 0.0)) as cost_usd,
        sum(case when cost_usd is not null then answers else 0 end) as priced_answers,
        sum(cost_usd is null) as unknown_cost, sum(maybe_paid) as maybe_paid
    from calls
    where {where}
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
"""
_SERVED = """
    select * from (
        select
            substr(runs.started_at, 1, 10) as day, served.invocation_id,
            served.invocation_id as run, runs.started_at, served.model, served.prompt_hash,
            served.row_count, served.stored, runs.stopped_by is not null as stopped
        from served join runs using (invocation_id)
    )
    where {where}
    order by day, run, model, prompt_hash
"""
_FAILURES = "select prompt_hash, model, count(*) as failures from failures group by 1, 2"
_TASKS = "select prompt_hash, kind from tasks"


@dataclass(frozen=True, slots=True)
class Line:
    """What was sent, got and paid under one name, and what was not sent because it was known.

    `requests` counts each request that carried the name; everything else is shared. `stored` are
    rows answered from the store, `duplicates` rows with the text of another row; `saved_usd`, an
    estimate, puts them at the mean cost of an answer; `unpriced` of them are not in it, as nothing
    is known of what theirs costs, and it is None where that is true of all.
    `unknown_cost` counts requests whose price or usage is not known, `maybe_paid` those that may
    have been billed without an answer.
    """

    name: str
    requests: int = 0
    answers: float = 0
    input_tokens: float = 0
    output_tokens: float = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    maybe_paid: int = 0
    stored: int = 0
    duplicates: int = 0
    saved_usd: float | None = 0.0
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Uses:
    """What the ledger and `served` say, grouped; `answer_usd` is by prompt hash and model."""

    calls: Sequence[Row]
    served: Sequence[Row]
    kinds: Mapping[str, str]
    answer_usd: Mapping[tuple[str, str], float]


def read_uses(store: Store, where: str, given: Mapping[str, Any]) -> Uses:
    """Return what fits a condition on `invocation_id`, `model` and `started_at`."""
    calls = select(store, _CALLS.format(where=where), given)
    every = calls if where == "true" else select(store, _CALLS.format(where="true"))
    failures = {
        (row["prompt_hash"], row["model"]): row["failures"] for row in select(store, _FAILURES)
    }
    served = select(store, _SERVED.format(where=where), given)
    asked = _asked(every)
    return Uses(
        calls=calls,
        served=[_saving(row, asked, failures) for row in served],
        kinds={row["prompt_hash"]: row["kind"] for row in select(store, _TASKS)},
        answer_usd=answer_costs(every),
    )


def answer_costs(calls: Iterable[Row]) -> dict[tuple[str, str], float]:
    """Return what an answer cost on average, by prompt hash and model, where that is known."""
    cost: dict[tuple[str, str], float] = {}
    answers: dict[tuple[str, str], float] = {}
    for row in calls:
        for prompt, share in _prompts(row):
            name = (prompt, row["model"])
            cost[name] = cost.get(name, 0.0) + row["cost_usd"] * share
            answers[name] = answers.get(name, 0.0) + row["priced_answers"] * share
    return {name: cost[name] / count for name, count in answers.items() if count}


def lines(uses: Uses, by: str, columns: Mapping[str, Sequence[str]]) -> list[Line]:
    """Return a line for each day, model, column, prompt or run; days and runs in their order."""
    names = _Names(by, columns, uses.kinds)
    found: dict[str, Line] = {}
    for row in uses.calls:
        shares = [
            (name, share) for prompt, share in _prompts(row) for name in [names(row, prompt)]
        ]
        for name in dict.fromkeys(name for name, _ in shares):
            share = sum(part for other, part in shares if other == name)
            found[name] = _with_calls(found.get(name, Line(name)), row, share)
    for row in uses.served:
        name = names(row, row["prompt_hash"])
        found[name] = _with_served(found.get(name, Line(name)), row, uses.answer_usd)
    if by in ("day", "run"):
        return list(found.values()) if by == "run" else [found[day] for day in sorted(found)]
    return sorted(found.values(), key=lambda line: (-line.cost_usd, -line.requests, line.name))


def total(uses: Uses) -> Line:
    """Return all of it in one line."""
    line = Line("total")
    for row in uses.calls:
        line = _with_calls(line, row, 1.0)
    for row in uses.served:
        line = _with_served(line, row, uses.answer_usd)
    return line


class _Names:
    """The name of the line to which a row of the ledger belongs, for one of its prompts."""

    def __init__(
        self, by: str, columns: Mapping[str, Sequence[str]], kinds: Mapping[str, str]
    ) -> None:
        self._by, self._columns, self._kinds = by, columns, kinds

    def __call__(self, row: Row, prompt: str) -> str:
        if self._by in ("day", "model", "run"):
            return str(row[self._by])
        column = " + ".join(self._columns.get(prompt, ())) or GONE
        kind = self._kinds.get(prompt, "unknown")
        if self._by == "column":
            return column if column != GONE else f"{kind} {GONE}"
        return f"{prompt[:_HASH_DIGITS]} {kind} {column}"


def _prompts(row: Row) -> Iterator[tuple[str, float]]:
    """Yield the prompts of a group of requests, each with its share."""
    prompts = row["prompt_hashes"].split(",")
    for prompt in prompts:
        yield prompt, 1 / len(prompts)


def _asked(calls: Iterable[Row]) -> dict[tuple[str, str, str], float]:
    """Return how many asks were sent, retries included, by run, prompt hash and model."""
    found: dict[tuple[str, str, str], float] = {}
    for row in calls:
        for prompt, share in _prompts(row):
            name = (row["run"], prompt, row["model"])
            found[name] = found.get(name, 0.0) + row["asks"] * share
    return found


def _saving(
    row: Row, asked: Mapping[tuple[str, str, str], float], failures: Mapping[tuple[str, str], int]
) -> Row:
    """Return a row of `served` with what was not sent; what is not sure is not counted as saved.

    Texts that were only compared (`ai_due`) served no row. Rows that failed look like duplicates,
    and in a run that was stopped rows were left out: neither saved anything.
    """
    stored = min(row["stored"], row["row_count"])
    sent = asked.get((row["run"], row["prompt_hash"], row["model"]), 0.0)
    failed = failures.get((row["prompt_hash"], row["model"]), 0)
    rest = 0 if row["stopped"] else row["row_count"] - stored - round(sent) - failed
    return row | {"stored": stored, "duplicates": max(0, rest)}


def _with_calls(line: Line, row: Row, share: float) -> Line:
    return replace(
        line,
        requests=line.requests + row["requests"],
        answers=_sum(line.answers, row["answers"] * share),
        input_tokens=_sum(line.input_tokens, row["input_tokens"] * share),
        output_tokens=_sum(line.output_tokens, row["output_tokens"] * share),
        cost_usd=line.cost_usd + row["cost_usd"] * share,
        unknown_cost=line.unknown_cost + row["unknown_cost"],
        maybe_paid=line.maybe_paid + row["maybe_paid"],
    )


def _with_served(line: Line, row: Row, answer_usd: Mapping[tuple[str, str], float]) -> Line:
    saved = row["stored"] + row["duplicates"]
    usd = answer_usd.get((row["prompt_hash"], row["model"]))
    line = replace(
        line,
        stored=line.stored + row["stored"],
        duplicates=line.duplicates + row["duplicates"],
        unpriced=line.unpriced + (saved if usd is None else 0),
    )
    if usd is not None and saved:
        return replace(line, saved_usd=(line.saved_usd or 0.0) + saved * usd)
    nothing_known = line.unpriced == line.stored + line.duplicates > 0
    return replace(line, saved_usd=None) if nothing_known else line


def _sum(one: float, other: float) -> float:
    """Return a sum of shares without the dust of binary fractions."""
    return round(one + other, 6)
