"""Facts to one HTML page: escaped throughout, no script, nothing that is loaded."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assay.core.plural import counted
from assay.core.program import program
from assay.project.counting import saved_in
from assay.project.report.drift import SHIFTED, STABLE, previous, reading
from assay.project.report.facts import (
    ColumnFacts,
    Facts,
    Histogram,
    LedgerFacts,
    RuleFacts,
    RunFacts,
    Shares,
    plain,
)
from assay.project.report.kept import Drawings
from assay.project.report.kpis import kpis
from assay.store import Evaluation

SECTIONS = (
    ("glance", "At a glance"),
    ("figures", "Five figures"),
    ("columns", "AI columns"),
    ("cost", "Cost"),
    ("saved", "Saved"),
    ("cascades", "Cascades"),
    ("prompts", "Prompts"),
    ("gates", "Gates"),
    ("letters", "Rejected"),
    ("golden", "Golden"),
)
"""Id and short name of every section, in their order."""

MOST_LABELS = 30
MOST_ROWS = 30
MOST_STATES = 6
_MOST_DEAREST = 3
_MOST_GOLDEN = 8
_DEVELOPMENT = 2
"""How many states make one."""

_HERE = Path(__file__).parent
_THOUSAND, _MILLION = 1_000, 1_000_000


def render(facts: Facts, draw: Drawings) -> str:
    """Return the page of a run, with charts as `draw` has them."""
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    ledger, warehouse = facts.ledger, facts.warehouse
    return (
        _environment()
        .get_template("template.html.j2")
        .render(
            ledger=ledger,
            warehouse=warehouse,
            built=facts.built,
            verdict=facts.verdict,
            made_at=facts.made_at,
            outcomes=ledger.outcomes,
            columns=_drawn_columns(warehouse.columns, draw),
            charts=ledger_charts(ledger, draw),
            kpis=kpis(warehouse.measured, ledger.run.invocation_id),
            saved=_saved(ledger),
            dearest=_dearest(ledger),
            gated=_gated(warehouse.rules or ()),
            violated=sorted(
                (rule for rule in warehouse.rules or () if rule.violating),
                key=lambda rule: -rule.violating,
            ),
            sections=SECTIONS,
            most_labels=MOST_LABELS,
            most_rows=MOST_ROWS,
            most_states=MOST_STATES,
            style=Markup(style),  # noqa: S704 - our own file
            policy=policy(style),
        )
    )


def policy(style: str) -> str:
    """Return what the page may do: show itself, styled by exactly `style`."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


# Charts


def _drawn_columns(
    columns: Sequence[ColumnFacts], draw: Drawings
) -> list[tuple[ColumnFacts, list[tuple[str, Markup]]]]:
    """Columns with their charts, those with the most to show first."""
    drawn = [(column, drawings(column, draw)) for column in columns]
    return sorted(drawn, key=lambda pair: (-len(pair[1]), -_labels_of(pair[0])))


def _labels_of(column: ColumnFacts) -> int:
    return sum(len(shares.now.counts) for shares in column.shares)


def drawings(column: ColumnFacts, draw: Drawings) -> list[tuple[str, Markup]]:
    """Return the charts of an AI column with their captions."""
    drawn: list[tuple[str, Markup]] = []
    for shares in column.shares:
        if shares.now.total:
            tick = " (tick: before)" if previous(shares) else ""
            drawn.append((f"{shares.path} now{tick}", draw("shares", shares)))
        if len(shares.accepted) >= _DEVELOPMENT:
            drawn.append((f"{shares.path} over runs", draw("shares_over_runs", shares)))
    for name, spread in (("Score", column.scores), ("Confidence", column.confidence)):
        if spread:
            chart = draw("histogram", spread, f"{name} of {column.name}", name.lower())
            drawn.append((f"{name} of {spread.total:,} rows", chart))
    return drawn


