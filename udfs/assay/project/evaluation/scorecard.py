"""The scorecard of an evaluation: its figures as lines to read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.plural import counted

Figures = dict[str, Any]


def table(figures: Figures) -> str:
    """Return the figures as lines to read; what is unknown is called so."""
    lines = [(name, text) for name, text in _lines(figures) if text is not None]
    width = max(len(name) for name, _ in lines)
    slices = [f"  {name}: {_slice(part)}" for name, part in figures["by"].items()]
    return "\n".join([*(f"{name:<{width}}  {text}" for name, text in lines), *slices])


def _lines(figures: Figures) -> list[tuple[str, str | None]]:
    return [
        ("Task", f"{figures['task']} by {figures['model']}, {_count(figures, 'examples')}"),
        ("Rows", f"{figures['rows']:,} measured, {figures['unlabelled']:,} without gold left out"),
        ("Answered", f"{_percent(figures['answered_share'])} ({_statuses(figures['statuses'])})"),
        ("Accuracy", _with_interval(figures, "accuracy")),
        ("  to beat", _to_beat(figures)),
        ("  among judged", _judged(figures)),
        ("Macro F1", _with_interval(figures, "macro_f1")),
        ("Mean error", _with_interval(figures, "mean_absolute_error")),
        ("Micro F1", _with_interval(figures, "micro_f1")),
        ("  precision", _given(figures, "precision")),
        ("  recall", _given(figures, "recall")),
        ("Out of scope", _scope(figures["out_of_scope"])),
        ("Confidence", f"{_figure(figures['mean_confidence'])} in the mean"),
        ("  error (ECE)", _figure(figures["calibration_error"])),
        ("From the store", f"{figures['from_store']:,} rows"),
        ("Asked now", _asked(figures)),
        ("Requests", f"{figures['requests']:,}"),
        ("Tokens", f"{_tokens(figures, 'input')} in, {_tokens(figures, 'output')} out"),
        ("Cost", _cost(figures)),
    ]


def _slice(part: Figures) -> str:
    shown = f"{counted(part['rows'], 'row')}, accuracy {_with_interval(part, 'accuracy')}"
    if part.get("unknown"):
        judged = _figure(part["accuracy_judged"])
        shown += f", unknown {_percent(part['unknown_share'])}, among judged {judged}"
    if "micro_f1" in part:
        shown += f", micro F1 {_with_interval(part, 'micro_f1')}"
    return shown


def _with_interval(figures: Figures, name: str) -> str | None:
    if name not in figures:
        return None
    interval = figures[f"{name}_interval"]
    ends = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
    return f"{_figure(figures[name])}{ends}"


def _to_beat(figures: Figures) -> str | None:
    if "commonest_share" not in figures:
        return None
    return f"{_figure(figures['commonest_share'])}, by always saying the commonest gold label"


def _judged(figures: Figures) -> str | None:
    if not figures.get("unknown"):
        return None
    share = _percent(figures["unknown_share"])
    return f"{_with_interval(figures, 'accuracy_judged')}; {share} unknown"


def _scope(scope: Figures | None) -> str | None:
    if scope is None:
        return None
    recall, precision = _figure(scope["recall"]), _figure(scope["precision"])
    return f"recall {recall}, precision {precision} ({scope['rows']:,} rows {scope['label']!r})"


def _asked(figures: Figures) -> str:
    if not figures["asked"]:
        return "nothing: every answer was in the store"
    speed = f"{figures['texts_per_second']:,.0f} a second"
    return f"{figures['asked']:,} texts in {figures['seconds']:.2f} seconds, {speed}"


def _cost(figures: Figures) -> str:
    if figures["cost_usd"] is not None:
        return f"{figures['cost_usd']:.4f} US dollars"
    requests = counted(figures["requests_of_unknown_cost"], "request")
    return f"unknown for {requests}; {figures['known_cost_usd']:.4f} US dollars known"


def _tokens(figures: Figures, way: str) -> str:
    tokens = figures[f"{way}_tokens"]
    return "unknown" if tokens is None else f"{tokens:,}"


def _statuses(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{status} {count:,}" for status, count in sorted(statuses.items()))


def _count(figures: Figures, name: str) -> str:
    return f"{figures[name]:,} {name}" if figures[name] else f"no {name}"


def _given(figures: Figures, name: str) -> str | None:
    return _figure(figures[name]) if name in figures else None


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"
