"""From the JSON objects of a run to the Markdown table of docs/performance.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Result = dict[str, Any]

_SIGNS = {"<=": "≤", ">=": "≥"}


def table(results: list[Result]) -> str:
    """Return a row for each case: every required figure with its bound, those missed in bold."""
    lines = ["| case | figures (required) | load | reached |", "|---|---|---:|---|"]
    return "\n".join([*lines, *map(_row, results)])


def read(path: Path) -> list[Result]:
    """Return the objects of a file that `--json` wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def _row(result: Result) -> str:
    figures = [_figure(result, name) for name in result.get("required", {})]
    cells = [
        f"`{result['case']}`: {result['about']}",
        "; ".join(figures) or str(result.get("error", "")).splitlines()[0],
        f"{result['load_average']['before'][0]:.1f}",
        "yes" if result["reached"] else "**no**",
    ]
    return f"| {' | '.join(cells)} |"


def _figure(result: Result, name: str) -> str:
    sign, limit = result["required"][name].split()
    shown = f"{name.replace('_', ' ')} {_number(result['measured'][name])}"
    bound = f"({_SIGNS.get(sign, sign)} {_number(float(limit))})"
    return f"{shown} {bound}" if result["met"][name] else f"**{shown}** {bound}"


def _number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
