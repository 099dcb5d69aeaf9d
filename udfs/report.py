"""What a run built, what it cost and where to look: a summary from dbt's results and the store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from udfs.census import ASSUMED_TOKENS_PER_SECOND, Plan
from udfs.store import Store


@dataclass(frozen=True, slots=True)
class Spend:
    """What one invocation sent: requests, answers, tokens and money.

    `unknown_cost` counts requests whose price or usage is not known; `maybe_paid` those that may
    have been billed although nothing usable arrived.
    """

    requests: int
    answers: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unknown_cost: int
    maybe_paid: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the rows of one invocation besides what was sent.

    `rows` were served with an outcome, `stored` texts had been answered before; `failed` counts
    asks given up by status. `usd_an_answer` is what an answer of this store has cost on average.
    """

    rows: int = 0
    stored: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    usd_an_answer: float = 0.0


def outcomes_of(store: Store, invocation_id: str) -> Outcomes:
    """Return what became of the rows of `invocation_id`."""
    served = (
        "select coalesce(sum(row_count), 0), coalesce(sum(stored), 0) from served "
        "where invocation_id = ?"
    )
    failed = (
        "select status, count(*) from failures where failed_at >= "
        "(select started_at from runs where invocation_id = ?) group by status order by 2 desc"
    )
    price = (
        "select coalesce(sum(cost_usd) / sum(answers), 0.0) from calls where cost_usd is not null"
    )
    (rows, stored), failures, (usd,) = store.transact(
        [
            lambda c: c.execute(served, [invocation_id]).fetchone(),
            lambda c: c.execute(failed, [invocation_id]).fetchall(),
            lambda c: c.execute(price).fetchone(),
        ]
    )
    return Outcomes(rows, stored, dict(failures), usd)


def spend_of(store: Store, invocation_id: str | None = None) -> Spend:
    """Return what `invocation_id` sent, from the ledger; without one, all that is in it."""
    query = (
        "select count(*), coalesce(sum(answers), 0), coalesce(sum(input_tokens), 0), "
        "coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0.0), "
        "count(*) - count(cost_usd), coalesce(sum(maybe_paid), 0) "
        "from calls where ?1 is null or invocation_id = ?1"
    )
    (row,) = store.transact([lambda c: c.execute(query, [invocation_id]).fetchone()])
    return Spend(*row)


def stopped_by(store: Store, invocation_id: str) -> tuple[str, str] | None:
    """Return what ended `invocation_id` early and the message, or None."""
    query = "select stopped_by, message from runs where invocation_id = ? and stopped_by not null"
    found: tuple[str, str] | None
    (found,) = store.transact([lambda c: c.execute(query, [invocation_id]).fetchone()])
    return found


def run_results(project: Path) -> dict[str, Any] | None:
    """Return dbt's `run_results.json`, or None where there is none."""
    path = project / "target" / "run_results.json"
    if not path.exists():
        return None
    results: dict[str, Any] = json.loads(path.read_text())
    return results


def invocation_of(results: dict[str, Any] | None) -> str:
    """Return the id of the dbt invocation that wrote `results`; blank where there is none."""
    return "" if results is None else str(results["metadata"]["invocation_id"])


def summary(results: dict[str, Any], spend: Spend, outcomes: Outcomes, database: Path) -> str:
    """Return the lines that a build prints last."""
    kinds = Counter(_kind(result) for result in results["results"])
    lines = [
        "",
        f"Built   {kinds['model']} models and {kinds['seed']} seeds in {database}"
        + _statuses(results, ("model", "seed", "snapshot"), usual="success"),
        f"Checked {kinds['test']} data tests and {kinds['unit_test']} unit tests"
        + _statuses(results, ("test", "unit_test")),
        f"Asked   {_requests(spend) or _nobody(results, outcomes)}",
        f"Cost    {_cost(spend)}",
        *_saved(spend, outcomes),
        *_failed(outcomes),
        *_look(results),
    ]
    return "\n".join(lines)


PLAN_TITLES = (
    *("model", "rows", "texts", "asks", "stored", "requests", "tokens in", "tokens out"),
    *("US dollars", "minutes"),
)


def plan_cells(plans: Mapping[str, Plan]) -> list[list[str]]:
    """Return the rows of a plan: a model each, and their total with shared asks counted once."""
    return [[name, *_plan_cells(plan)] for name, plan in plans.items()]


