"""What a run built, what it cost and where to look: a summary from dbt's results and the store."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.engine.estimate import ASSUMED_TOKENS_PER_SECOND, Estimate
from assay.hosts.dbt.nodes import BUILT, CHECKED, Nodes, kind_of, nodes_of
from assay.hosts.dbt.project_folder import target_of
from assay.project.counting import Saved, failed_in, saved_in
from assay.project.report.arrivals import NOTHING_CAME, Arrivals, asks
from assay.project.report.facts import Concern
from assay.store import Ledger, Spend, Use, queries


def stopped_by(store: Ledger, invocation_id: str) -> tuple[str, str] | None:
    """Return what ended `invocation_id` early and the message, or None."""
    return store.read(queries.StopOf(invocation_id))


def run_results(project: Path) -> dict[str, Any] | None:
    """Return dbt's `run_results.json`, or None where there is none."""
    path = target_of(project) / "run_results.json"
    if not path.exists():
        return None
    results: dict[str, Any] = json.loads(path.read_text())
    return results


def invocation_of(results: dict[str, Any] | None) -> str:
    """Return the id of the dbt invocation that wrote `results`; blank where there is none."""
    return "" if results is None else str(results["metadata"]["invocation_id"])


def summary(
    results: dict[str, Any],
    spend: Spend,
    uses: Sequence[Use],
    database: Path,
    arrivals: Arrivals = NOTHING_CAME,
) -> list[str]:
    """Return what a build has done, a line each; what did not happen has none."""
    checked = nodes_of(results, *CHECKED)
    return [
        f"Built   {_built(results)} in {_place(results, database)}"
        + _statuses(nodes_of(results, *BUILT), usual="success"),
        *([f"Checked {_checked(results)}{_statuses(checked)}"] if checked.total else []),
        *arrivals.lines,
        f"Asked   {_requests(spend, uses) or _nobody(results, uses, arrivals.empty)}",
        *_cost(spend),
        *_saved(saved_in(uses)),
    ]


PLAN_TITLES = (
    *("model", "rows", "texts", "asks", "stored", "requests", "tokens in", "tokens out"),
    *("US dollars", "minutes"),
)


def plan_cells(plans: Mapping[str, Estimate]) -> list[list[str]]:
    """Return the rows of a plan: a model each, and their total with shared asks counted once."""
    return [[name, *_plan_cells(plan)] for name, plan in plans.items()]


def concern_line(concern: Concern) -> str:
    """Return what the terminal says of something odd about answers."""
    return f"{'Odd     ' if concern.column else ''}{concern.line}"


def redaction_notes(plans: Mapping[str, Estimate]) -> list[str]:
    """Return a line for each model of a plan that has something to redact in what it sends."""
    return [
        f"Redacted in {name}: "
        f"{', '.join(f'{count:,} {kind}' for kind, count in plan.redacted.items())}."
        for name, plan in plans.items()
        if plan.redacted and name != "total"
    ]


def plan_notes(total: Estimate) -> list[str]:
    """Return what the figures of a plan do not say by themselves."""
    notes = ["An ask is one question about one text; what is stored is not asked again."]
    if total.rechecks:
        asks = counted(total.rechecks, "answer")
        notes.append(f"{asks} that are stored have aged, and are checked again.")
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


def _plan_cells(plan: Estimate) -> list[str]:
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


def look(results: dict[str, Any], published: Collection[str] = ()) -> list[str]:
    """Return a line with a table of this run: one of `published`, or the last that asks."""
    built = [
        (".".join(str(result["relation_name"]).replace('"', "").split(".")[1:]), asks(result))
        for result in results["results"]
        if kind_of(result) == "model" and result["status"] == "success"
    ]
    golden = next((name for name, _ in built if name in published), None)
    asked = next((name for name, is_asked in reversed(built) if is_asked), None)
    shown = golden or asked or next((name for name, _ in reversed(built)), None)
    look = program(f'query "from {shown} limit 5"')
    return [f"Look    {look}"] if shown else []


def _built(results: dict[str, Any]) -> str:
    """Return what was built, by kind: of all, where there are others."""
    kinds = ("model", "seed") + (("snapshot",) if nodes_of(results, "snapshot").total else ())
    return _listed([_of(nodes_of(results, kind), kind) for kind in kinds])


