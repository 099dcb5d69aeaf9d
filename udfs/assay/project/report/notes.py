"""What dbt said of each build, kept beside the reports: `run_results.json` knows the last only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.nodes import CHECKED, kind_of, nodes_of
from assay.project.report.facts import Built, RunFacts, Verdict, plain
from assay.project.report.summary import invocation_of

_BEARABLE = frozenset(("success", "pass", "no-op", "warn", "skipped"))
_TOLD = frozenset(("test", "operation"))
"""Kinds of nodes of which a build says in a sentence why they are red."""

_JUDGING = "select assay_judge("
"""What the hook `assay_judge_run` compiles to: its message is ours and quotes no row."""

_MOST_BAD = 20
_MOST_TOLD = 600


def built_from(
    results: Mapping[str, Any], exit_code: int | None, told: Sequence[str] = ()
) -> Built:
    """Return what dbt's results say: names and counts; its messages may quote rows.

    `told` is what the build printed of what is red: a test of which it speaks is named no more.
    """
    bad = [result for result in results["results"] if result["status"] not in _BEARABLE]
    named = [one for one in bad if not (told and kind_of(one) in _TOLD)]
    models, tests = nodes_of(results, "model"), nodes_of(results, *CHECKED)
    return Built(
        exit_code=exit_code,
        seconds=results.get("elapsed_time"),
        models=models.done,
        all_models=models.total,
        tests=tests.done,
        all_tests=tests.total,
        statuses=tests.statuses,
        bad=[_line(result) for result in named][:_MOST_BAD],
        told=[plain(line, _MOST_TOLD) for line in told][:_MOST_BAD],
    )


def keep(folder: Path, invocation_id: str, built: Built) -> None:
    """Write down what dbt said of a build."""
    folder.mkdir(parents=True, exist_ok=True)
    _path(folder, invocation_id).write_text(json.dumps(asdict(built)), encoding="utf-8")


def known(folder: Path, invocation_id: str, results: dict[str, Any] | None) -> Built | None:
    """Return what dbt said of a run: what was kept of it, or `results` where they are its own."""
    try:
        kept = json.loads(_path(folder, invocation_id).read_text(encoding="utf-8"))
        return Built(**kept)
    except (OSError, ValueError, TypeError):
        mine = results is not None and invocation_of(results) == invocation_id
        return built_from(results, None) if mine and results is not None else None


def file_name(invocation_id: str) -> str:
    """Return the id of a run as a part of a file name, whatever it is made of."""
    return re.sub(r"[^\w-]", "_", invocation_id)[:64]


def verdict(run: RunFacts, built: Built | None, red_lines: Sequence[str] = ()) -> Verdict:
    """Return whether a run was green, and what says otherwise.

    `red_lines` says of each red expectation what was expected and what to do.
    """
    reasons = _reasons(run, built, red_lines)
    if reasons:
        return Verdict("red", reasons)
    if built is None:
        return Verdict("unknown", ["what dbt said of this run was not kept"])
    return Verdict("green", [])


def _reasons(run: RunFacts, built: Built | None, red_lines: Sequence[str]) -> list[str]:
    reasons = []
    if run.stopped_by:
        reasons.append(f"stopped ({plain(run.stopped_by, 40)}): {plain(run.message or '', 300)}")
    if run.red:
        reasons.append(f"{run.red:,} of {run.expectations:,} expectations of the gates are red")
    reasons += red_lines
    if built is not None:
        reasons += [*built.told, *built.bad]
        if built.exit_code and not reasons:
            reasons.append(
                f"the build ended with exit code {built.exit_code}; what it printed says why, "
                f"and so does {program('checks')}"
            )
    return reasons


def _line(result: Mapping[str, Any]) -> str:
    if str(result.get("compiled_code") or "").strip().startswith(_JUDGING):
        return plain(str(result["message"]).partition("error:")[2], _MOST_TOLD)  # our own words
    name = str(result["unique_id"]).split(".")[2]
    rows = f", {counted(result['failures'], 'row')}" if result.get("failures") else ""
    return plain(f"{result['status']}: {name}{rows}")


def _path(folder: Path, invocation_id: str) -> Path:
    return folder / f"built-{file_name(invocation_id)}.json"
