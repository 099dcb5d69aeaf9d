"""`scripts/bench`: run cases and print one JSON object for each."""

from __future__ import annotations

import datetime
import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark import table
from benchmark.cases import CASES
from benchmark.finding import Case

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _about(case: Case) -> str:
    function = case.func if isinstance(case, partial) else case
    return str(function.__doc__).splitlines()[0]


def _show_cases(wanted: bool) -> None:
    if wanted:
        for name, case in CASES.items():
            typer.echo(f"{name:14} {_about(case)}")
        raise typer.Exit


def _show_table(file: Path | None) -> None:
    if file is not None:
        typer.echo(table.table(table.read(file)))
        raise typer.Exit


@app.command()
def run(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="All unless named.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the objects to this file.")
    ] = None,
    show: Annotated[
        bool, typer.Option("--list", callback=_show_cases, is_eager=True, help="List the cases.")
    ] = False,
    as_table: Annotated[
        Path | None,
        typer.Option("--table", callback=_show_table, help="Print such a file as Markdown."),
    ] = None,
) -> None:
    """Measure Assay against a stub server on this machine; exit 1 when a figure is not reached."""
    wanted = cases or list(CASES)
    if unknown := [name for name in wanted if name not in CASES]:
        message = f"no case {unknown[0]!r}; there are {', '.join(CASES)}"
        raise typer.BadParameter(message)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results = []
    for name in wanted:
        results.append(measured(name))
        typer.echo(json.dumps(results[-1]))
        if as_json is not None:
            as_json.write_text("".join(f"{json.dumps(result)}\n" for result in results))
    sys.exit(0 if all(result["reached"] for result in results) else 1)


def measured(name: str) -> dict[str, Any]:
    """Run a case and return it as one JSON object; a case that breaks is one that is not met."""
    before, begun = os.getloadavg(), time.monotonic()
    found: dict[str, Any]
    try:
        finding = CASES[name]()
    except Exception as error:  # noqa: BLE001 - the other cases are still to be measured
        found = {"reached": False, "error": f"{type(error).__name__}: {error}"}
    else:
        met = finding.met()
        found = {
            "reached": all(met.values()),
            "measured": dict(finding.measured),
            "required": {figure: str(bound) for figure, bound in finding.required.items()},
            "met": met,
        }
    return {
        "case": name,
        "about": _about(CASES[name]),
        "measured_at": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M}",
        "seconds": round(time.monotonic() - begun, 1),
        "cores": os.cpu_count(),
        "load_average": {"before": before, "after": os.getloadavg()},
        **found,
    }


if __name__ == "__main__":
    app(prog_name="bench")