def _checked(results: dict[str, Any]) -> str:
    kinds = {"test": "data test", "unit_test": "unit test"}
    return _listed([_of(nodes_of(results, kind), name) for kind, name in kinds.items()])


def _of(nodes: Nodes, thing: str) -> str:
    if nodes.done == nodes.total:
        return counted(nodes.total, thing)
    return f"{nodes.done:,} of {counted(nodes.total, thing)}"


def _listed(things: Sequence[str]) -> str:
    *first, last = things
    return f"{', '.join(first)} and {last}"


def _place(results: dict[str, Any], database: Path) -> str:
    """Return where the tables are: the file, unless they stand in another database than its."""
    names = {
        str(one["relation_name"]).split(".")[0].strip('"')
        for one in results["results"]
        if one.get("relation_name") and kind_of(one) in BUILT
    }
    if not names or database.stem in names:
        return str(database)
    return ", ".join(sorted(names))


def _saved(saved: Saved) -> list[str]:
    """Return a line with the rows that needed no answer of their own, and what they are worth."""
    if not saved.values:
        return []
    worth = "" if not saved.usd else f", about {saved.usd:.4f} US dollars"
    return [
        f"Saved   {saved.values:,} of {counted(saved.rows, 'value')}: {saved.stored:,} from the "
        f"store, {saved.repeated:,} with the text of another row{worth}"
    ]


def failed_lines(failed: Mapping[str, int]) -> list[str]:
    """Return a line about rows without an answer, by status; none where each has one."""
    if not failed:
        return []
    counts = ", ".join(f"{count:,} {status}" for status, count in failed.items())
    rows = counted(sum(failed.values()), "value")
    return [f"Failed  {rows} without an answer: {counts}; see {program('dead-letters list')}"]


def _statuses(nodes: Nodes, usual: str = "") -> str:
    """Return how nodes ended, by status; blank where all did as `usual`."""
    if not nodes.total or set(nodes.statuses) == {usual}:
        return ""
    return ": " + ", ".join(f"{count} {status}" for status, count in nodes.statuses.items())


def _nobody(results: dict[str, Any], uses: Sequence[Use], empty: Sequence[str]) -> str:
    """Return why nobody was asked; that something failed is said elsewhere."""
    if any(use.pending for use in uses):
        return "nobody at once: what is new waits for a batch"
    models = nodes_of(results, "model")
    if models.done < models.total or failed_in(uses):
        return "nobody"
    known = any(use.rows for use in uses)
    if empty and not known:
        return f"nobody: 0 rows in {', '.join(empty)}"
    return "nobody: " + ("every answer was in the store" if known else "nothing was due")


def _requests(spend: Spend, uses: Sequence[Use]) -> str:
    if not spend.requests:
        return ""
    asked = counted(spend.requests, "request")
    if not spend.answers:
        if spend.replies and any(use.pending for use in uses):
            return f"{asked}, to see whether it is served; what is new waits for a batch"
        return f"{asked}, none {'brought an answer' if spend.replies else 'was answered'}"
    cached = f" ({spend.cached_tokens:,} cached)" if spend.cached_tokens else ""
    tokens = f", {spend.input_tokens:,} tokens in{cached} and {spend.output_tokens:,} out"
    packed = f" ({spend.answers / spend.requests:.1f} each: packing and fusion)"
    return (
        f"{asked} for {counted(spend.answers, 'answer')}"
        f"{packed if spend.answers > spend.requests else ''}"
        f"{tokens if spend.input_tokens else ''}"
    )


def _cost(spend: Spend) -> list[str]:
    """Return a line with what was paid; none where nothing was, as far as is known."""
    if not (spend.cost_usd or spend.unknown_cost or spend.maybe_paid):
        return []
    cost = f"{spend.cost_usd:.4f} US dollars"
    if spend.unknown_cost:
        cost += f", and {counted(spend.unknown_cost, 'request')} of unknown cost"
    if spend.maybe_paid:
        asked = counted(spend.maybe_paid, "request")
        cost += f"; {asked} may have been billed without an answer"
    return [f"Cost    {cost}"]
