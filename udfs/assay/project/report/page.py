"""Facts to one HTML page: escaped throughout, no script, nothing that is loaded."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from assay.core.plural import counted
from assay.core.program import program
from assay.project.counting import saved_in
from assay.project.report import golden
from assay.project.report.bars import bar, interval, spark
from assay.project.report.drift import SHIFTED, STABLE, previous, reading
from assay.project.report.facts import (
    ColumnFacts,
    Concern,
    Facts,
    Histogram,
    LedgerFacts,
    RuleFacts,
    RunFacts,
    Shares,
    plain,
)
from assay.project.report.golden import golden_columns
from assay.project.report.history import durations_over, suites_over, tests_over
from assay.project.report.kept import Drawings
from assay.project.report.kpis import kpis
from assay.project.report.todo import anchor, odd_of, to_do
from assay.project.templates import templates_in

SECTIONS = (
    ("todo", "What to do"),
    ("glance", "At a glance"),
    ("figures", "Five figures"),
    ("columns", "AI columns"),
    ("golden", "Golden"),
    ("gates", "Gates"),
    ("tests", "Tests"),
    ("letters", "Rejected"),
    ("cost", "Cost"),
    ("saved", "Saved"),
    ("cascades", "Cascades"),
    ("prompts", "Prompts"),
)
"""Id and short name of every section, in their order."""

ORIGINS = (
    ("bought", "c1"),
    ("from the store", "c0"),
    ("repeated", "c2"),
    ("without an answer", "bad"),
)
"""Where answers come from, and the colour of each."""

MOST_LABELS = 30
MOST_ROWS = 30
MOST_STATES = 6
MOST_TESTS = 150
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
        templates(_names(facts))
        .get_template("template.html.j2")
        .render(
            ledger=ledger,
            warehouse=warehouse,
            built=facts.built,
            verdict=facts.verdict,
            todo=to_do(facts),
            made_at=facts.made_at,
            outcomes=ledger.outcomes,
            kpis=kpis(warehouse.measured, ledger.run.invocation_id),
            columns=_drawn_columns(warehouse.columns, facts.concerns, draw),
            golden=golden_columns(ledger.evaluations or (), facts.least)[:_MOST_GOLDEN],
            **_over_time(facts),
            saved=_saved(ledger),
            dearest=_dearest(ledger),
            gated=_gated(warehouse.rules or ()),
            violated=sorted(
                (rule for rule in warehouse.rules or () if rule.violating),
                key=lambda rule: -rule.violating,
            ),
            sections=SECTIONS,
            most_confused=golden.MOST_LABELS,
            most_labels=MOST_LABELS,
            most_rows=MOST_ROWS,
            most_states=MOST_STATES,
            most_tests=MOST_TESTS,
            style=Markup(style),  # noqa: S704 - our own file
            policy=policy(style),
        )
    )


def _over_time(facts: Facts) -> dict[str, Any]:
    """Return histories, and what their longest bars stand for."""
    seconds = [one.p95_seconds or 0.0 for one in facts.ledger.prompts]
    return {
        "tests": tests_over(facts.builds),
        "durations": durations_over(facts.builds),
        "suites": suites_over(facts.ledger.suite_history),
        "origins": ORIGINS,
        "most_asked": max((sum(_origin(run)) for run in facts.ledger.history), default=0),
        "slowest": max(seconds, default=0.0),
    }


def policy(style: str) -> str:
    """Return what the page may do: show itself, styled by exactly `style`."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


# Charts


def _drawn_columns(
    columns: Sequence[ColumnFacts], concerns: Sequence[Concern], draw: Drawings
) -> list[tuple[ColumnFacts, list[tuple[str, Markup]], list[Concern]]]:
    """Columns with their charts and what is odd about them: the worst first, then by name."""
    drawn = [(one, drawings(one, draw), odd_of(one, concerns)) for one in columns]
    return sorted(drawn, key=lambda told: (_place(told[2], concerns), told[0].table, told[0].name))


def _place(odd: Sequence[Concern], concerns: Sequence[Concern]) -> int:
    return concerns.index(odd[0]) if odd else len(concerns)


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


def _origin(run: RunFacts) -> tuple[int, ...]:
    return run.bought, run.stored, run.repeated, run.failed


# Words


def _names(facts: Facts) -> Mapping[str, str]:
    """Return what people call each prompt: the columns that it fills."""
    found: dict[str, Iterable[str]] = {}
    for column in facts.warehouse.columns:
        name = f"{column.table.rpartition('.')[2]}.{column.name}"
        found[column.prompt_hash] = [*found.get(column.prompt_hash, ()), name]
    found |= facts.built.names if facts.built else {}
    return {name: plain(", ".join(columns), 120) for name, columns in found.items()}


def templates(names: Mapping[str, str]) -> Environment:
    """Return the templates of the page; `names` are what people call each prompt."""
    environment = templates_in(_HERE)
    environment.globals |= {"anchor": anchor, "bar": bar, "interval": interval, "spark": spark}
    environment.filters |= _FILTERS | {"named": _naming(names)}
    return environment


def _naming(names: Mapping[str, str]) -> Callable[[str], str]:
    return lambda prompt: names.get(prompt) or f"prompt {plain(prompt)[:8]}, of no column now"


def _parts(run: RunFacts) -> list[tuple[int, str]]:
    return [(count, colour) for count, (_, colour) in zip(_origin(run), ORIGINS, strict=True)]


def _origin_said(run: RunFacts) -> str:
    told = zip(_origin(run), ORIGINS, strict=True)
    return ", ".join(f"{count:,} {name}" for count, (name, _) in told)


def _code(text: str, most: int) -> Markup:
    """Return a sentence of which what stands between backticks is code."""
    parts = [escape(part) for part in plain(text, most).split("`")]
    return Markup("<bdi>{}</bdi>").format(
        Markup("").join(
            Markup("<code>{}</code>").format(part) if place % 2 else part
            for place, part in enumerate(parts)
        )
    )


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


_FILTERS: dict[str, Callable[..., Any]] = {
    "count": lambda number: f"{number:,.0f}",
    "code": _code,
    "counted": counted,
    "cut": lambda text, most: plain(text)[:most],
    "drift_colour": _drift_colour,
    "edge": _edge,
    "figure": lambda number: "" if number is None else f"{number:.3f}",
    "labels": _labels,
    "moment": lambda moment: plain(moment)[:16].replace("T", " "),
    "origin": _origin_said,
    "parts": _parts,
    "per": lambda count, among: f"{count / among:.1f}" if among else "–",
    "plain": plain,
    "program": program,
    "reading": reading,
    "seconds": lambda number: "" if number is None else f"{number:.2f}",
    "share": lambda share: "–" if share is None else f"{share:.1%}",
    "short": _short,
    "usd": _usd,
}