def ledger_charts(ledger: LedgerFacts, draw: Drawings) -> dict[str, Any]:
    """Return the charts over runs and prompts; None where there is nothing to draw."""
    history = _told(ledger.history)
    return {
        "served": draw("served", history) if any(run.rows for run in history) else None,
        "tokens": draw("tokens", history) if any(run.input_tokens for run in history) else None,
        "cost": draw("cost", history) if any(run.cost_usd for run in history) else None,
        "latency": draw("latency", ledger.prompts) if ledger.prompts else None,
        "suites": _suites(ledger, history, draw),
        "golden": _golden(ledger, draw),
    }


def _told(history: Sequence[RunFacts]) -> list[RunFacts]:
    """Return the runs that asked or were red: what others did is as it was before them."""
    return [run for run in history if run.rows or run.requests or run.red] or list(history)


def _suites(ledger: LedgerFacts, history: Sequence[RunFacts], draw: Drawings) -> Markup | None:
    names = {run.invocation_id for run in history}
    states = [state for state in ledger.suite_history if state.invocation_id in names]
    return draw("suites", history, states) if states else None


def _golden(ledger: LedgerFacts, draw: Drawings) -> list[tuple[str, Markup]]:
    found: dict[tuple[str, str, str], list[Evaluation]] = {}
    for one in ledger.evaluations or ():
        found.setdefault((one.model_name, one.column_name, one.golden), []).append(one)
    return [
        (
            f"Accuracy of {plain(model, 40)}.{plain(column, 40)}",
            draw("golden", several, f"Accuracy of {plain(column, 40)} by prompt version"),
        )
        for (model, column, _), several in list(found.items())[:_MOST_GOLDEN]
    ]


# Sums


def _saved(ledger: LedgerFacts) -> float | None:
    """Dollars that the run saved; None where none of it has a known price."""
    return saved_in(ledger.uses).usd if ledger.uses else None


def _dearest(ledger: LedgerFacts) -> Sequence[Any]:
    paid = [one for one in ledger.prompts if one.cost_usd]
    return sorted(paid, key=lambda one: -(one.cost_usd or 0))[:_MOST_DEAREST]


def _gated(rules: Sequence[RuleFacts]) -> list[tuple[str, int, int]]:
    models = {rule.model_name: (rule.checked, rule.quarantined) for rule in rules}
    return [(name, *counts) for name, counts in models.items()]


# Words


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "count": lambda number: f"{number:,.0f}",
        "counted": counted,
        "cut": lambda text, most: plain(text)[:most],
        "drift_colour": _drift_colour,
        "edge": _edge,
        "figure": lambda number: "" if number is None else f"{number:.3f}",
        "labels": _labels,
        "moment": lambda moment: plain(moment)[:16].replace("T", " "),
        "per": lambda count, among: f"{count / among:.1f}" if among else "–",
        "plain": plain,
        "program": program,
        "reading": reading,
        "seconds": lambda number: "" if number is None else f"{number:.2f}",
        "share": lambda share: "–" if share is None else f"{share:.1%}",
        "short": _short,
        "usd": _usd,
    }
    return environment


def _drift_colour(index: float) -> str:
    if index < STABLE:
        return "green"
    return "unknown" if index <= SHIFTED else "red"


def _edge(histogram: Histogram, place: int) -> str:
    width = (histogram.high - histogram.low) / len(histogram.counts)
    return (
        f"{histogram.low + place * width:g}"
        if width >= 1
        else (f"{histogram.low + place * width:.1f}")
    )


def _labels(shares: Shares) -> list[str]:
    """Every label that is or was given, the commonest now first."""
    earlier = {label for state in shares.accepted[-MOST_STATES:] for label in state.counts}
    return [*shares.now.counts, *sorted(earlier - set(shares.now.counts))]


def _short(number: int) -> str:
    if number >= _MILLION:
        return f"{number / _MILLION:.1f} M"
    return f"{number / _THOUSAND:.1f} k" if number >= 10 * _THOUSAND else f"{number:,}"


def _usd(dollars: float) -> str:
    """Cents where they say enough; more digits for less."""
    return f"${dollars:,.2f}" if not dollars or dollars >= 1 else f"${dollars:.4f}"