def plan_notes(total: Plan) -> list[str]:
    """Return what the figures of a plan do not say by themselves."""
    notes = ["An ask is one question about one text; what is stored is not asked again."]
    if total.minutes and total.latency_seconds is None:
        notes.append(
            f"Minutes assume {ASSUMED_TOKENS_PER_SECOND} tokens a second, as this model was not "
            "asked yet."
        )
    if total.cost_usd is None:
        notes.append(
            "The price of the model is not known: set `ASSAY_PRICE_INPUT_USD` and "
            "`ASSAY_PRICE_OUTPUT_USD`."
        )
    if total.at_least:
        notes.append(
            "+ is at least: calls hang on answers that are not known yet (a `where`, a `case`, a "
            "text made of an answer), counted once these are stored, or cannot be counted before."
        )
    return notes


def _plan_cells(plan: Plan) -> list[str]:
    counts = (plan.rows, plan.texts, plan.asks, plan.stored, plan.requests)
    tokens = (plan.input_tokens, plan.output_tokens)
    figures = [f"{count:,}" for count in (*counts, *tokens)]
    if plan.at_least:
        figures[len(counts) - 1] += "+"
    return [*figures, _estimate(plan.cost_usd), _minutes(plan.minutes)]


def _estimate(cost_usd: float | None) -> str:
    return "unknown" if cost_usd is None else f"{cost_usd:.4f}"


def _minutes(minutes: float | None) -> str:
    return "unknown" if minutes is None else f"{minutes:.1f}"


def _kind(result: dict[str, Any]) -> str:
    return str(result["unique_id"]).split(".", maxsplit=1)[0]


def _look(results: dict[str, Any]) -> list[str]:
    """Return a line with a table that this run has built, one of gold if there is one."""
    built = [
        ".".join(str(result["relation_name"]).replace('"', "").split(".")[1:])
        for result in results["results"]
        if _kind(result) == "model" and result["status"] == "success"
    ]
    last = max(built, key=lambda name: name.startswith("gold."), default=None)
    return [f'Look    ./scripts/assay query "from {last} limit 5"'] if last else []


def _saved(spend: Spend, outcomes: Outcomes) -> list[str]:
    """Return a line with the rows that needed no answer of their own, and what they are worth."""
    spared = max(0, outcomes.rows - spend.answers - sum(outcomes.failed.values()))
    if not spared:
        return []
    repeated = max(0, spared - outcomes.stored)
    worth = f", about {spared * outcomes.usd_an_answer:.4f} US dollars"
    return [
        f"Saved   {spared:,} of {outcomes.rows:,} values: {outcomes.stored:,} texts were in the "
        f"store, {repeated:,} values repeat another{worth if outcomes.usd_an_answer else ''}"
    ]


def _failed(outcomes: Outcomes) -> list[str]:
    if not outcomes.failed:
        return []
    counted = ", ".join(f"{count:,} {status}" for status, count in outcomes.failed.items())
    return [f"Failed  {counted}; see ./scripts/assay dead-letters list"]


def _statuses(results: dict[str, Any], kinds: tuple[str, ...], usual: str = "") -> str:
    """Return how nodes of these kinds ended, by status; blank where all did as `usual`."""
    ended = [result["status"] for result in results["results"] if _kind(result) in kinds]
    if not ended or set(ended) == {usual}:
        return ""
    counts = Counter(ended)
    return ": " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _nobody(results: dict[str, Any], outcomes: Outcomes) -> str:
    """Return why nobody was asked; that something failed is said elsewhere."""
    if any(_kind(one) == "model" and one["status"] != "success" for one in results["results"]):
        return "nobody"
    return "nobody: " + ("every answer was in the store" if outcomes.rows else "nothing was due")


def _requests(spend: Spend) -> str:
    if not spend.requests:
        return ""
    tokens = f", {spend.input_tokens:,} tokens in and {spend.output_tokens:,} out"
    packed = f" ({spend.answers / spend.requests:.1f} each: packing and fusion)"
    return (
        f"{spend.requests:,} requests for {spend.answers:,} answers"
        f"{packed if spend.answers > spend.requests else ''}"
        f"{tokens if spend.input_tokens else ''}"
    )


def _cost(spend: Spend) -> str:
    cost = f"{spend.cost_usd:.4f} US dollars"
    if spend.unknown_cost:
        cost += f", and {spend.unknown_cost} requests of unknown cost"
    if spend.maybe_paid:
        cost += f"; {spend.maybe_paid} requests may have been billed without an answer"
    return cost
